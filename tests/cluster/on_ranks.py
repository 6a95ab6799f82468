"""What tests let ranks do."""

from __future__ import annotations

import ctypes
import os
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

import snnlab
from snnlab import presets
from snnlab.arrays import rewiring_arrays
from snnlab.batch.peak import forget_peak, peak_rss_bytes
from snnlab.build import growing
from snnlab.cluster import share
from snnlab.cluster.mpi import world
from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cpu.built import build
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.exchange_bytes import exchange_bytes
from snnlab.cuda import work
from snnlab.dry_run.rank import held_bytes
from snnlab.errors import SpecError
from snnlab.model.network import Network
from tests.host_device.host_device import HostDevice
from tests.networks import balanced, distant

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
        n_senders = exchange.list_start.size - 1
        return held_bytes(engine._built) | lists, exchange.list_slot.size, n_senders


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


def words_of_a_burst() -> tuple[int, int]:
    """Words of each rank in a collective exchange when all have fired, and long after."""
    network = _bursting()
    with closing(MpiWorld(world())) as all_ranks:
        engine = CpuEngine(network, threads=1, world=all_ranks, exchange="collective")
        engine.advance(30)
        first = int(engine._built.exchange.size[0])
        engine.advance(15 * 64 * 6)
        return first, int(engine._built.exchange.size[0])


def _bursting() -> Network:
    """A network of which a population fires at once and then nobody."""
    quiet = balanced(600).replace(stimuli=[])
    exc, inh = quiet.populations
    return quiet.replace(populations=[replace(exc, initial={"V_m": 50.0}), inh])


def building_peak(preset: str, options: dict[str, Any]) -> int:
    """By how much the memory of this rank grows at most while it builds its share."""
    network = presets.load(preset, **options)
    with closing(MpiWorld(world())) as all_ranks:
        small = presets.load(preset, **options | {"K_scaling": 0.05})
        build(small, threads=1, precision="float32", world=all_ranks)  # compiles
        _give_free_memory_back()
        forget_peak()
        before = psutil.Process().memory_info().rss
        build(network, threads=1, precision="float32", world=all_ranks)
        return peak_rss_bytes() - before


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
    """Return what the C library keeps of memory that was freed: it would be taken unseen."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
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
