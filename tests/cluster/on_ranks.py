"""What tests let ranks do."""

from __future__ import annotations

import ctypes
import os
import time
import tracemalloc
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil
from numpy.typing import NDArray

import snnlab
from snnlab import presets
from snnlab.arrays import rewiring_arrays
from snnlab.batch.peak import forget_peak, peak_rss_bytes
from snnlab.build import growing
from snnlab.build.layout import BLOCK
from snnlab.cluster import share
from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cpu import built as cpu_built
from snnlab.cpu.built import build
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.exchange_bytes import exchange_bytes
from snnlab.cpu.ranks import link
from snnlab.cuda import work
from snnlab.dry_run.rank import held_bytes
from snnlab.errors import SpecError
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice
from tests.networks import balanced, distant, thin

_MMAP_THRESHOLD = -3
"""Of glibc's ``mallopt``: bytes from which on memory is taken from the system, and returned."""

IMPORTED: list[str] = []
"""What `slow_to_import` has noted."""


def nothing() -> None:
    """Return at once."""


def who() -> tuple[int, int, int]:
    """Rank, size and process."""
    return world().rank, world().size, os.getpid()


def total(value: float) -> float:
    """Sum over ranks, which all must reach."""
    return float(world().allreduce(value))


def total_after(seconds: float) -> float:
    """Meet the others after a while."""
    sleep(seconds)
    return total(1.0)


def array(n: int) -> NDArray[np.float64]:
    """Return `n` numbers that only this rank returns."""
    return np.full(n, float(world().rank))


def package() -> str:
    """Return which snnlab this rank has imported."""
    return str(Path(snnlab.__file__))


def environment(name: str) -> str | None:
    """Return a variable of the environment of this rank."""
    return os.environ.get(name)


def fail(number: int) -> str:
    """Raise Python's own error on one rank."""
    if world().rank == number:
        raise ZeroDivisionError("of all things")
    return "fine"


def refuse(number: int) -> str:
    """Raise an error of snnlab's on one rank."""
    if world().rank == number:
        raise SpecError("rate", "must be > 0 Hz", got="-1 Hz", remedy="Write a larger one.")
    return "fine"


def sleep(seconds: float) -> str:
    """Take time outside any collective."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.01)
    return "slept"


def fail_before_the_others_meet(number: int) -> float:
    """Raise an error on one rank while the others wait for it."""
    fail(number)
    return total(1.0)


def die(number: int) -> float:
    """End the process of one rank while the others wait for it."""
    if world().rank == number:
        os._exit(3)
    return total(1.0)


def held(preset: str, options: dict[str, Any]) -> tuple[dict[str, int], int, int]:
    """Bytes that this rank of a running network holds, images, and neighbours that send."""
    network = presets.load(preset, **options)
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(network, threads=1, world=all_ranks, exchange="point_to_point")
        engine.advance(20)
        exchange = engine._built.exchange
        lists = {"exchange lists": exchange_bytes(exchange)["exchange lists"]}
        images = _n_images(engine)
        return held_bytes(engine._built) | lists, images, exchange.senders.size


def _n_images(engine: CpuEngine) -> int:
    """Neurons of other ranks that have synapses onto those of this one."""
    built = engine._built
    is_used = np.zeros(built.layout.n_blocks * BLOCK, np.bool_)
    for k, plan in enumerate(built.connections.plans):
        start, stop = built.connections.rows(k)
        is_used[built.layout.slots(plan.source)] |= (stop > start).any(axis=0)
    first, stop_block = built.partitions.bounds[[0, -1]] * BLOCK
    is_used[first:stop_block] = False
    return int(is_used.sum())


def taken_by_exchange(
    preset: str, options: dict[str, Any], exchange: str
) -> tuple[dict[str, int], int]:
    """Bytes that exchanging spikes takes on this rank when a network is built, and the whole."""
    network = presets.load(preset, **options)
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(network, threads=1, world=all_ranks, exchange=exchange)
        return exchange_bytes(engine._built.exchange), engine.report.n_bytes


def words_of_one_burst() -> tuple[int, int, int, int]:
    """Words of each rank in a collective exchange in which most fire.

    And the most spikes of a rank in an exchange, for which places, with how many bits of a step.
    """
    network = _bursting()
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(network, threads=1, world=all_ranks, exchange="collective")
        exchange, chunk = engine._built.exchange, engine._built.sizes.chunk_steps
        n_most = max(
            all_ranks.total(_at(all_ranks, engine.advance(chunk).n_spikes)).max() for _ in range(2)
        )
        # One exchange more, so that the last spikes have been sent.
        engine.advance(1)
        exchange = engine._built.exchange
        n_places = int(np.diff(exchange.first_slot).max())
        return int(exchange.size[0]), int(n_most), n_places, exchange.step_bits


def _at(all_ranks: MpiWorld, n: int) -> NDArray[np.int64]:
    counts = np.zeros(all_ranks.n_ranks, np.int64)
    counts[all_ranks.rank] = n
    return counts


class Buffers(NamedTuple):
    """What a rank has for messages.

    Parameters
    ----------
    agreed : int
        Words that ranks have agreed on, sent and received.
    words : int
        Words there is memory for.
    """

    agreed: int
    words: int


def buffers_of_a_burst(exchange: str) -> tuple[Buffers, Buffers, Buffers]:
    """What there is for messages at first, when most have fired at once, and long after."""
    network = _bursting()
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(network, threads=1, world=all_ranks, exchange=exchange)
        found = [_buffers(engine)]
        for n_steps in (30, 15 * 64 * 9):
            engine.advance(n_steps)
            found.append(_buffers(engine))
        return found[0], found[1], found[2]


def _buffers(engine: CpuEngine) -> Buffers:
    exchange = engine._built.exchange
    agreed = int(exchange.size[0] * (1 + exchange.n_ranks) if exchange.all_send.size else 0)
    agreed += int(exchange.in_room.sum() + exchange.out_room.sum())
    words = sum(
        each.size
        for each in (
            exchange.all_send, exchange.all_receive, exchange.some_send, exchange.some_receive
        )
    )  # fmt: skip
    return Buffers(agreed, words)


def _bursting() -> Network:
    """A network of which a population fires at once and then nobody."""
    quiet = balanced(600).replace(stimuli=[])
    exc, inh = quiet.populations
    return quiet.replace(populations=[replace(exc, initial={"V_m": 50.0}), inh])


class Peak(NamedTuple):
    """By how much the memory of a rank grows at most.

    Parameters
    ----------
    building : int
        While it builds its share, and learns who wants whose spikes.
    linking : int
        Bytes of arrays that the latter takes at most.
    told : int
        What it was said to be for both before anything was allocated.
    """

    building: int
    linking: int
    told: int


def made(preset: str, options: dict[str, Any]) -> Network:
    """Return a preset, or the network of tests that is called ``"thin"``."""
    return thin(**options) if preset == "thin" else presets.load(preset, **options)


def building_peak(
    preset: str, small: dict[str, Any], options: dict[str, Any], exchange: str = "auto"
) -> Peak:
    """By how much the memory of this rank grows at most while a network is built.

    A small one is built before, so that all is compiled.
    """
    with closing(MpiWorld(world())) as all_ranks:
        _built_and_linked(made(preset, small), all_ranks, exchange)
        network = made(preset, options)
        told: list[int] = []
        honest = cpu_built.check_fits
        cpu_built.check_fits = lambda n, *rest: told.append(n) or honest(n, *rest)  # type: ignore[func-returns-value]
        try:
            _give_free_memory_back()
            before = psutil.Process().memory_info().rss
            peak, linking = _built_and_linked(network, all_ranks, exchange)
        finally:
            cpu_built.check_fits = honest
        return Peak(peak - before, linking, told[0])


def _built_and_linked(network: Network, all_ranks: MpiWorld, exchange: str) -> tuple[int, int]:
    """Return the peak of memory, and the bytes of arrays that linking takes at most."""
    forget_peak()
    built, _ = build(network, threads=1, precision="float32", world=all_ranks, exchange=exchange)
    tracemalloc.start()  # what was free before hides growth of the process, but not arrays
    try:
        link(all_ranks, network, exchange, built.layout, built.connections, built.sizes.chunk_steps)
        linking = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak_rss_bytes(), linking


def exported_bytes() -> int:
    """Return the bytes of the state of a network that this rank holds when it has been gathered."""
    engine = next(reversed(share._ENGINES.values()))
    return sum(array.nbytes for array in engine.checkpoint_on_first().arrays.values())


def compute_on_the_host(resident: int = 2) -> None:
    """Let engines that are made next for a GPU have a device of the host, with its sources."""
    device = partial(HostDevice, resident=resident)
    share.gpu = lambda name: device(seed=int(name[-1]))  # type: ignore[attr-defined]


def keep_short_records(entries: int) -> int:
    """Let records on devices have so few entries at least; return how many it were."""
    before, work._RECORD_ENTRIES = work._RECORD_ENTRIES, entries
    return before


def room_of_records() -> tuple[int, int]:
    """Return for how many spikes the newest record had room at first, and has now."""
    engine: Any = next(reversed(share._ENGINES.values()))
    built = engine._arrays
    first = work.record_capacity(
        built.network, built.layout, built.partitions, built.sizes.chunk_steps
    )
    return first, engine._network.capacity


def _give_free_memory_back() -> None:
    """Return what the C library keeps of memory that was freed: it would be taken unseen.

    From here on it keeps no array that is freed: how many it does depends on what was freed before.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.mallopt(_MMAP_THRESHOLD, 2**16)
        library.malloc_trim(0)


def leave_room(synapses: int, events: int) -> tuple[int, int]:
    """Let networks that are built next have so much room in rows and lists; return what it was."""
    before = growing._ROOM, rewiring_arrays._EVENTS
    growing._ROOM, rewiring_arrays._EVENTS = synapses, events
    return before


def n_places() -> int:
    """Return for how many synapses the rows of all networks here have room."""
    return sum(engine._arrays.connections.targets.size for engine in share._ENGINES.values())


def forms() -> tuple[int, int, int, int]:
    """Neighbours whose neurons are listed here, and marked; those that list own ones, and mark."""
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(distant(), threads=1, world=all_ranks, exchange="point_to_point")
        exchange = engine._built.exchange
        n_listed = int(np.count_nonzero(np.diff(exchange.list_start)))
        n_marking = exchange.marked.size
        return (
            n_listed, exchange.senders.size - n_listed,
            exchange.receivers.size - n_marking, n_marking,
        )  # fmt: skip
