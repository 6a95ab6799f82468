"""How many synapses a network will have, told before any is drawn."""

from __future__ import annotations

import numpy as np

from snnlab.build.rules_of import period, positions
from snnlab.model.connectivity import DistanceDependent
from snnlab.model.network import Network, Projection

__all__ = ["expected_synapses", "expected_total"]

_TARGETS = 256
"""Targets whose in-degree is computed where it depends on the distance to every source."""


def expected_synapses(network: Network, projection: Projection) -> float:
    """Return the mean number of synapses of a projection.

    Where it depends on distance, it is computed for some of the targets, evenly spaced.
    """
    pre, post = network.population(projection.pre), network.population(projection.post)
    is_recurrent = pre.name == post.name
    if isinstance(projection.rule, DistanceDependent):
        return _by_distance(network, projection, projection.rule)
    return projection.rule.expected_synapses(pre.size, post.size, is_recurrent=is_recurrent)


def expected_total(network: Network) -> float:
    """Return the mean number of synapses of a network."""
    return sum(expected_synapses(network, projection) for projection in network.projections)


def _by_distance(network: Network, projection: Projection, rule: DistanceDependent) -> float:
    pre, post = network.population(projection.pre), network.population(projection.post)
    at_pre, at_post = positions(network, pre), positions(network, post)
    sides = period(post)
    some = np.unique(np.linspace(0, post.size - 1, min(post.size, _TARGETS)).astype(np.int64))
    total = 0.0
    for target in some.tolist():
        apart = np.abs(at_pre - at_post[target])
        apart = np.where(sides > 0.0, np.minimum(apart, sides - apart), apart)
        p = rule.probability(np.hypot(*apart.T))
        if pre.name == post.name and not rule.autapses:
            p[target] = 0.0
        total += float(p.sum())
    return total * post.size / some.size
