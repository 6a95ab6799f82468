"""What ranks will want of each other's neurons, told before any synapse is drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snnlab.build.expected import expected_synapses
from snnlab.build.layout import BLOCK, Layout, Partitions, shares
from snnlab.build.memory import parts_here
from snnlab.cpu.exchange import COLLECTIVE
from snnlab.cpu.shares import delivery_costs
from snnlab.cpu.ways import resolved, ways_of
from snnlab.cpu.wishes import are_marked, heard_by_all
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Wanted", "expected_images", "wanted"]


class Wanted(NamedTuple):
    """What a rank and the others want of each other; mean numbers of neurons.

    Parameters
    ----------
    n_ranks : int
    n_own : int
        Slots of this rank.
    n_slots : (n_ranks,) int64
        Slots of each rank.
    is_told : (n_populations,) bool
        Whether the spikes of a population go to everybody.
    coming : (n_ranks,) float
        Neurons of each rank that are wanted here, whose spikes go point to point.
    going : (n_ranks,) float
        Neurons of this rank that are wanted on each other one.
    """

    n_ranks: int
    n_own: int
    n_slots: NDArray[np.int64]
    is_told: NDArray[np.bool_]
    coming: NDArray[np.float64]
    going: NDArray[np.float64]

    @property
    def are_marked_here(self) -> NDArray[np.bool_]:
        """Of which ranks those that are wanted here are marked, and not listed."""
        return are_marked(self.coming, self.n_slots)

    @property
    def are_marked_elsewhere(self) -> NDArray[np.bool_]:
        """On which ranks those of this rank that are wanted there are marked, and not listed."""
        return are_marked(self.going, np.full_like(self.n_slots, self.n_own))

    @property
    def n_senders(self) -> float:
        """Ranks that send something here point to point."""
        return float(-np.expm1(-self.coming).sum())

    @property
    def n_receivers(self) -> float:
        """Ranks that get something from here."""
        return float(-np.expm1(-self.going).sum())


def wanted(
    network: Network, layout: Layout, partitions: Partitions, n_ranks: int,
    exchange: str | Mapping[str, str],
) -> Wanted:  # fmt: skip
    """Return what a rank and the others want of each other.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
        Those of the rank.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`; what is left open is found out as ranks find it out.
    """
    bounds = shares(layout, n_ranks, delivery_costs(network))
    first, stop = partitions.bounds[[0, -1]].tolist()
    rank = int(np.searchsorted(bounds[:-1], first, side="right")) - 1
    edges = (bounds[None, :] - layout.first_blocks[:-1, None]) * BLOCK
    n_of = np.diff(np.clip(edges, 0, layout.sizes[:, None]), axis=1)
    listed = _listed(network, layout, n_of)
    elsewhere = layout.sizes[:, None] - n_of
    ways = resolved(ways_of(network, exchange), layout, n_ranks,
                    lambda: (listed * elsewhere).sum(axis=1))  # fmt: skip
    is_told = ways == COLLECTIVE
    coming = (listed[:, [rank]] * n_of)[~is_told].sum(axis=0)
    going = (listed * n_of[:, [rank]])[~is_told].sum(axis=0)
    coming[rank] = going[rank] = 0.0
    n_slots = np.diff(bounds) * BLOCK
    return Wanted(n_ranks, (stop - first) * BLOCK, n_slots, is_told, coming, going)


def _listed(network: Network, layout: Layout, n_of: NDArray[np.int64]) -> NDArray[np.float64]:
    """Which part of each population has synapses onto neurons of each rank, or may get some."""
    parts = n_of / layout.sizes[:, None]
    arriving = np.zeros_like(parts)
    for p in network.projections:
        pre, post = network.population_index(p.pre), network.population_index(p.post)
        arriving[pre] += expected_synapses(network, p) / layout.sizes[pre] * parts[post]
        if network.is_rewired(p.name):  # any source may get a synapse at any time
            arriving[pre][parts[post] > 0.0] = np.inf
    listed = -np.expm1(-arriving)
    listed[list(heard_by_all(network))] = 1.0
    return np.asarray(listed)


def expected_images(network: Network, layout: Layout, partitions: Partitions) -> float:
    """Return how many neurons elsewhere have synapses onto neurons here, on average."""
    here = parts_here(network, layout, partitions)
    n = dict.fromkeys((population.name for population in network.populations), 0.0)
    for projection in network.projections:
        n[projection.pre] += expected_synapses(network, projection) * here[projection.post]
    heard = {network.populations[k].name for k in heard_by_all(network)}
    return sum(
        p.size
        * (1.0 - here[p.name])
        * (1.0 if p.name in heard else -math.expm1(-n[p.name] / p.size))
        for p in network.populations
    )
