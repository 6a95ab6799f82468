"""What a network says about a projection, as the numbers that are drawn by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.gaps import gap_tables
from snnlab.build.layout import Layout, Partitions
from snnlab.build.random import stream_id, uniforms
from snnlab.build.rule import (
    ALL_TO_ALL,
    BERNOULLI,
    DISTANCE,
    INDEGREE,
    ONE_TO_ONE,
    OUTDEGREE,
    Rule,
)
from snnlab.model.connectivity import (
    AllToAll,
    Connectivity,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.network import Network, Population, Projection

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Owned", "kind_of", "owned_targets", "period", "positions", "rule_of"]

Owned = tuple["NDArray[np.int64]", ...]
"""The targets of each partition, as `Partitions.targets` returns them."""

_KINDS: dict[type[Connectivity], int] = {
    OneToOne: ONE_TO_ONE,
    FixedIndegree: INDEGREE,
    FixedTotalNumber: INDEGREE,
    DistanceDependent: DISTANCE,
    AllToAll: ALL_TO_ALL,
    FixedOutdegree: OUTDEGREE,
    PairwiseBernoulli: BERNOULLI,
}


def kind_of(rule: Connectivity) -> int:
    """Return the kind of `snnlab.build.rule` that a rule is drawn by."""
    return _KINDS[type(rule)]


def positions(network: Network, population: Population) -> NDArray[np.float64]:
    """Return where the neurons of a population lie, shape (n, 2) [um]; zeros without space."""
    if population.space is None:
        return np.zeros((1, 2))
    u = uniforms(2 * population.size, network.seed, stream_id("position", population.name))
    return population.space.positions(u.reshape(-1, 2))


def owned_targets(
    network: Network, projection: Projection, layout: Layout, partitions: Partitions
) -> Owned:
    """Return which targets of a projection each partition owns; see `Partitions.targets`."""
    return partitions.targets(layout, network.population_index(projection.post))


def rule_of(network: Network, projection: Projection) -> Rule:
    """Return what the synapses of a projection are drawn by, drawn positions and degrees too."""
    rule = projection.rule
    pre, post = network.population(projection.pre), network.population(projection.post)
    is_recurrent = pre.name == post.name
    stream = stream_id("projection", projection.name)
    p = float(getattr(rule, "p", getattr(rule, "p_max", 0.0)))
    guide, thresholds = gap_tables(p if isinstance(rule, PairwiseBernoulli) else 0.0)
    is_spatial, nowhere = isinstance(rule, DistanceDependent), np.zeros((1, 2))
    return Rule(
        kind=kind_of(rule),
        n_pre=pre.size,
        n_post=post.size,
        degrees=_degrees(rule, pre.size, post.size, is_recurrent, network.seed, stream),
        p=p,
        guide=guide,
        thresholds=thresholds,
        scale=float(getattr(rule, "scale", 1.0)),
        kernel=DistanceDependent.KERNELS.index(getattr(rule, "kernel", "gaussian")),
        forbids_self=is_recurrent and not getattr(rule, "autapses", True),
        forbids_multiple=not getattr(rule, "multapses", True),
        pre_positions=positions(network, pre) if is_spatial else nowhere,
        post_positions=positions(network, post) if is_spatial else nowhere,
        period=period(post),
        seed=network.seed,
        stream=stream,
    )


def period(post: Population) -> NDArray[np.float64]:
    """Return width and height of a torus [um]; 0 for an open sheet."""
    if post.space is None or not post.space.is_periodic:
        return np.zeros(2)
    return np.asarray(post.space.extent, np.float64)


def _degrees(
    rule: Connectivity, n_pre: int, n_post: int, is_recurrent: bool, seed: int, stream: int
) -> NDArray[np.int64]:
    """In-degrees of the targets, one for all where they are equal; or the out-degree of sources."""
    if isinstance(rule, FixedIndegree):
        return np.array([rule.indegree], np.int64)
    if isinstance(rule, FixedOutdegree):
        return np.array([rule.outdegree], np.int64)
    if not isinstance(rule, FixedTotalNumber):
        return np.zeros(1, np.int64)
    # Which target each of the n synapses has, counted: multinomial in-degrees. Without multapses
    # every target has only n_pre (or n_pre - 1) places: multivariate hypergeometric.
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
    if rule.multapses:
        return generator.multinomial(rule.n, np.full(n_post, 1.0 / n_post)).astype(np.int64)
    places = n_pre - int(is_recurrent and not rule.autapses)
    colors = np.full(n_post, places, np.int64)
    return generator.multivariate_hypergeometric(colors, rule.n, method="marginals")
