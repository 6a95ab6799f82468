"""`Built`: a network as arrays, and views of them population by population."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.connect import Connections, connect
from snnlab.build.layout import BLOCK, Layout, Partitions, partition
from snnlab.build.memory import check_fits, estimate_bytes
from snnlab.build.tables import TablePlan, plan_tables, port_exponents
from snnlab.cpu import assemble
from snnlab.cpu.group_size import group_steps
from snnlab.cpu.plastic import Plastic
from snnlab.cpu.plastic_arrays import PlasticTable, compile_synapses, plastic, with_new_numbers
from snnlab.cpu.populations import (
    Current,
    compile_population,
    numbers_of,
    step_currents,
)
from snnlab.cpu.program import Drive, Memory, Program, Record, Synapses
from snnlab.cpu.threads import available_threads
from snnlab.engine import BuildReport
from snnlab.model.network import Network, Population
from snnlab.rules.kernel import BlockKernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Built", "build"]

DTYPES: dict[str, np.dtype[np.floating]] = {
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
"""Precision of the state -> type of its arrays."""

_STATIC_PER_UPDATE = 3000.0
_PLASTIC_PER_UPDATE = 120.0
"""Incoming synapses that cost about as much as updating their neuron, at about 10 spikes/s."""


@dataclass(frozen=True)
class Built:
    """A network as the arrays of the compiled loop."""

    network: Network
    precision: str
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
    record: Record
    currents: tuple[Current, ...]
    plastic_tables: tuple[PlasticTable, ...]
    plastic: Plastic

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Type of the state."""
        return DTYPES[self.precision]

    def words(self, k: int) -> NDArray[np.floating]:
        """Return a view of the state words of population `k`: (n_blocks, n_words, BLOCK)."""
        first, last = self.layout.first_blocks[k], self.layout.first_blocks[k + 1]
        n_words = self.kernels[k].n_words
        at = int(self.program.state_offset[first])
        size = int(last - first) * n_words * BLOCK
        return self.memory.state[at : at + size].reshape(-1, n_words, BLOCK)

    def set_state(self, k: int, values: NDArray[np.floating]) -> None:
        """Write the states of population `k`, shape (n_states, n)."""
        words = self.words(k)
        for w, row in enumerate(values):
            words[:, w, :] = _in_blocks(row)

    def state(self, k: int) -> NDArray[np.floating]:
        """Return a copy of the states of population `k`, shape (n_states, n)."""
        population = self.network.populations[k]
        n_states = len(population.model.states)
        words = self.words(k)[:, :n_states]
        return words.transpose(1, 0, 2).reshape(n_states, -1)[:, : population.size].copy()

    def rings(self, k: int) -> list[NDArray[np.int32]]:
        """Return views of population `k` in the rings, in order: (ring_slots, max_ports, n)."""
        low, high, local = self.partitions.targets(self.layout, k)
        return [
            self._ring(p)[:, :, local[p] : local[p] + high[p] - low[p]]
            for p in range(self.partitions.n)
            if high[p] > low[p]
        ]

    def _ring(self, p: int) -> NDArray[np.int32]:
        n_local = int(self.partitions.n_slots[p])
        shape = (self.sizes.ring_slots, self.sizes.max_ports, n_local)
        at = int(self.program.ring_offset[p])
        return self.memory.ring[at : at + int(np.prod(shape))].reshape(shape)

    def port_exponents(self, population: Population) -> list[int]:
        """Return the fixed-point exponent of each port of a population."""
        return [self.exponents[str(population.neuron), port] for port in population.model.ports]

    def write_numbers(self, step: int) -> None:
        """Write parameters and derived constants of all populations as they are at `step`."""
        for k, population in enumerate(self.network.populations):
            kernel = self.kernels[k]
            current = sum(c.at(step) for c in self.currents if c.target == population.name)
            numbers = numbers_of(self.network, population, current)
            at = int(self.program.params_offset[k])
            scalars = [numbers.scalars[name] for name in kernel.parameter_names]
            self.memory.params[at : at + len(scalars)] = scalars
            words = self.words(k)
            for w, name in enumerate(kernel.varying_names, start=len(kernel.state_names)):
                words[:, w, :] = _in_blocks(numbers.varying[name])

    def skip_events(self, step: int) -> None:
        """Leave out the given spikes before `step`."""
        for p in range(self.partitions.n):
            first, last = self.drive.event_start[p], self.drive.event_start[p + 1]
            steps = self.drive.event_step[first:last]
            self.memory.event_next[p] = first + np.searchsorted(steps, step)

    def with_numbers(
        self,
        network: Network,
        exponents: dict[tuple[str, str], int],
        plans: tuple[TablePlan, ...],
    ) -> Built:
        """Return the same arrays with the numbers of another network of the same structure."""
        connections = replace(self.connections, plans=plans)
        tables = tuple(replace(t, plan=plans[t.k]) for t in self.plastic_tables)
        return replace(
            self,
            plastic_tables=tables,
            plastic=with_new_numbers(self.plastic, network, tables),
            network=network,
            exponents=exponents,
            connections=connections,
            synapses=assemble.synapses(network, connections),
            drive=assemble.drive(
                network, self.layout, self.partitions, exponents, self.sizes, self.dtype
            ),
            currents=step_currents(network),
        )


def build(
    network: Network, *, threads: int, precision: str, shortest_ring: int = 0
) -> tuple[Built, BuildReport]:
    """Turn a network into arrays; states are zero and rings empty.

    Parameters
    ----------
    network : Network
    threads : int
    precision : str
        ``"float32"`` or ``"float64"``.
    shortest_ring : int [steps]
        The ring holds at least this many steps.

    Raises
    ------
    OutOfMemory
        The network does not fit; nothing was allocated.
    """
    began = time.perf_counter()
    exponents = port_exponents(network)
    plans = plan_tables(network, exponents)
    planned = time.perf_counter()
    numbers = [numbers_of(network, p) for p in network.populations]
    kernels = [
        compile_population(p, n, precision)
        for p, n in zip(network.populations, numbers, strict=True)
    ]
    tables = compile_synapses(plans, precision)
    compiled = time.perf_counter()
    layout = Layout.of(network)
    partitions = partition(layout, threads, _delivery_costs(network))
    check_fits(estimate_bytes(network, plans, layout, partitions.n), network)
    n_threads = min(threads, available_threads())
    connections = connect(network, plans, layout, partitions, threads=n_threads)
    sizes = assemble.shape(plans, network, shortest_ring)
    sizes = replace(sizes, group_steps=group_steps(connections, partitions, sizes))
    dtype = DTYPES[precision]
    program = assemble.program(network, layout, partitions, kernels, sizes, dtype)
    memory = assemble.memory(program, layout, partitions, kernels, sizes, dtype)
    plasticity = plastic(
        network, layout, partitions, connections, tables, program, sizes.chunk_steps, dtype
    )
    if tables:  # the numbers of quantiles have become weights
        n_wide = min(int(connections.row_start[t.k][0, 0]) for t in tables)
        connections = replace(connections, wide=connections.wide[:n_wide].copy())
    built = Built(
        network, precision, layout, partitions, exponents, connections, kernels, sizes, program,
        assemble.synapses(network, connections),
        assemble.drive(network, layout, partitions, exponents, sizes, dtype),
        assemble.sampling(network, layout, program, kernels),
        memory,
        assemble.record(partitions, sizes),
        step_currents(network),
        tables,
        plasticity,
    )  # fmt: skip
    weights = plasticity.state.nbytes
    report = BuildReport(
        network.n_neurons, connections.n_synapses,
        planned - began + time.perf_counter() - compiled, compiled - planned,
        connections.nbytes + weights,
        sum(a.nbytes for a in (*memory, *plasticity)) - weights,
    )  # fmt: skip
    return built, report


def _in_blocks(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Neurons in rows of a block; the last one is repeated into the padding."""
    n_blocks = -(-values.size // BLOCK)
    padded = np.full(n_blocks * BLOCK, values[-1])
    padded[: values.size] = values
    return padded.reshape(n_blocks, BLOCK)


def _delivery_costs(network: Network) -> NDArray[np.float64]:
    """What the synapses onto a neuron of each population cost, relative to updating it."""
    names = [p.name for p in network.populations]
    costs = np.zeros(len(names))
    for p in network.projections:
        pre, post = network.population(p.pre), network.population(p.post)
        n = p.rule.expected_synapses(pre.size, post.size, is_recurrent=p.pre == p.post)
        per_update = _STATIC_PER_UPDATE if p.model.is_static() else _PLASTIC_PER_UPDATE
        costs[names.index(p.post)] += n / post.size / per_update
    return costs
