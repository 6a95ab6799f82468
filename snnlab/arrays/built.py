"""`Built`: a network as arrays, and views of them population by population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from snnlab.arrays import assemble
from snnlab.arrays.kernel import NeuronKernel
from snnlab.arrays.plastic import Plastic
from snnlab.arrays.plastic_arrays import PlasticTable, with_new_numbers
from snnlab.arrays.populations import Numbers, drawn_parameters, numbers
from snnlab.arrays.program import Drive, Program, State, Synapses
from snnlab.arrays.rewiring import Rewirings
from snnlab.arrays.rewiring_arrays import RewiringKernel, with_new_rules
from snnlab.arrays.schedule import NEVER
from snnlab.arrays.scheduled import Scheduled, scheduled_populations
from snnlab.arrays.synaptic_elements import Elements, with_new_growth
from snnlab.arrays.world import ALONE, World
from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.tables import TablePlan
from snnlab.model.network import Network, Population

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DTYPES", "Built"]

DTYPES: dict[str, np.dtype[np.floating]] = {
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
"""Precision of the state -> type of its arrays."""


@dataclass(frozen=True)
class Built:
    """A network as arrays, or one rank's share of it; engines add what they alone need.

    Parameters
    ----------
    world : World
        The ranks that hold the network.
    """

    network: Network
    precision: str
    layout: Layout
    partitions: Partitions
    exponents: dict[tuple[str, str], int]
    connections: Connections
    kernels: Sequence[NeuronKernel]
    sizes: assemble.Shape
    program: Program
    synapses: Synapses
    drive: Drive
    sampling: assemble.Sampling
    memory: State
    scheduled: tuple[Scheduled, ...]
    plastic_tables: tuple[PlasticTable, ...]
    plastic: Plastic
    rewirings: Rewirings
    rewiring_kernels: Sequence[RewiringKernel]
    elements: Elements
    world: World = field(default=ALONE, kw_only=True)

    @property
    def dtype(self) -> np.dtype[np.floating]:
        """Type of the state."""
        return DTYPES[self.precision]

    def owned(self, k: int) -> slice:
        """Return which neurons of population `k` are here."""
        return self.partitions.owned(self.layout, k)

    @property
    def all_owned(self) -> list[slice]:
        """Which neurons of each population are here."""
        return [self.owned(k) for k in range(len(self.network.populations))]

    def words(self, k: int) -> NDArray[np.floating]:
        """Return a view of the state words of population `k`: (n_blocks, n_words, BLOCK)."""
        first, last = np.clip(
            self.layout.first_blocks[k : k + 2], *self.partitions.bounds[[0, -1]]
        )  # fmt: skip
        n_words = self.kernels[k].n_words
        at = int(self.program.state_offset[first]) if first < last else 0
        size = int(last - first) * n_words * BLOCK
        return self.memory.state[at : at + size].reshape(-1, n_words, BLOCK)

    def set_state(self, k: int, values: NDArray[np.floating]) -> None:
        """Write the states of the neurons of population `k` that are here, (n_states, n)."""
        words = self.words(k)
        for w, row in enumerate(values):
            words[:, w, :] = _in_blocks(row)

    def state(self, k: int) -> NDArray[np.floating]:
        """Return a copy of the states of population `k`'s neurons that are here, (n_states, n)."""
        owned = self.owned(k)
        n_states = len(self.network.populations[k].model.states)
        words = self.words(k)[:, :n_states]
        n_lanes = words.shape[0] * BLOCK
        lanes = words.transpose(1, 0, 2).reshape(n_states, n_lanes)
        return lanes[:, : owned.stop - owned.start].copy()

    def rings(self, k: int) -> list[NDArray[np.int32]]:
        """Return views of population `k` in the rings, in order: (ring_slots, max_ports, n)."""
        low, high, local = self.partitions.targets(self.layout, k)
        return [
            self._ring(p)[:, :, local[p] : local[p] + high[p] - low[p]]
            for p in range(self.partitions.n)
            if high[p] > low[p]
        ]

    def ring(self, k: int) -> NDArray[np.int32]:
        """Return a copy of what is under way to the neurons of `k` here, as `rings` has it."""
        none = np.empty((self.sizes.ring_slots, self.sizes.max_ports, 0), np.int32)
        return np.concatenate([none, *self.rings(k)], axis=2)

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
        scheduled = {each.k: each for each in self.scheduled}
        for k, population in enumerate(self.network.populations):
            if k in scheduled:
                self._write(k, scheduled[k].numbers(step))
            else:
                drawn = drawn_parameters(self.network, population, self.owned(k))
                self._write(k, numbers(population.model, drawn, self.network.dt))

    def write_changes(self, step: int) -> tuple[int, ...]:
        """Write the numbers of those populations whose schedules change something at `step`.

        Returns
        -------
        tuple of int
            These populations.
        """
        due = [each for each in self.scheduled if each.changes_at(step)]
        for each in due:
            self._write(each.k, each.numbers(step))
        return tuple(each.k for each in due)

    def next_change(self, step: int) -> int:
        """Return the first step after `step` at which a schedule changes something, or `NEVER`."""
        return min((each.next_change(step) for each in self.scheduled), default=NEVER)

    def _write(self, k: int, new: Numbers) -> None:
        """Write parameters and derived constants of population `k`."""
        kernel = self.kernels[k]
        at = int(self.program.params_offset[k])
        scalars = [new.scalars[name] for name in kernel.parameter_names]
        self.memory.params[at : at + len(scalars)] = scalars
        words = self.words(k)
        for w, name in enumerate(kernel.varying_names, start=len(kernel.state_names)):
            words[:, w, :] = _in_blocks(new.varying[name])

    def skip_events(self, step: int) -> None:
        """Leave out the given spikes before `step`."""
        for p in range(self.partitions.n):
            first, last = self.drive.event_start[p], self.drive.event_start[p + 1]
            steps = self.drive.event_step[first:last]
            self.memory.event_next[p] = first + np.searchsorted(steps, step)

    def _synapses(self, network: Network, connections: Connections) -> Synapses:
        """The pools, and the table of tables for another network of the same structure."""
        return assemble.synapses(network, connections)

    def _viewed(self, connections: Connections, synapses: Synapses) -> Connections:
        """The connections with rows that are those of `synapses`."""
        return assemble.viewed(connections, synapses)

    def with_numbers(
        self,
        network: Network,
        exponents: dict[tuple[str, str], int],
        plans: tuple[TablePlan, ...],
    ) -> Self:
        """Return the same arrays with the numbers of another network of the same structure."""
        renamed = self.connections.with_plans(plans)
        synapses = self._synapses(network, renamed)
        connections = self._viewed(renamed, synapses)
        tables = tuple(replace(t, plan=plans[t.k]) for t in self.plastic_tables)
        return replace(
            self,
            plastic_tables=tables,
            plastic=with_new_numbers(self.plastic, network, tables),
            rewirings=with_new_rules(self.rewirings, network, self.rewiring_kernels),
            elements=with_new_growth(self.elements, network),
            network=network,
            exponents=exponents,
            connections=connections,
            synapses=synapses,
            drive=assemble.drive(
                network, self.layout, self.partitions, exponents, self.sizes, self.dtype
            ),
            scheduled=scheduled_populations(network, self.all_owned),
        )


def _in_blocks(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """Neurons in rows of a block; the last one is repeated into the padding."""
    n_blocks = -(-values.size // BLOCK)
    if not n_blocks:
        return values.reshape(0, BLOCK)
    padded = np.full(n_blocks * BLOCK, values[-1])
    padded[: values.size] = values
    return padded.reshape(n_blocks, BLOCK)
