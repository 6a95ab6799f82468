"""`CpuEngine`: a network on the threads of this machine, compiled by Numba."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.layout import BLOCK
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.cpu.assemble import SynapseProbes
from snnlab.cpu.built import DTYPES, Built, build
from snnlab.cpu.carry import check, export, ring_slots, take_over, take_over_rings
from snnlab.cpu.change import keeps_structure
from snnlab.cpu.governor import Governor
from snnlab.cpu.health import cut_effects, find_troubles, limit_input
from snnlab.cpu.loop import deliver_pending, order_spikes, run
from snnlab.cpu.phases import PhaseClock
from snnlab.cpu.plastic import bring_up_to_date
from snnlab.cpu.plastic_carry import age, check_plastic, has_plastic, without_changed
from snnlab.cpu.program import RECORDED
from snnlab.cpu.samples import SampleBuffer
from snnlab.cpu.synapse_list import list_synapses
from snnlab.cpu.synapse_probes import read_synapses, with_synapse_probes
from snnlab.cpu.team import Team
from snnlab.cpu.threads import available_threads, choose_threads
from snnlab.cpu.warm import announced, compile_builder
from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import BuildError, SpecError, StateError
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.frames.synapses import Synapses
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CpuEngine"]

_AGE_STEPS = 2**29
"""Steps after which the histories of plastic synapses forget what is long ago."""


class CpuEngine:
    """Builds a network for this machine's CPU and advances it.

    Parameters
    ----------
    network : Network
    threads : int, optional
        Number of threads; default: by the size of the network. The spikes do not depend on it.
        While other programs keep the cores busy, one thread is used where that is faster.
    precision : str
        Of the state: ``"float32"`` (default) or ``"float64"``.

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
    network: Network
    report: BuildReport

    def __init__(
        self, network: Network, *, threads: int | None = None, precision: str = "float32"
    ) -> None:
        if precision not in DTYPES:
            raise SpecError("precision", "must be float32 or float64", got=repr(precision))
        if not network.populations:
            raise SpecError(
                "Network.populations", "must hold at least one population",
                remedy="Add a Population before the network is run.",
            )  # fmt: skip
        self.network = network
        self.threads = choose_threads(threads, network.n_neurons)
        self.precision = precision
        self._governor = Governor(self.threads)
        self._team = Team(self.threads)
        self._step = 0
        self._chunk = 0
        self._limited: tuple[Trouble, ...] = ()
        self._told_cut: dict[str, int] = {}
        warm_s = _seconds(self._compile_builder)
        self._built: Built | None = None
        built, report = build(network, threads=self.threads, precision=precision)
        self._built = with_synapse_probes(built)
        take_over(self._built, {}, 0)
        self._settle()
        warm_s += _seconds(self._compile_loop)
        self.report = replace(report, compile_s=report.compile_s + warm_s)

    def _compile_builder(self) -> None:
        with announced():
            compile_builder()

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
    def _arrays(self) -> Built:
        if self._built is None:
            raise StateError("CpuEngine", "must not be closed", remedy="Open the network again.")
        return self._built

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"CPU, 2 threads"``."""
        return f"CPU, {self.threads} thread{'s' if self.threads > 1 else ''}"

    @property
    def _n_members(self) -> int:
        """Threads that share the partitions right now."""
        return min(self._governor.threads, available_threads())

    @property
    def step(self) -> int:
        """Number of steps done since the start."""
        return self._step

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them.

        Parameters
        ----------
        n_steps : int
            At least 0.

        Returns
        -------
        Frame
            Shorter where a state variable left the plausible numbers: it ends with the look that
            found it, at most 10 ms or one chunk later, and its `health` says what is wrong.

        Raises
        ------
        StateError
            The engine is closed.
        OutOfMemory
            What is sampled in so many steps does not fit; nothing has happened.
        """
        if n_steps < 0:
            raise SpecError("n_steps", "must be >= 0", got=str(n_steps))
        built = self._arrays
        clock = PhaseClock(built.partitions.n)
        start, stop = self._step, self._step + n_steps
        samples = SampleBuffer(built.sampling, start, stop, built.dtype)
        changes = {s for c in built.currents for s in (c.start, c.stop)}
        pieces = [(np.empty(0, np.int64), np.empty(0, np.int64))]
        health: tuple[Trouble, ...] = ()
        limited, self._limited = self._limited, ()
        while self._step < stop and not health:
            soon = self._step + self._governor.steps
            aging = (self._step // _AGE_STEPS + 1) * _AGE_STEPS
            due = samples.next_due(self._step)
            until = min([stop, soon, aging, due, *(s for s in changes if s > self._step)])
            pieces.append(self._run_until(until, samples, clock))
            self._sample_synapses(samples, clock)
            if self._step in changes:
                built.write_numbers(self._step)
            health = self._troubles()
            if self._step == aging:
                self._flush()
                age(built)
        step, neuron = (np.concatenate(column) for column in zip(*pieces, strict=True))
        counts, sampled = self._counts(neuron), samples.split(self.network, self._step)
        wall_s, timings = clock.timings()
        return Frame(
            start, self._step, self.network.dt, step, neuron, counts, sampled, wall_s, timings,
            limited + cut_effects(built, self._told_cut, self._step) + health,
        )  # fmt: skip

    def _run_until(
        self, until: int, samples: SampleBuffer, clock: PhaseClock
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One compiled call; it stops before `until` when the record is full."""
        b, first = self._arrays, self._step
        record, probes = b.record, samples.probes_from(first)
        record.notes[:] = 0
        n_members = self._n_members

        def member(k: int) -> Any:
            return run(
                b.program, b.synapses, b.plastic, b.drive, probes, b.memory, record, first,
                until - first, b.sizes.chunk_steps, self._chunk, samples.values, clock.rows, k,
                n_members, self._team.barrier,
            )  # fmt: skip

        began = time.perf_counter()
        done, chunk, turn = self._team.run(n_members, member)
        seconds = time.perf_counter() - began
        self._governor.observe(int(done), seconds, clock.collect(n_members))
        self._step += int(done)
        self._chunk = int(chunk)
        began = time.perf_counter()
        n = int(record.notes[turn, :, RECORDED].sum())
        step, neuron = np.empty(n, np.int64), np.empty(n, np.int64)
        order_spikes(record, turn, done, b.layout.block_first_ids(), BLOCK, step, neuron, first)
        clock.recorded(time.perf_counter() - began)
        return step, neuron

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

    def _troubles(self) -> tuple[Trouble, ...]:
        """What the last look at the states has found."""
        suspects = self._arrays.memory.suspects
        if not suspects.any():
            return ()
        suspects[:] = 0
        self._flush()
        return find_troubles(self._arrays, self._step)

    def _counts(self, neuron: NDArray[np.int64]) -> NDArray[np.int64]:
        first_ids = self._arrays.layout.first_ids
        population = np.searchsorted(first_ids, neuron, side="right") - 1
        return np.bincount(population, minlength=first_ids.size)

    def apply(self, network: Network) -> None:
        """Go over to an edited network at this step boundary, keeping all state that remains.

        Numbers change in place. A change of structure, of drawn weights or of delays builds the
        synapses anew; populations that remain keep their state and the input under way.

        Raises
        ------
        BuildError
            Time step or seed changed: these name the whole run, so it must start again.
        OutOfMemory
            The edited network does not fit.
        SpecError
            A recorder chooses synapses that were not drawn. In any case the old one goes on.
        """
        old = self.network
        if (network.dt, network.seed) != (old.dt, old.seed):
            raise BuildError(
                "Network.dt and Network.seed", "must stay while the network runs",
                got=f"dt {old.dt:g} -> {network.dt:g} ms, seed {old.seed} -> {network.seed}",
                remedy="Open the network again with snnlab.open(..., dt=..., seed=...).",
            )  # fmt: skip
        built = self._arrays
        exponents = port_exponents(network)
        plans = plan_tables(network, exponents)
        if keeps_structure(built, network, plans):
            self._flush()
            # What has happened is learnt by the old numbers, whenever a row is visited next.
            bring_up_to_date(built.program, built.synapses, built.plastic, built.memory)
            under_way = export(built, self._step) if exponents != built.exponents else None
            self._built = built.with_numbers(network, exponents, plans)
            if under_way is not None:
                take_over_rings(self._built, under_way, self._step)
        else:
            kept = self.checkpoint()
            arrays = without_changed(kept.arrays, old, network)
            self._rebuild(network, replace(kept, arrays=arrays))
        # What is under way has the old weights; where those stay there is room for it anyway.
        if not np.array_equal(self._arrays.synapses.table, built.synapses.table):
            self._limited += limit_input(self._arrays, self._step)
        self.network = network
        self._settle()

    def _rebuild(self, network: Network, kept: Checkpoint, *, whole: bool = False) -> None:
        """Build anew and take over what `kept` holds; on failure nothing has changed.

        If it should be the `whole` state, what it lacks is a failure.
        """
        shortest_ring = max(self._arrays.sizes.ring_slots, ring_slots(kept.arrays))
        built, report = build(
            network, threads=self.threads, precision=self.precision, shortest_ring=shortest_ring
        )
        built = with_synapse_probes(built)
        if whole:
            check_plastic(built, kept.arrays)
        take_over(built, kept.arrays, kept.step)
        self._built, self.report, self.network = built, report, network
        self._step = kept.step

    def _settle(self) -> None:
        """Bring everything that depends on the step in line with it."""
        self._arrays.write_numbers(self._step)
        self._arrays.skip_events(self._step)

    def _flush(self) -> None:
        """Deliver what the last chunk left, so that the rings hold all input under way."""
        b, n = self._arrays, self._n_members
        self._team.run(
            n,
            lambda k: deliver_pending(
                b.program, b.synapses, b.plastic, b.memory, self._chunk, self._step, k, n
            ),
        )
        b.memory.spike_start[self._chunk] = 0

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the complete state, the same for any number of threads."""
        self._flush()
        return Checkpoint(self._step, self.network, export(self._arrays, self._step))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state; the run continues bit for bit as it did from there.

        The number of threads may be another one, the precision may not.

        Raises
        ------
        StateError
            The arrays are not a state of the checkpoint's network in this precision.
        OutOfMemory
            The checkpoint's network does not fit. In either case the engine goes on as it was.
        """
        built, network = self._arrays, checkpoint.network
        check(network, checkpoint.arrays, built.dtype)
        if not self._can_hold(checkpoint):
            self._rebuild(network, checkpoint, whole=bool(checkpoint.arrays))
        else:
            if checkpoint.arrays:
                check_plastic(built, checkpoint.arrays)
            if network != self.network:
                exponents = port_exponents(network)
                plans = plan_tables(network, exponents)
                self._built = built = built.with_numbers(network, exponents, plans)
            take_over(built, checkpoint.arrays, checkpoint.step)
            self.network, self._step = network, checkpoint.step
        self._limited = ()
        self._settle()

    def _can_hold(self, checkpoint: Checkpoint) -> bool:
        """Whether the arrays that are there will do, with other numbers at most."""
        built, network = self._arrays, checkpoint.network
        if ring_slots(checkpoint.arrays) > built.sizes.ring_slots:
            return False
        if (network.dt, network.seed) != (built.network.dt, built.network.seed):
            return False
        if not has_plastic(built, checkpoint.arrays):
            return False  # start weights are drawn anew
        plans = plan_tables(network, port_exponents(network))
        return network == self.network or keeps_structure(built, network, plans)

    def sibling(self, network: Network) -> CpuEngine:
        """Return a new engine for `network` with as many threads and the same precision."""
        return CpuEngine(network, threads=self.threads, precision=self.precision)

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        built = self._arrays
        return built.connections.out_degrees(built.layout)

    def synapses(self, projection: str) -> Synapses:
        """Return the synapses of a projection as they are now, one entry each.

        Parameters
        ----------
        projection : str
            Its name.

        Raises
        ------
        SpecError
            No such projection.
        """
        found = self.network.projection(projection)
        self._flush()
        return list_synapses(self._arrays, found)

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        self._built = None
        self._team.close()


def _seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began
