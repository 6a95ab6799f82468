"""Which part of a network a rank holds, and how it is cut for threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.expected import expected_synapses
from snnlab.build.layout import Layout, Partitions, partition, shares
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["delivery_costs", "partitions_of"]

_STATIC_PER_UPDATE = 3000.0
_PLASTIC_PER_UPDATE = 120.0
"""Incoming synapses that cost about as much as updating their neuron, at about 10 spikes/s."""


def partitions_of(
    network: Network, layout: Layout, threads: int, rank: int, n_ranks: int
) -> Partitions:
    """Cut a rank's share of the network into partitions."""
    costs = delivery_costs(network)
    first, stop = shares(layout, n_ranks, costs)[rank : rank + 2].tolist()
    return partition(layout, threads, costs, (first, stop))


def delivery_costs(network: Network) -> NDArray[np.float64]:
    """What the synapses onto a neuron of each population cost, relative to updating it."""
    costs = np.zeros(len(network.populations))
    for p in network.projections:
        indegree = expected_synapses(network, p) / network.population(p.post).size
        per_update = _STATIC_PER_UPDATE if p.model.is_static() else _PLASTIC_PER_UPDATE
        costs[network.population_index(p.post)] += indegree / per_update
    return costs
