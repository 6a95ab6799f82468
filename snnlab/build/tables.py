"""Which projections share rows: the plan of the connectivity, before anything is drawn.

All synapses that a source sends to one port with the same kind of storage lie in one table, so a
spike finds them in one row whatever the number of projections.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.fixed_point import exponent_for, packing_exponent, to_fixed
from snnlab.build.storage import PACKED, PLASTIC, SHARED, WIDE
from snnlab.errors import BuildError
from snnlab.model.connectivity import (
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
)
from snnlab.model.distribution import Constant, Distribution
from snnlab.model.network import Network, Projection
from snnlab.model.stimuli import Volley

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "TablePlan", "delay_table", "delay_window", "plan_tables", "port_exponents", "quantiles",
    "weight_table",
]  # fmt: skip

TABLE_SIZE = 65536
_SPREAD = 12.0
"""Standard deviations above the mean in-degree that the range of a sum must hold."""

_FINEST = 1024
"""A packed weight must be at least this many units, else it is stored wide."""

_MOST_DELAYS = 65535

_GROWTH = 16.0
"""Times its start weight that a plastic synapse without a bound may deliver."""


@lru_cache(maxsize=16)  # half a megabyte each; a slider asks for the same ones again and again
def quantiles(distribution: Distribution) -> NDArray[np.float64]:
    """Return the quantiles that draws pick from, shape (65536,): one for each 16-bit uniform."""
    if isinstance(distribution, Constant):
        table = np.full(TABLE_SIZE, float(distribution.value))
    else:
        table = distribution.quantile((np.arange(TABLE_SIZE) + 0.5) / TABLE_SIZE)
    table.flags.writeable = False
    return table


@lru_cache(maxsize=4096)
def _largest(distribution: Distribution) -> float:
    """Largest size that is drawn."""
    return float(np.abs(quantiles(distribution)).max())


def weight_table(network: Network, projection: Projection, exponent: int) -> NDArray[np.int32]:
    """Return the quantile table of a projection's weight [fixed point], shape (65536,)."""
    return to_fixed(quantiles(network.weight_of(projection)), exponent)


def largest_effect(network: Network, projection: Projection) -> float:
    """Return a number [unit of the port] that no effect of a spike exceeds.

    Effects of plastic synapses that would be larger are cut to it, and counted.
    """
    largest = _largest(network.weight_of(projection))
    model = projection.model
    if model.is_static():
        return largest
    if not model.largest:
        return _GROWTH * largest
    return max(largest, abs(network.synapse_parameters_of(projection)[model.largest]))


def delay_table(network: Network, projection: Projection) -> NDArray[np.uint16]:
    """Return the quantile table of a projection's delay [steps], shape (65536,)."""
    delay_range(network, projection)
    return _delay_steps(network.delay_of(projection), network.dt)


def delay_range(network: Network, projection: Projection) -> tuple[int, int]:
    """Return the shortest and the longest delay [steps] of a projection.

    Raises
    ------
    BuildError
        A delay of too many steps.
    """
    shortest, longest = _delay_range(network.delay_of(projection), network.dt)
    if longest > _MOST_DELAYS:
        raise BuildError(
            f"Projection {projection.name!r}.delay",
            f"must be at most {_MOST_DELAYS} time steps",
            got=f"{longest} steps of {network.dt:g} ms",
            remedy="Shorten the delay or use a longer time step.",
        )
    return shortest, longest


@lru_cache(maxsize=16)
def _delay_steps(delay: Distribution, dt: float) -> NDArray[np.uint16]:
    """Quantile table of a delay that is known to fit."""
    table = np.maximum(_rounded(delay, dt), 1.0).astype(np.uint16)
    table.flags.writeable = False
    return table


def _rounded(delay: Distribution, dt: float) -> NDArray[np.float64]:
    return np.asarray(np.floor(quantiles(delay) / dt + 0.5))


@lru_cache(maxsize=4096)
def _delay_range(delay: Distribution, dt: float) -> tuple[int, int]:
    """Shortest and longest delay [steps] that is drawn."""
    steps = np.maximum(_rounded(delay, dt), 1.0)
    return int(steps.min()), int(steps.max())


@dataclass(frozen=True)
class TablePlan:
    """Projections of one source population whose synapses lie in common rows.

    Parameters
    ----------
    source : int
        Index of the source population.
    projections : tuple of Projection
    kind : int
        ``SHARED`` (one weight, 2 bytes a synapse), ``PACKED`` (4), ``WIDE`` (6) or ``PLASTIC``
        (2 and its state variables; always one projection).
    port : int
        Port of the target neurons.
    exponent : int
        Exponent at which the weights are stored.
    shift : int
        Left shift that brings a stored weight to the port's exponent.
    first_delay, n_delays : int [steps]
        Delays of the table: first_delay ... first_delay + n_delays - 1.
    """

    source: int
    projections: tuple[Projection, ...]
    kind: int
    port: int
    exponent: int
    shift: int
    first_delay: int
    n_delays: int


def _largest_indegree(network: Network, projection: Projection) -> float:
    """A number that no in-degree of the projection exceeds (in practice: 12 sigma)."""
    rule = projection.rule
    n_pre = network.population(projection.pre).size
    if network.is_rewired(projection.name):
        return float(n_pre)  # no pair has two synapses
    n_post = network.population(projection.post).size
    if isinstance(rule, OneToOne):
        return 1.0
    if isinstance(rule, FixedIndegree):
        return float(rule.indegree)
    is_recurrent = projection.pre == projection.post
    mean = rule.expected_synapses(n_pre, n_post, is_recurrent=is_recurrent) / n_post
    if isinstance(rule, (FixedOutdegree, FixedTotalNumber)) and rule.multapses:
        return mean + _SPREAD * math.sqrt(mean) + _SPREAD
    return min(float(n_pre), mean + _SPREAD * math.sqrt(mean) + _SPREAD)


def port_exponents(network: Network) -> dict[tuple[str, str], int]:
    """Return the fixed-point exponent of every port, keyed by (neuron model, port).

    Populations of the same model share it, so that their synapses can share rows.
    """
    sums: dict[tuple[str, str], dict[str, float]] = {}
    for population in network.populations:
        for port in population.model.ports:
            sums.setdefault((str(population.neuron), port), {})[population.name] = 0.0
    for projection in network.projections:
        post = network.population(projection.post)
        port = post.model.port_of(network.receptor_of(projection))
        largest = largest_effect(network, projection)
        by_population = sums[str(post.neuron), port]
        by_population[post.name] += largest * _largest_indegree(network, projection)
    for stimulus in network.stimuli:
        if isinstance(stimulus, Volley):
            target = network.population(stimulus.target)
            port = target.model.port_of(network.receptor_of(stimulus))
            sums[str(target.neuron), port][target.name] += _largest(network.weight_of(stimulus))
    return {key: exponent_for(max(by_pop.values())) for key, by_pop in sums.items()}


def plan_tables(network: Network, exponents: dict[tuple[str, str], int]) -> tuple[TablePlan, ...]:
    """Group the projections of a network into tables.

    Parameters
    ----------
    network : Network
    exponents : mapping
        Result of `port_exponents`.
    """
    groups: dict[tuple[object, ...], list[Projection]] = {}
    for projection in network.projections:
        groups.setdefault(_group_key(network, projection, exponents), []).append(projection)
    plans = [_plan(network, members, exponents) for members in groups.values()]
    return tuple(sorted(plans, key=lambda plan: plan.source))


def _group_key(
    network: Network, projection: Projection, exponents: dict[tuple[str, str], int]
) -> tuple[object, ...]:
    """Projections with equal keys lie in one table."""
    post = network.population(projection.post)
    port = post.model.port_of(network.receptor_of(projection))
    weight = network.weight_of(projection)
    port_exponent = exponents[str(post.neuron), port]
    place = (projection.pre, post.model.ports.index(port), port_exponent)
    is_alone = network.is_rewired(projection.name)
    if not projection.model.is_static():
        return (*place, PLASTIC, projection.name)
    if isinstance(weight, Constant):
        alone = projection.name if is_alone else ""
        text = str(projection.weight)
        return (*place, SHARED, text, weight.value, network.delay_of(projection), alone)
    return (*place, WIDE if _needs_wide(weight, port_exponent) else PACKED)


@lru_cache(maxsize=4096)
def _needs_wide(weight: Distribution, port_exponent: int) -> bool:
    """Whether 16 bits would round typical weights by more than 0.05 %."""
    sizes = np.abs(quantiles(weight))
    exponent = packing_exponent(float(sizes.max()), port_exponent)
    return bool(np.median(sizes) * 2.0**exponent < _FINEST)


def _plan(
    network: Network, members: list[Projection], exponents: dict[tuple[str, str], int]
) -> TablePlan:
    first = members[0]
    post = network.population(first.post)
    port = post.model.port_of(network.receptor_of(first))
    port_exponent = exponents[str(post.neuron), port]
    kind = _group_key(network, first, exponents)[3]
    exponent = port_exponent
    if kind == PACKED:
        largest = max(_largest(network.weight_of(p)) for p in members)
        exponent = packing_exponent(largest, port_exponent)
    low, high = delay_window(network, members)
    return TablePlan(
        network.population_index(first.pre),
        tuple(members),
        int(str(kind)),
        post.model.ports.index(port),
        exponent,
        port_exponent - exponent,
        low,
        high - low + 1,
    )


def delay_window(network: Network, members: Sequence[Projection]) -> tuple[int, int]:
    """Return the shortest and the longest delay [steps] of projections.

    Raises
    ------
    BuildError
        A delay of too many steps.
    """
    one_of_each = {network.delay_of(p): p for p in members}
    ranges = [delay_range(network, projection) for projection in one_of_each.values()]
    return min(low for low, _ in ranges), max(high for _, high in ranges)
