"""`CpuEngine`: a network on the threads of this machine, compiled by Numba."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snnlab.cpu import threads as threading_policy  # isort: skip  (before Numba starts its threads)

import numba
import numpy as np

from snnlab.build.connect import Connections, connect
from snnlab.build.layout import BLOCK, Layout, Partitions, partition
from snnlab.build.memory import check_fits, estimate_bytes
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.cpu import assemble
from snnlab.cpu.loop import deliver_pending, order_spikes, run
from snnlab.cpu.populations import (
    Current,
    Numbers,
    compile_population,
    initial_state,
    numbers_of,
    step_currents,
)
from snnlab.cpu.program import Drive, Memory, Probes, Program, Synapses
from snnlab.cpu.warm import compile_builder
from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import BuildError, SpecError, StateError
from snnlab.frames.frame import Frame, Samples
from snnlab.model.network import Network, Population
from snnlab.rules.kernel import BlockKernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CpuEngine"]

_RECORD_CAPACITY = 2**20
_PRECISIONS: dict[str, np.dtype[np.floating]] = {
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}


@dataclass
class _Built:
    """A network as arrays."""

    layout: Layout
    partitions: Partitions
    exponents: dict[tuple[str, str], int]
    connections: Connections
    kernels: list[BlockKernel]
    sizes: assemble.Shape
    program: Program
    synapses: Synapses
    drive: Drive
    sampling: assemble.Sampling
    memory: Memory
    currents: tuple[Current, ...]


class CpuEngine:
    """Builds a network for this machine's CPU and advances it.

    Parameters
    ----------
    network : Network
    threads : int, optional
        Number of threads; default: by the size of the network. The spikes do not depend on it.
    precision : str
        Of the state: ``"float32"`` (default) or ``"float64"``.

    Raises
    ------
    SpecError
        Unknown precision, impossible number of threads, no population.
    OutOfMemory
        The network does not fit; nothing was allocated.
    """

    device = "cpu"
    network: Network
    report: BuildReport

    def __init__(
        self, network: Network, *, threads: int | None = None, precision: str = "float32"
    ) -> None:
        if precision not in _PRECISIONS:
            raise SpecError("precision", "must be float32 or float64", got=repr(precision))
        if not network.populations:
            raise SpecError(
                "Network.populations",
                "must hold at least one population",
                remedy="Add a Population before the network is run.",
            )
        self.network = network
        self.precision = precision
        self.threads = threading_policy.choose_threads(threads, network.n_neurons)
        self._dtype = _PRECISIONS[precision]
        self._step = 0
        self._chunk = 0
        self._built: _Built | None = None
        with self._parallel():
            warm_s = _seconds(compile_builder)
        self._build(network)
        warm_s += _seconds(self._compile_loop)
        self.report = replace(self.report, compile_s=self.report.compile_s + warm_s)
        self._set_initial_state()

    # --- building -------------------------------------------------------------------------------

    def _build(self, network: Network, shortest_ring: int = 0) -> None:
        """Turn `network` into arrays; on failure the engine keeps what it had."""
        start = time.perf_counter()
        numbers = [numbers_of(network, p) for p in network.populations]
        kernels = [
            compile_population(p, n, self.precision)
            for p, n in zip(network.populations, numbers, strict=True)
        ]
        compiled = time.perf_counter()
        layout = Layout.of(network)
        partitions = partition(layout, self.threads, _mean_indegrees(network))
        exponents = port_exponents(network)
        plans = plan_tables(network, exponents)
        check_fits(estimate_bytes(network, plans, layout, partitions.n), network)
        with self._parallel():
            connections = connect(network, plans, layout, partitions)
        sizes = assemble.shape(network, plans, shortest_ring)
        program = assemble.program(network, layout, partitions, kernels, sizes)
        built = _Built(
            layout,
            partitions,
            exponents,
            connections,
            kernels,
            sizes,
            program,
            assemble.synapses(network, connections),
            assemble.drive(network, layout, partitions, exponents, sizes, self._dtype),
            assemble.sampling(network, layout, program, kernels),
            assemble.memory(program, layout, partitions, kernels, sizes, self._dtype),
            step_currents(network),
        )
        self._built = built
        self.network = network
        for k in range(len(network.populations)):
            self._write_numbers(k)
        self._skip_past_events()
        state_bytes = sum(a.nbytes for a in built.memory)
        self.report = BuildReport(
            network.n_neurons,
            connections.n_synapses,
            time.perf_counter() - compiled,
            compiled - start,
            connections.nbytes,
            state_bytes,
        )

    def _parallel(self) -> _ParallelRegion:
        return _ParallelRegion(self.threads)

    @property
    def _arrays(self) -> _Built:
        if self._built is None:
            raise StateError("CpuEngine", "must not be closed", remedy="Open the network again.")
        return self._built

    def _population_words(self, population: int) -> NDArray[np.floating]:
        b = self._arrays
        return assemble.population_words(b.program, b.layout, b.kernels, b.memory.state, population)

    def _write_numbers(self, k: int) -> None:
        """Write parameters and derived constants of population `k` for the current step."""
        b = self._arrays
        population, kernel = self.network.populations[k], b.kernels[k]
        numbers = numbers_of(self.network, population, self._extra_current(population))
        at = int(b.program.params_offset[k])
        b.memory.params[at : at + len(kernel.parameter_names)] = [
            numbers.scalars[name] for name in kernel.parameter_names
        ]
        words = self._population_words(k)
        for w, name in enumerate(kernel.varying_names, start=len(kernel.state_names)):
            words[:, w, :] = _in_blocks(numbers.varying[name])

    def _extra_current(self, population: Population) -> float:
        return sum(
            c.amplitude
            for c in self._arrays.currents
            if c.target == population.name and c.start <= self._step < c.stop
        )

    def _skip_past_events(self) -> None:
        """Given spikes before the current step lie in the past."""
        b = self._arrays
        for p in range(b.partitions.n):
            first, last = b.drive.event_start[p], b.drive.event_start[p + 1]
            steps = b.drive.event_step[first:last]
            b.memory.event_next[p] = first + np.searchsorted(steps, self._step)

    def _set_initial_state(self) -> None:
        for k, population in enumerate(self.network.populations):
            self._set_state(k, initial_state(self.network, population))

    def _set_state(self, k: int, values: NDArray[np.floating]) -> None:
        words = self._population_words(k)
        for w, row in enumerate(values):
            words[:, w, :] = _in_blocks(row)

    def _compile_loop(self) -> None:
        """Compile the loop, or load it, before anybody waits for spikes."""
        samples = _SampleBuffer(self._arrays.sampling, 0, 0, self._dtype)
        self._run_until(0, samples)

    # --- running --------------------------------------------------------------------------------

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
        """
        if n_steps < 0:
            raise SpecError("n_steps", "must be >= 0", got=str(n_steps))
        began = time.perf_counter()
        start, stop = self._step, self._step + n_steps
        samples = _SampleBuffer(self._arrays.sampling, start, stop, self._dtype)
        pieces: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        while self._step < stop:
            until = min([stop, *(s for s in self._current_changes() if s > self._step)])
            pieces.append(self._run_until(until, samples))
            if self._step in self._current_changes():
                self._rewrite_currents()
        step = np.concatenate([np.empty(0, np.int64), *(s for s, _ in pieces)])
        neuron = np.concatenate([np.empty(0, np.int64), *(i for _, i in pieces)])
        return Frame(
            start,
            stop,
            self.network.dt,
            step,
            neuron,
            self._counts(neuron),
            samples.split(self.network),
            time.perf_counter() - began,
        )

    def _current_changes(self) -> set[int]:
        return {s for c in self._arrays.currents for s in (c.start, c.stop)}

    def _rewrite_currents(self) -> None:
        targets = {c.target for c in self._arrays.currents}
        for k, population in enumerate(self.network.populations):
            if population.name in targets:
                self._write_numbers(k)

    def _run_until(
        self, until: int, samples: _SampleBuffer
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One compiled call; it may stop before `until` when the record is full."""
        b = self._arrays
        n_neurons = self.network.n_neurons
        capacity = max(_RECORD_CAPACITY, 2 * b.sizes.chunk_steps * n_neurons)
        spike_step, spike_slot = np.empty(capacity, np.int32), np.empty(capacity, np.int32)
        first = self._step
        with self._parallel():
            done, chunk, n = run(
                b.program,
                b.synapses,
                b.drive,
                samples.probes_from(first),
                b.memory,
                first,
                until - first,
                b.sizes.chunk_steps,
                self._chunk,
                spike_step,
                spike_slot,
                n_neurons,
                samples.values,
            )
        self._step += int(done)
        self._chunk = int(chunk)
        step, neuron = np.empty(n, np.int64), np.empty(n, np.int64)
        order_spikes(
            spike_step, spike_slot, n, done, b.layout.block_first_ids(), BLOCK, step, neuron, first
        )
        return step, neuron

    def _counts(self, neuron: NDArray[np.int64]) -> NDArray[np.int64]:
        first_ids = self._arrays.layout.first_ids
        population = np.searchsorted(first_ids, neuron, side="right") - 1
        return np.bincount(population, minlength=first_ids.size)

    # --- editing --------------------------------------------------------------------------------

    def apply(self, network: Network) -> None:
        """Go over to an edited network at this step boundary, keeping all state that remains.

        Numbers change in place. A change of structure, of drawn weights or of delays builds the
        synapses anew; populations that remain keep their state and the input under way.

        Raises
        ------
        BuildError
            Time step or seed changed: these name the whole run, so it must start again.
        """
        old = self.network
        if (network.dt, network.seed) != (old.dt, old.seed):
            raise BuildError(
                "Network.dt and Network.seed",
                "must stay while the network runs",
                got=f"dt {old.dt:g} -> {network.dt:g} ms, seed {old.seed} -> {network.seed}",
                remedy="Reset the session to start with the new value.",
            )
        numbers = [numbers_of(network, p) for p in network.populations]
        exponents = port_exponents(network)
        plans = plan_tables(network, exponents)
        if self._keeps_structure(network, numbers, plans, exponents):
            self._change_numbers(network, exponents, plans)
        else:
            self._rebuild(network)

    def _keeps_structure(
        self,
        network: Network,
        numbers: list[Numbers],
        plans: tuple[TablePlan, ...],
        exponents: dict[tuple[str, str], int],
    ) -> bool:
        b = self._arrays
        same_populations = [_shape_of(p) for p in network.populations] == [
            _shape_of(p) for p in self.network.populations
        ]
        if not same_populations or network.recorders != self.network.recorders:
            return False
        same_kernels = all(
            set(kernel.varying_names) <= set(n.varying)
            and set(kernel.parameter_names) <= set(n.scalars)
            for kernel, n in zip(b.kernels, numbers, strict=True)
        )
        return same_kernels and _same_tables(self.network, network, b.connections.plans, plans)

    def _change_numbers(
        self,
        network: Network,
        exponents: dict[tuple[str, str], int],
        plans: tuple[TablePlan, ...],
    ) -> None:
        b = self._arrays
        self._flush()
        self._rescale_rings(b.exponents, exponents)
        self.network = network
        b.exponents = exponents
        b.connections = replace(b.connections, plans=plans)
        b.synapses = assemble.synapses(network, b.connections)
        b.drive = assemble.drive(network, b.layout, b.partitions, exponents, b.sizes, self._dtype)
        b.currents = step_currents(network)
        self._skip_past_events()
        for k in range(len(network.populations)):
            self._write_numbers(k)

    def _rebuild(self, network: Network) -> None:
        kept = self.checkpoint()
        old = self._built
        try:
            self._build(network, shortest_ring=self._arrays.sizes.ring_slots)
        except BaseException:
            self._built, self.network = old, kept.network
            raise
        self._set_initial_state()
        self._take_over(kept)

    # --- state ----------------------------------------------------------------------------------

    def _flush(self) -> None:
        """Deliver what the last chunk left, so that the ring holds all input under way."""
        b = self._arrays
        with self._parallel():
            deliver_pending(b.program, b.synapses, b.memory, self._chunk)

    def _ring(self, partition: int) -> NDArray[np.int32]:
        """Ring of a partition, shape (ring_slots, max_ports, n_local)."""
        b = self._arrays
        n_local = int(b.partitions.n_slots[partition])
        shape = (b.sizes.ring_slots, b.sizes.max_ports, n_local)
        at = int(b.program.ring_offset[partition])
        return b.memory.ring[at : at + int(np.prod(shape))].reshape(shape)

    def _rescale_rings(
        self, old: dict[tuple[str, str], int], new: dict[tuple[str, str], int]
    ) -> None:
        for k, population in enumerate(self.network.populations):
            for port, name in enumerate(population.model.ports):
                key = (str(population.neuron), name)
                if old[key] != new[key]:
                    for part in self._ring_parts(k):
                        part[:, port] = _rescaled(part[:, port], new[key] - old[key])

    def _ring_parts(self, k: int) -> list[NDArray[np.int32]]:
        """Views of population `k` in the rings, in order: (ring_slots, max_ports, n) each."""
        b = self._arrays
        low, high, local = b.partitions.targets(b.layout, k)
        return [
            self._ring(p)[:, :, local[p] : local[p] + high[p] - low[p]]
            for p in range(b.partitions.n)
            if high[p] > low[p]
        ]

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the complete state, the same for any number of threads.

        Returns
        -------
        Checkpoint
            Arrays ``state/<population>`` (n_states, n), ``ring/<population>``
            (ring_slots, n_ports, n; slot 0 is the next step) and ``exponent/<population>``.
        """
        b = self._arrays
        self._flush()
        arrays: dict[str, NDArray[np.generic]] = {}
        shift = -(self._step % b.sizes.ring_slots)
        for k, population in enumerate(self.network.populations):
            n_states, ports = len(population.model.states), population.model.ports
            words = self._population_words(k)[:, :n_states]
            state = words.transpose(1, 0, 2).reshape(n_states, -1)[:, : population.size]
            ring = np.concatenate(self._ring_parts(k), axis=2)[:, : len(ports)]
            arrays[f"state/{population.name}"] = state.copy()
            arrays[f"ring/{population.name}"] = np.roll(ring, shift, axis=0)
            arrays[f"exponent/{population.name}"] = np.array(
                [b.exponents[str(population.neuron), port] for port in ports], np.int64
            )
        return Checkpoint(self._step, self.network, arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state; the run continues bit for bit as it did from there."""
        b = self._arrays
        self._step = checkpoint.step
        if checkpoint.network != self.network:
            self._build(checkpoint.network, shortest_ring=b.sizes.ring_slots)
        self._set_initial_state()
        self._take_over(checkpoint)
        for k in range(len(self.network.populations)):
            self._write_numbers(k)
        self._skip_past_events()

    def _take_over(self, kept: Checkpoint) -> None:
        """Give populations that `kept` knows their state and the input under way."""
        b = self._arrays
        b.memory.spike_start[:] = 0
        b.memory.ring[:] = 0
        for k, population in enumerate(self.network.populations):
            state = kept.arrays.get(f"state/{population.name}")
            if (
                state is None
                or kept.network.population(population.name).neuron != population.neuron
            ):
                continue
            n = min(state.shape[1], population.size)
            values = initial_state(self.network, population).astype(self._dtype)
            values[:, :n] = state[:, :n]
            self._set_state(k, values)
            self._take_over_ring(k, population, kept, n)

    def _take_over_ring(self, k: int, population: Population, kept: Checkpoint, n: int) -> None:
        b = self._arrays
        ring = kept.arrays[f"ring/{population.name}"]
        exponents = kept.arrays[f"exponent/{population.name}"]
        slots = (self._step + np.arange(ring.shape[0])) % b.sizes.ring_slots
        first = 0
        for part in self._ring_parts(k):
            m = min(part.shape[2], max(n - first, 0))
            for port, name in enumerate(population.model.ports):
                shift = b.exponents[str(population.neuron), name] - int(exponents[port])
                part[slots, port, :m] = _rescaled(ring[:, port, first : first + m], shift)
            first += part.shape[2]

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        b = self._arrays
        return b.connections.out_degrees(b.layout)

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        self._built = None


def _seconds(function: Callable[[], None]) -> float:
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


class _ParallelRegion:
    """Holds the lock around compiled parallel calls and sets the number of threads."""

    def __init__(self, threads: int) -> None:
        self._threads = min(threads, int(numba.config.NUMBA_NUM_THREADS))

    def __enter__(self) -> None:
        threading_policy.PARALLEL_REGION.acquire()
        numba.set_num_threads(self._threads)

    def __exit__(self, *exception: object) -> None:
        threading_policy.PARALLEL_REGION.release()


class _SampleBuffer:
    """Room for what the recorders sample between two steps."""

    def __init__(
        self, sampling: assemble.Sampling, start: int, stop: int, dtype: np.dtype[np.floating]
    ) -> None:
        self._sampling = sampling
        self._start = start
        self._rows = [stop // i - start // i for i in sampling.intervals]
        n_columns = [a * b for a, b in sampling.shapes]
        sizes = [r * c for r, c in zip(self._rows, n_columns, strict=True)]
        self._base = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.values = np.zeros(int(self._base[-1]), dtype)

    def probes_from(self, step: int) -> Probes:
        """Return the probes for a compiled call that starts at `step`."""
        probes = self._sampling.probes
        skipped = step // probes.interval - self._start // probes.interval
        column = self._base[self._sampling.recorder] + probes.column + skipped * probes.stride
        return probes._replace(column=column)

    def split(self, network: Network) -> dict[str, Samples]:
        """Return the samples of each recorder."""
        found = {}
        for r, recorder in enumerate(network.recorders):
            interval = self._sampling.intervals[r]
            steps = (self._start // interval + 1 + np.arange(self._rows[r])) * interval
            values = self.values[self._base[r] : self._base[r + 1]]
            shape = (self._rows[r], *self._sampling.shapes[r])
            found[recorder.name] = Samples(steps, values.reshape(shape))
        return found


def _in_blocks(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Neurons in rows of a block; the last one is repeated into the padding."""
    n_blocks = -(-values.size // BLOCK)
    padded = np.full(n_blocks * BLOCK, values[-1])
    padded[: values.size] = values
    return padded.reshape(n_blocks, BLOCK)


def _rescaled(ring: NDArray[np.int32], shift: int) -> NDArray[np.int32]:
    """Fixed-point numbers at an exponent that is `shift` higher."""
    scaled = np.rint(np.ldexp(ring.astype(np.float64), shift))
    limit = np.iinfo(np.int32).max
    return np.clip(scaled, -limit, limit).astype(np.int32)


def _mean_indegrees(network: Network) -> NDArray[np.float64]:
    names = [p.name for p in network.populations]
    total = np.zeros(len(names))
    for p in network.projections:
        pre, post = network.population(p.pre), network.population(p.post)
        n = p.rule.expected_synapses(pre.size, post.size, is_recurrent=p.pre == p.post)
        total[names.index(p.post)] += n / post.size
    return total


def _shape_of(population: Population) -> tuple[object, ...]:
    return population.name, population.size, population.neuron, population.space


def _same_tables(
    old: Network, new: Network, old_plans: tuple[TablePlan, ...], new_plans: tuple[TablePlan, ...]
) -> bool:
    """Whether the synapses that were drawn for `old_plans` hold for `new_plans` too."""
    if len(old_plans) != len(new_plans):
        return False
    for a, b in zip(old_plans, new_plans, strict=True):
        layout_a = (a.source, a.kind, a.port, a.first_delay, a.n_delays, len(a.projections))
        layout_b = (b.source, b.kind, b.port, b.first_delay, b.n_delays, len(b.projections))
        if layout_a != layout_b:
            return False
        for p, q in zip(a.projections, b.projections, strict=True):
            if (p.name, p.pre, p.post, p.rule) != (q.name, q.pre, q.post, q.rule):
                return False
            if old.delay_of(p) != new.delay_of(q):
                return False
            if b.kind != 0 and (old.weight_of(p) != new.weight_of(q) or a.exponent != b.exponent):
                return False
    return True
