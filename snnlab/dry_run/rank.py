"""What one rank of many would hold: built here, without the others.

Every rank draws its synapses without a message, so one of them can be built alone, on a laptop too.
It says what a job would need before the job is queued.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import psutil

from snnlab.arrays.carry import take_over
from snnlab.arrays.world import ALONE
from snnlab.batch.peak import forget_peak, peak_rss_bytes
from snnlab.build.expected import expected_total
from snnlab.build.layout import BLOCK, Layout, shares
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.built import CpuBuilt, build
from snnlab.cpu.exchange_bytes import expected_exchange
from snnlab.cpu.peak import link_bytes, peak_bytes
from snnlab.cpu.shares import delivery_costs, partitions_of
from snnlab.cpu.warm import announced, compile_builder
from snnlab.cpu.wishes import are_marked, counts, heard_by_all, of_ranks, wanted_marks
from snnlab.dry_run.which import check_rank
from snnlab.errors import InternalError
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DryRun", "dry_run", "held_bytes", "predicted_bytes"]


@dataclass(frozen=True)
class DryRun:
    """What one rank holds and what it took to build that.

    Parameters
    ----------
    ranks, rank, threads : int
        Ranks in all, the one that was built, and its threads.
    n_neurons, n_synapses : int
        Of the whole network; of synapses the mean number.
    own_neurons, own_synapses : int
        Of this rank.
    images : int
        Neurons of other ranks that have synapses onto those of this one.
    senders : int
        Ranks to which they belong.
    bytes : dict
        Name of what is held -> bytes.
    estimated_bytes : int
        Peak that was predicted before anything was drawn.
    peak_bytes : int
        By how much the memory of the process grew at most while building, or would have grown
        while ranks find out who wants whose spikes, which is worked out.
    plan_s, build_s : float [s]
        Describing what is to be drawn; drawing it and giving neurons their start values.
    steps : int
        Time steps between two exchanges.
    construction_bytes : dict
        Way to exchange spikes -> bytes that this rank sends to others while building.
    exchange_bytes : dict
        Way to exchange spikes -> bytes that reach this rank in an exchange, at `rate`.
    rate : float [Hz]
        Mean rate of all neurons that is assumed for it.
    """

    ranks: int
    rank: int
    threads: int
    n_neurons: int
    n_synapses: float
    own_neurons: int
    own_synapses: int
    images: int
    senders: int
    bytes: dict[str, int]
    estimated_bytes: int
    peak_bytes: int
    plan_s: float
    build_s: float
    steps: int
    construction_bytes: dict[str, int]
    exchange_bytes: dict[str, float]
    rate: float

    @property
    def held_bytes(self) -> int:
        """Bytes that the rank holds when it is built."""
        return sum(self.bytes.values())


def dry_run(
    network: Network, *, ranks: int, rank: int = 0, threads: int = 1, precision: str = "float32",
    rate: float = 10.0,
) -> DryRun:  # fmt: skip
    """Build what one of many ranks would hold.

    Parameters
    ----------
    network : Network
    ranks, rank : int
        Number of ranks, and which of them is built.
    threads : int
        Threads of a rank.
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.
    rate : float [Hz]
        Mean rate that is assumed where spikes are counted.

    Raises
    ------
    SpecError
        No such rank.
    OutOfMemory
        What the rank would hold does not fit into the memory of this machine.
    """
    check_rank(ranks, rank)
    with announced():
        compile_builder()
    forget_peak()
    before, began = psutil.Process().memory_info().rss, time.perf_counter()
    estimated = predicted_bytes(network, ranks, rank, threads)
    planned = time.perf_counter()
    world = _OneOf(rank, ranks) if ranks > 1 else ALONE
    built, report = build(network, threads=threads, precision=precision, world=world)
    drawn = time.perf_counter()
    take_over(built, {}, 0)
    build_s = report.build_s + time.perf_counter() - drawn
    grown, peak = psutil.Process().memory_info().rss - before, peak_rss_bytes() - before
    first_slot = shares(built.layout, ranks, delivery_costs(network)) * BLOCK
    own = slice(*first_slot[rank : rank + 2].tolist())
    marks = wanted_marks(built.layout, built.connections, heard_by_all(network), own)
    images = counts(of_ranks(marks, first_slot))
    linking = _link_bytes(network, built, ranks)
    told = np.minimum(4 * images, np.diff(first_slot) // 8)
    return DryRun(
        ranks=ranks, rank=rank, threads=threads,
        n_neurons=network.n_neurons, n_synapses=expected_total(network),
        own_neurons=_own_neurons(built), own_synapses=built.connections.n_synapses,
        images=int(images.sum()), senders=int(np.count_nonzero(images)),
        bytes=held_bytes(built) | _exchange_held(network, built, ranks, rate),
        estimated_bytes=estimated, peak_bytes=max(peak, grown + linking),
        plan_s=planned - began, build_s=build_s, steps=built.sizes.chunk_steps,
        # Point to point, every rank asks every other for the neurons that it wants.
        construction_bytes={"collective": 0, "point_to_point": 8 * ranks + int(told.sum())},
        exchange_bytes=_exchange_bytes(network, built, first_slot, images, rate), rate=rate,
    )  # fmt: skip


@dataclass(frozen=True)
class _OneOf:
    """A rank that has nobody to talk to, and does not need to: what is built needs no message."""

    rank: int
    n_ranks: int

    def gathered(self, part: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        _refuse()

    def on_first(self) -> _OneOf:
        _refuse()

    def total(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        _refuse()

    def before(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        _refuse()

    def any(self, flag: bool) -> bool:
        return flag

    def meet(self) -> None:
        """Nobody is waited for."""

    def swapped(self, parts: list[NDArray[np.int32]]) -> list[NDArray[np.int32]]:
        _refuse()

    def calls(self) -> NDArray[np.int64]:
        _refuse()

    def refuses_gpus(self) -> str:
        _refuse()


def _refuse() -> NoReturn:
    raise InternalError(
        "dry_run", "must be built without a message to other ranks", got="a network that needs one",
        remedy="Run it on real ranks: mpiexec -n 2 snnlab run ...",
    )  # fmt: skip


def predicted_bytes(network: Network, ranks: int, rank: int, threads: int = 1) -> int:
    """Return by how much the memory of a rank will grow at most while it is built.

    Parameters
    ----------
    network : Network
    ranks, rank : int
        Number of ranks, and which of them.
    threads : int
        Threads of the rank.
    """
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    partitions = partitions_of(network, layout, threads, rank, ranks)
    return peak_bytes(network, plans, layout, partitions, ranks)


def _link_bytes(network: Network, built: CpuBuilt, ranks: int) -> int:
    """Most bytes beside what was built, while ranks find out who wants whose spikes."""
    if ranks == 1:
        return 0
    plans = built.connections.plans
    return link_bytes(network, plans, built.layout, built.partitions, ranks)


def _own_neurons(built: CpuBuilt) -> int:
    first, stop = built.partitions.bounds[[0, -1]]
    return int(built.layout.block_size[first:stop].sum())


def held_bytes(built: CpuBuilt) -> dict[str, int]:
    """Return how many bytes of what a rank holds, beside what exchanging spikes takes."""
    synapses, memory = built.synapses, built.memory
    pools = synapses.targets.nbytes + synapses.packed.nbytes + synapses.wide.nbytes
    starts = synapses.row_start.nbytes + synapses.short_first.nbytes + synapses.short_offset.nbytes
    return {
        "synapses": pools + built.plastic.state.nbytes,
        "row starts": starts + _nbytes(built.plastic) - built.plastic.state.nbytes,
        "delays of rows": synapses.segment_ends.nbytes,
        "neurons": memory.state.nbytes + memory.params.nbytes,
        "input under way": memory.ring.nbytes + memory.near.nbytes,
        "spike lists": memory.spike_slot.nbytes + memory.spike_step.nbytes,
        "layout": _nbytes(built.program),
    }


def _exchange_held(network: Network, built: CpuBuilt, ranks: int, rate: float) -> dict[str, int]:
    """What exchanging spikes takes, as ranks choose to; messages are those of so many spikes."""
    if ranks == 1:
        return {}
    n_spikes = 1e-3 * network.dt * built.sizes.chunk_steps * rate
    return expected_exchange(
        network,
        built.layout,
        built.partitions,
        ranks,
        n_spikes=n_spikes,
        step_bits=_step_bits(built),
    )


def _step_bits(built: CpuBuilt) -> int:
    return max(built.sizes.chunk_steps - 1, 1).bit_length()


def _nbytes(arrays: tuple[Any, ...]) -> int:
    return sum(int(array.nbytes) for array in arrays if isinstance(array, np.ndarray))


def _exchange_bytes(
    network: Network, built: CpuBuilt, first_slot: NDArray[np.int64], images: NDArray[np.int64],
    rate: float,
) -> dict[str, float]:  # fmt: skip
    """Bytes that reach a rank in an exchange; a spike is its place in a list, and its step."""
    n_spikes = rate * 1e-3 * network.dt * built.sizes.chunk_steps
    step_bits = _step_bits(built)
    sizes = np.diff(first_slot)
    places = np.where(are_marked(images, sizes), sizes, images)
    wanted = {"collective": (sizes, sizes), "point_to_point": (places, images)}
    return {
        name: sum(
            _spike_bytes(n_places, step_bits) * n * n_spikes
            for n_places, n in zip(of_lists.tolist(), n_listed.tolist(), strict=True)
        )
        for name, (of_lists, n_listed) in wanted.items()
    }


def _spike_bytes(n_places: int, step_bits: int) -> float:
    return (max(n_places - 1, 1).bit_length() + step_bits) / 8
