"""How many bytes the CPU engine will hold for a network, before anything is built."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from snnlab.arrays.assemble import Shape, shape
from snnlab.arrays.plastic_bytes import plastic_bytes
from snnlab.arrays.scheduled import numbers_at_start
from snnlab.build.held import connection_bytes, n_delays, table_places
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan
from snnlab.cpu.exchange_bytes import expected_exchange
from snnlab.cpu.group_size import steps_for
from snnlab.cpu.memory import WRITTEN_FIRST, memory_shapes
from snnlab.model.network import Network
from snnlab.rules.neuron import NeuronRule, read_neuron

__all__ = ["Held", "held_bytes", "neuron_bytes", "sizes_of"]


class Held(NamedTuple):
    """What `BuildReport` will say.

    Parameters
    ----------
    synapse_bytes : float
        Mean, where the number of synapses is drawn.
    state_bytes : float
    """

    synapse_bytes: float
    state_bytes: float

    @property
    def n_bytes(self) -> int:
        """Both together."""
        return round(self.synapse_bytes + self.state_bytes)


def held_bytes(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    dtype: np.dtype[np.floating],
    n_ranks: int = 1,
) -> Held:
    """Return how many bytes the engine will hold.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        All of the network, or those of one of `n_ranks`.
    dtype : dtype
        Of the state.
    n_ranks : int
    """
    sizes = sizes_of(network, plans, layout, partitions)
    state = sum(_memory(network, layout, partitions, sizes, dtype, n_ranks).values())
    plastic = plastic_bytes(network, plans, layout, partitions, sizes.chunk_steps, dtype)
    synapses = connection_bytes(network, plans, layout, partitions)
    if n_ranks > 1:
        state += sum(expected_exchange(network, layout, partitions, n_ranks).values())
    return Held(synapses + plastic.weights, state + plastic.traces)


def neuron_bytes(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    dtype: np.dtype[np.floating],
    n_ranks: int = 1,
) -> int:
    """Return how many bytes states of neurons and input under way take, without lists of spikes.

    Parameters are those of `held_bytes`.
    """
    sizes = sizes_of(network, plans, layout, partitions)
    arrays = _memory(network, layout, partitions, sizes, dtype, n_ranks)
    return sum(n_bytes for name, n_bytes in arrays.items() if name not in WRITTEN_FIRST)


def _memory(
    network: Network, layout: Layout, partitions: Partitions, sizes: Shape,
    dtype: np.dtype[np.floating], n_ranks: int,
) -> dict[str, int]:  # fmt: skip
    """Bytes of each array of `snnlab.cpu.program.Memory`."""
    words, n_params = _numbers(network)
    arrays = memory_shapes(layout, partitions, words, n_params, sizes, dtype, n_ranks)
    return {name: prod(dims) * kind.itemsize for name, (dims, kind) in arrays.items()}


def sizes_of(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions
) -> Shape:
    """Return the sizes that the engine will choose, as `snnlab.cpu.built.build` does."""
    sizes = shape(plans, network)
    is_grouped = not any(
        plan.kind == PLASTIC or network.is_rewired(plan.projections[0].name) for plan in plans
    )
    if not is_grouped:
        return sizes
    synapses, segments = 0.0, 0
    for plan in plans:
        delays = n_delays(network, plan, layout, partitions)
        if delays:
            synapses += table_places(network, plan, layout, partitions)
            segments += int(layout.sizes[plan.source]) * partitions.n * delays
    steps = steps_for(synapses, segments, partitions, sizes)
    return Shape(sizes.chunk_steps, sizes.ring_slots, sizes.max_ports, steps)


def _numbers(network: Network) -> tuple[list[int], int]:
    """Reals of a neuron of each population; numbers that all neurons of a population share."""
    words, n_params = [], 0
    for population, numbers in zip(network.populations, numbers_at_start(network), strict=True):
        # Any: mypy does not match a class with a protocol of its members.
        model: Any = population.model
        rule = _rule(model)
        n_varying = len(set(numbers.varying) & set(rule.parameters))
        words.append(len(rule.states) + n_varying)
        n_params += len(rule.parameters) - n_varying
    return words, n_params


@lru_cache(maxsize=64)
def _rule(model: Any) -> NeuronRule:
    return read_neuron(model)
