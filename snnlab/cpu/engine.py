"""`CpuEngine`: a network on the threads of this machine, compiled by Numba."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.assemble import SynapseProbes
from snnlab.arrays.carry import take_over
from snnlab.arrays.changed_structure import (
    Changes,
    count_changes,
    have_room,
    owners,
)
from snnlab.arrays.samples import SampleBuffer
from snnlab.arrays.shared_engine import SharedEngine
from snnlab.arrays.structural_engine import Later
from snnlab.arrays.synapse_probes import with_synapse_probes
from snnlab.arrays.world import ALONE, World, first_rank_first
from snnlab.build.layout import BLOCK
from snnlab.build.memory import available_bytes
from snnlab.cpu.built import CpuBuilt, build
from snnlab.cpu.change_rows import change_rows
from snnlab.cpu.exchange import IS_HALF_DELIVERED, LACKS_ROOM, STAGE, WAYS
from snnlab.cpu.exchange_bytes import exchange_bytes
from snnlab.cpu.exchange_spikes import go_on
from snnlab.cpu.governor import Governor
from snnlab.cpu.loop import deliver_pending, order_spikes, run
from snnlab.cpu.memory import empty_lists
from snnlab.cpu.phases import PhaseClock
from snnlab.cpu.plastic import bring_up_to_date
from snnlab.cpu.program import RECORDED
from snnlab.cpu.ranks import link, with_fewer_spikes, with_less, with_spikes, with_words
from snnlab.cpu.synapse_read import read_synapses
from snnlab.cpu.team import Team
from snnlab.cpu.threads import available_threads, choose_threads
from snnlab.cpu.warm import announced, compile_builder
from snnlab.cpu.ways import check_ways
from snnlab.engine import BuildReport
from snnlab.model.network import Network
from snnlab.rules.lend import lend

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CpuEngine"]

_NEVER = 2**62


class CpuEngine(SharedEngine[CpuBuilt, PhaseClock]):
    """Builds a network for this machine's CPU and advances it.

    Parameters
    ----------
    network : Network
    threads : int, optional
        Number of threads; default: by the size of the network. The spikes do not depend on it.
        While other programs keep the cores busy, one thread is used where that is faster.
    precision : str
        Of the state: ``"float32"`` (default) or ``"float64"``.
    world : World
        The ranks that hold the network together, each of which makes such an engine and calls the
        same methods in the same order. The spikes do not depend on their number.
    exchange : str, or mapping of str
        How they exchange spikes: ``"collective"``, ``"point_to_point"``, or ``"auto"``, the better
        of the two; or projection -> one of these, for the spikes of its sources.

    Raises
    ------
    SpecError
        Unknown precision, impossible number of threads, no population.
    OutOfMemory
        The network does not fit; nothing was allocated.
    SpecError
        A recorder chooses a synapse that was not drawn, or none.

    Notes
    -----
    Synaptic input is summed as integers and every random number is named by what it is for, so
    the same network and seed give the same spikes for any number of threads and any cutting of
    the run into calls.
    """

    device = "cpu"

    may_be_empty = True

    def __init__(
        self,
        network: Network,
        *,
        threads: int | None = None,
        precision: str = "float32",
        world: World = ALONE,
        exchange: str | Mapping[str, str] = "auto",
    ) -> None:
        super().__init__(network, precision, world)
        check_ways(network, exchange)
        self._mode = exchange
        self.threads = choose_threads(threads, network.n_neurons)
        self._governor = Governor(self.threads)
        self._team = Team(self.threads)
        self._chunk = 0
        warm_s = _seconds(self._compile_builder)
        self._built, report = self._build(network, 0, {})
        take_over(self._built, {}, 0)
        self._settle()
        warm_s += _seconds(self._compile_loop_once)
        self.report = replace(report, compile_s=report.compile_s + warm_s)

    def _compile_builder(self) -> None:
        with announced(), first_rank_first(self._world):
            compile_builder()

    def _compile_loop_once(self) -> None:
        with first_rank_first(self._world):
            self._compile_loop()

    def _compile_loop(self) -> None:
        """Compile the loop, or load it, before anybody waits for spikes."""
        with announced():
            b = self._arrays
            clock = PhaseClock(b.partitions.n)
            self._run_until(0, SampleBuffer(b.sampling, 0, 0, b.dtype), clock)
            for probes in b.sampling.synapses[:1]:
                self._flush()
                self._read(probes, np.empty((probes.variables.size, probes.ids.n), b.dtype))

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"CPU, 2 threads"``."""
        return f"CPU, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def exchange(self) -> str:
        """How it exchanges spikes with other ranks, in words."""
        return WAYS[self._arrays.exchange.mode]

    @property
    def _n_members(self) -> int:
        """Threads that share the partitions right now."""
        return min(self._governor.threads, available_threads())

    def _build(
        self, network: Network, shortest_ring: int, arrays: Mapping[str, NDArray[Any]]
    ) -> tuple[CpuBuilt, BuildReport]:
        built, report = self._built_by_all(
            lambda: build(
                network, threads=self.threads, precision=self.precision,
                shortest_ring=shortest_ring, arrays=arrays, world=self._world,
                exchange=self._mode,
            )
        )  # fmt: skip
        built = with_synapse_probes(built)
        if self._world.n_ranks == 1:
            return built, report
        exchange = self._linked(
            lambda: link(
                self._world, network, self._mode, built.layout, built.connections,
                built.sizes.chunk_steps,
            )
        )  # fmt: skip
        state_bytes = report.state_bytes + sum(exchange_bytes(exchange).values())
        return replace(built, exchange=exchange), replace(report, state_bytes=state_bytes)

    def _start_clock(self) -> PhaseClock:
        return PhaseClock(self._arrays.partitions.n)

    def _soon(self) -> int:
        # Ranks exchange spikes after the same steps only if all of them pause at the same ones.
        return self._step + self._governor.steps if self._world.n_ranks == 1 else _NEVER

    def _run_until(self, until: int, samples: SampleBuffer, clock: PhaseClock) -> Later:
        """One compiled call; it stops before `until` when the record is full."""
        b, first = self._arrays, self._step
        lent, record, probes = b.lent, b.record, lend(samples.probes_from(first))
        record.notes[:] = 0
        n_members = self._n_members

        def member(k: int) -> Any:
            return run(
                lent.program, lent.synapses, lent.plastic, lent.rewirings, lent.drive, probes,
                lent.memory, lent.record, lent.exchange, lent.parts,
                first, until - first, b.sizes.chunk_steps, self._chunk, samples.values, clock.rows,
                k, n_members, self._team.barrier,
            )  # fmt: skip

        began = time.perf_counter()
        done, chunk, turn = self._team.run(n_members, member)
        seconds = time.perf_counter() - began
        self._governor.observe(int(done), seconds, clock.collect(n_members))
        self._step += int(done)
        self._chunk = int(chunk)
        began = time.perf_counter()
        self._complete_exchange()
        if b.network.rewirings:
            self._take_events()
        n = int(record.notes[turn, :, RECORDED].sum())
        step, neuron = np.empty(n, np.int64), np.empty(n, np.int64)
        order_spikes(
            lent.record, turn, done, b.layout.block_first_ids(), BLOCK, step, neuron, first
        )
        clock.recorded(time.perf_counter() - began)
        return lambda: (step, neuron)

    def _complete_exchange(self) -> None:
        """Make memory for spikes of other ranks until all of them are here."""
        built = self._arrays
        while built.exchange.notes[STAGE]:
            exchange = with_words(built.exchange)
            built = replace(built, exchange=exchange, memory=with_spikes(built.memory, exchange))
            lent = built.lent
            go_on(lent.parts, lent.program, lent.memory, lent.exchange)
            self._built = built
        if self._world.n_ranks > 1:
            self._give_back(built)

    def _give_back(self, built: CpuBuilt) -> None:
        """Give memory back that a burst of spikes has taken, long after it."""
        first = int(built.partitions.n_slots.max(initial=0)) * built.sizes.chunk_steps
        exchange = with_less(built.exchange)
        memory = with_fewer_spikes(built.memory, exchange, first)
        if exchange is not built.exchange or memory is not built.memory:
            self._built = replace(built, exchange=exchange, memory=memory)

    def _lacks_room(self, is_row_full: bool) -> bool:
        """Whether a row of any rank has no room; asked where all of them have stopped for it."""
        if self._world.n_ranks == 1:
            return is_row_full
        notes = self._arrays.exchange.notes
        asks, notes[LACKS_ROOM] = bool(notes[LACKS_ROOM]), 0
        return asks and self._any(is_row_full)

    def _read_rows(self) -> None:
        """They are always as they are now."""

    def _change_rows(self, changes: Changes) -> None:
        b = self._arrays
        part = owners(b, changes)
        if self._any(not have_room(b, changes, part)):
            self._make_room(changes)
            return
        self._flush()
        lent = b.lent
        change_rows(
            lent.program, lent.synapses, lent.plastic, lent.rewirings, lent.memory,
            changes.rewiring, changes.is_formed, changes.pre, changes.post, changes.weight, part,
            self._step,
        )  # fmt: skip
        count_changes(b.rewirings, changes)

    def _make_room(self, changes: Changes | None = None) -> None:
        given = self._arrays.memory.event_next
        super()._make_room(changes)
        # Given spikes of the next chunk are in the rings already.
        self._arrays.memory.event_next[:] = given

    def _sample_synapses(self, samples: SampleBuffer, clock: PhaseClock) -> None:
        """Read the synapses whose recorders are due at this step."""
        if due := samples.due(self._step):
            self._flush()
            began = time.perf_counter()
            for probes, values in due:
                self._read(probes, values)
            clock.recorded(time.perf_counter() - began)

    def _read(self, probes: SynapseProbes, values: NDArray[np.floating]) -> None:
        read_synapses(self._arrays, probes, values, self._team, self._n_members)

    def _free_bytes(self) -> int:
        return available_bytes()

    def _is_suspicious(self) -> bool:
        suspects = self._arrays.memory.suspects
        found = bool(suspects.any())
        suspects[:] = 0
        return found

    def _flush(self) -> None:
        """Deliver what the last chunk left, so that the rings hold all input under way."""
        b, n = self._arrays, self._n_members
        lent = b.lent
        self._team.run(
            n,
            lambda k: deliver_pending(
                lent.program, lent.synapses, lent.plastic, lent.rewirings, lent.memory,
                lent.exchange, lent.parts, self._chunk, self._step, k, n,
            ),
        )  # fmt: skip
        self._forget_spikes()

    def _forget_spikes(self) -> None:
        """Empty the list whose spikes have been delivered."""
        self._arrays.memory.spike_start[self._chunk] = 0
        self._arrays.exchange.notes[IS_HALF_DELIVERED] = 0

    def _catch_up(self, *, plastic: bool = True) -> None:
        self._flush()
        if plastic:
            lent = self._arrays.lent
            bring_up_to_date(lent.program, lent.synapses, lent.plastic, lent.memory)

    _collect = _catch_up

    def _hand_over(self, *, state: bool = True, plastic: bool = True) -> None:
        b = self._arrays
        empty_lists(b.memory, self._step, b.sizes.ring_slots)
        self._forget_spikes()

    def _write_numbers(self) -> None:
        self._arrays.write_numbers(self._step)

    def _write_changes(self) -> None:
        self._arrays.write_changes(self._step)

    def sibling(self, network: Network) -> CpuEngine:
        """Return a new engine for `network` with as many threads and the same precision."""
        return CpuEngine(
            network, threads=self.threads, precision=self.precision, world=self._world,
            exchange=self._mode,
        )  # fmt: skip

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        built = self._arrays
        return built.connections.out_degrees(built.layout)

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        self._built = None
        self._team.close()


def _seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
