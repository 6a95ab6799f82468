"""What ranks do for tests of what MPI gets: memory of the device, or copies on the host."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from snnlab import presets
from snnlab.cluster import share
from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cpu.exchange import CALLS
from snnlab.cuda import built
from snnlab.cuda.device import Array
from snnlab.cuda.device_transport import DeviceTransport
from snnlab.cuda.engine import CudaEngine
from snnlab.cuda.transport import HostTransport
from tests.host_device.host_device import HostArray, HostDevice

USUAL = {"calls": MpiWorld.calls, "refuses_gpus": MpiWorld.refuses_gpus}
EXCHANGES = {kind: kind.exchange for kind in (DeviceTransport, HostTransport)}


class CountingDevice(HostDevice):
    """Counts the bytes that go from the host to it and back; all arrays are kept to be found."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.n_moved = 0
        self.kept: list[HostArray] = []

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> HostArray:
        array = super().empty(shape, dtype)
        self.kept.append(array)
        return array

    def download(self, array: Array, first: int = 0, n: int | None = None) -> NDArray[Any]:
        found = super().download(array, first, n)
        self.n_moved += found.nbytes
        return found

    def write(self, array: Array, values: NDArray[Any], first: int | None = None) -> None:
        self.n_moved += values.nbytes
        super().write(array, values, first)

    def holds(self, address: int) -> bool:
        """Whether an address lies on the device."""
        return any(a.address <= address < a.address + max(a.nbytes, 1) for a in self.kept)


class Watched(NamedTuple):
    """What a rank has seen.

    Parameters
    ----------
    on_device, elsewhere : int
        Times that MPI was handed memory of the device, and other memory.
    n_words : int
        Words that it was handed.
    moved : list of int
        Bytes between host and device in each exchange.
    arrived : list of int
        Entries that came in each.
    """

    on_device: int
    elsewhere: int
    n_words: int
    moved: list[int]
    arrived: list[int]


def take_gpus(refusing: int = -1) -> None:
    """Let MPI be taken for one that takes memory of GPUs, which here is the host's.

    Parameters
    ----------
    refusing : int
        A rank on which it does not.
    """
    answer = "it is this one" if world().rank == refusing else ""
    MpiWorld.refuses_gpus = lambda self: answer  # type: ignore[method-assign]


def be_as_usual() -> None:
    """Undo what functions of this module did."""
    for name, function in USUAL.items():
        setattr(MpiWorld, name, function)
    for kind, function in EXCHANGES.items():
        kind.exchange = function  # type: ignore[method-assign]


def watch(library: str) -> None:
    """Look at what engines that are made next hand to MPI.

    Parameters
    ----------
    library : str
        Path of the compiled ``spy.c``.
    """
    share.gpu = lambda name: CountingDevice(seed=int(name[-1]), resident=2)  # type: ignore[attr-defined]
    spy = ctypes.CDLL(library)

    def calls(self: MpiWorld) -> NDArray[np.int64]:
        found = USUAL["calls"](self).copy()  # type: ignore[operator]
        for k, name in enumerate(CALLS):
            if hasattr(spy, f"spy_{name}"):
                ctypes.c_void_p.in_dll(spy, f"spy_real_{name}").value = int(found[k])
                found[k] = ctypes.cast(getattr(spy, f"spy_{name}"), ctypes.c_void_p).value
        return found

    MpiWorld.calls = calls  # type: ignore[method-assign]
    for kind, function in EXCHANGES.items():
        kind.exchange = _counting(function)  # type: ignore[method-assign, assignment]


MOVED: list[int] = []
ARRIVED: list[int] = []


def _counting(exchange: Callable[..., int]) -> Callable[..., int]:
    """The same exchange, whose bytes between host and device are counted."""

    def counted(self: Any, network: Any, *args: Any) -> int:
        before = network._device.n_moved
        n = exchange(self, network, *args)
        MOVED.append(network._device.n_moved - before)
        ARRIVED.append(n)
        return n

    return counted


def seen(library: str, since: int = 0) -> Watched:
    """Return what the newest engine has handed to MPI; calls and exchanges before are left out."""
    engine: Any = next(reversed(share._ENGINES.values()))
    assert isinstance(engine, CudaEngine)
    device: Any = engine._device
    spy = ctypes.CDLL(library)
    spy.spy_memory.restype = ctypes.c_void_p
    calls = range(since, spy.spy_n_calls())
    is_on_device = [device.holds(spy.spy_memory(k) or 0) for k in calls]
    found = Watched(
        sum(is_on_device), len(calls) - sum(is_on_device), sum(map(spy.spy_words, calls)),
        MOVED.copy(), ARRIVED.copy(),
    )  # fmt: skip
    MOVED.clear()
    ARRIVED.clear()
    return found


def n_calls(library: str) -> int:
    """Return how many calls have been noted in this process."""
    return int(ctypes.CDLL(library).spy_n_calls())


class PeakDevice(HostDevice):
    """Notes the most memory that was taken at a time."""

    peak = 0

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> HostArray:
        array = super().empty(shape, dtype)
        self.peak = max(self.peak, self.memory_limit - self.free_bytes())
        return array


class Taken(NamedTuple):
    """What a rank has taken on its device.

    Parameters
    ----------
    told, peak : int
        Bytes that it was said to need before anything was allocated, and has taken at most.
    reported, held : int
        Bytes that the network takes as it says itself, and that it takes, once it is built.
    parts : dict
        What is held -> bytes; synapses and their plasticity are one.
    has_grown : bool
        Whether the record had to become longer.
    """

    told: int
    peak: int
    reported: int
    held: int
    parts: dict[str, int]
    has_grown: bool


def taken(preset: str, options: dict[str, Any], transport: str) -> Taken:
    """Build this rank's share of a preset on a device, advance it, and tell what it has taken."""
    told: list[int] = []
    honest = built.check_fits
    built.check_fits = lambda n, *rest: told.append(n) or honest(n, *rest)  # type: ignore[func-returns-value]
    device = PeakDevice(resident=2)
    try:
        with closing(MpiWorld(world())) as all_ranks:
            engine: Any = CudaEngine(
                presets.load(preset, **options), device, world=all_ranks, transport=transport
            )
            peak, first = device.peak, engine._network.capacity
            held = device.memory_limit - device.free_bytes()
            engine.advance(60)
            parts = _parts(engine)
            reported = engine.report.n_bytes
            return Taken(told[0], peak, reported, held, parts, engine._network.capacity != first)
    finally:
        built.check_fits = honest


def _parts(engine: Any) -> dict[str, int]:
    """Bytes of what an engine holds on its device."""
    drawn, structs, held = engine._arrays.drawn, engine._network._structs, engine._network.held
    pools = drawn.targets, drawn.packed, drawn.wide
    plastic = [a for a in structs["plastic"] if hasattr(a, "nbytes")]
    record = held.spike_slot, held.spike_start, held.spike_steps
    starts = drawn.row_start, drawn.segment_ends, *(bits for bits in drawn.row_bits if bits)
    parts = {
        "synapses": (*pools, *plastic), "row starts": starts,
        "neurons": (held.state,), "input under way": (held.ring,), "record of spikes": record,
    }  # fmt: skip
    found = {name: sum(int(a.nbytes) for a in arrays) for name, arrays in parts.items()}
    exchange = engine._exchange
    return found | ({"exchange": exchange.nbytes} if exchange.name == "device" else {})
