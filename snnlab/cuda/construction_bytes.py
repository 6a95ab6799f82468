"""How much memory of the device drawing a network's synapses takes, told before anything is."""

from __future__ import annotations

import math

from snnlab.build.expected import expected_synapses
from snnlab.build.growing import n_places
from snnlab.build.layout import Layout, Partitions
from snnlab.build.memory import parts_here, quantile_bytes
from snnlab.build.rules_of import kind_of
from snnlab.build.storage import PACKED, SHARED
from snnlab.build.tables import TablePlan
from snnlab.cuda.drawing import is_shuffled, table_bytes, table_capacity
from snnlab.cuda.finishing import is_bordered, long_row_bytes
from snnlab.cuda.row_bits import are_short, first_counter_bits, row_bits_bytes
from snnlab.cuda.row_counters import counters_bytes
from snnlab.model.connectivity import DistanceDependent, FixedOutdegree
from snnlab.model.network import Network, Projection

__all__ = ["construction_bytes", "synapse_bytes"]

_SPREAD = 12.0
"""Standard deviations above the mean that rows may be long."""

_BYTES = {SHARED: 2, PACKED: 4}
_WIDE_BYTES = 6
_GAP_TABLE_BYTES = 65_544
_RANGE_BYTES = 16
"""Of each projection and partition: at which local target it begins, and which it is."""

_TOLD_BYTES = 2048
"""What kernels are told about a table."""

_PLACE_BYTES, _DEGREE_BYTES = 16, 8
"""While a rule is drawn: of each neuron of the two populations where it lies, if that matters, and
of each own target how many synapses it gets."""


def construction_bytes(
    plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions, network: Network
) -> int:
    """Return the peak number of bytes while `snnlab.cuda.connect.connect` draws a network.

    Parameters
    ----------
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Those of one rank, where ranks share the network.
    network : Network

    Returns
    -------
    int
        The finished synapses and what comes on top of them.
    """
    here = parts_here(network, layout, partitions)
    passing = (_passing(plan, layout, partitions, network, here) for plan in plans)
    kept = (sum(_kept(plan, layout, partitions, network, here, 0)) for plan in plans)
    return int(sum(kept) + max(passing, default=0.0))


def synapse_bytes(
    plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions, network: Network
) -> tuple[int, int]:
    """Return the number of bytes of the finished synapses, and of where rows and delays begin.

    The numbers of quantiles are among the synapses; rows that may grow have room.
    """
    here = parts_here(network, layout, partitions)
    kept = [_kept(plan, layout, partitions, network, here, 1) for plan in plans]
    return int(sum(synapses for synapses, _ in kept)), int(sum(rows for _, rows in kept))


def _kept(
    plan: TablePlan, layout: Layout, partitions: Partitions, network: Network,
    here: dict[str, float], has_room: int,
) -> tuple[float, float]:  # fmt: skip
    """Of one table: synapses; row starts and segment ends."""
    n = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections)
    n_pre, n_partitions = int(layout.sizes[plan.source]), partitions.n
    if has_room and network.is_rewired(plan.projections[0].name):
        n = n_places(n, n_pre * n_partitions)
    segments = 4.0 * plan.n_delays if plan.n_delays > 1 else 0.0
    starts = n_partitions * (n_pre + 1) * 8.0
    if are_short(network, plan, layout, partitions):
        starts = row_bits_bytes(n_partitions * n_pre, n)
    rows = starts + n_partitions * n_pre * segments
    return n * _BYTES.get(plan.kind, _WIDE_BYTES), rows


def _passing(
    plan: TablePlan, layout: Layout, partitions: Partitions, network: Network,
    here: dict[str, float],
) -> float:  # fmt: skip
    """Of one table, while it is drawn: cursors, borders, quantiles, the largest rule, scratch."""
    n_projections, n_pre = len(plan.projections), int(layout.sizes[plan.source])
    n_rows = n_pre * partitions.n
    if are_short(network, plan, layout, partitions):
        bits = first_counter_bits(network, plan, layout, partitions)
        cursors = border = float(counters_bytes(n_rows, bits))
    else:
        cursors, border = 8.0 * n_rows, 4.0 * n_rows
    told = _TOLD_BYTES + _RANGE_BYTES * n_projections * partitions.n
    borders = border * (n_projections - 1) if is_bordered(plan) else 0.0
    quantiles = quantile_bytes(network, plan) if _is_finished(plan) else 0.0
    mean = sum(expected_synapses(network, p) * here[p.post] for p in plan.projections) / n_pre
    longest = math.ceil(_above(mean))
    long_rows = long_row_bytes(longest, n_rows, plan.n_delays > 1)
    drawing = max(_drawing(network, p, here[p.post]) for p in plan.projections)
    return told + borders + max(cursors + drawing, quantiles + long_rows)


def _is_finished(plan: TablePlan) -> bool:
    """Whether something is drawn for synapses, or put into order, once they are placed."""
    is_unsorted = any(is_shuffled(kind_of(p.rule)) for p in plan.projections)
    return is_unsorted or plan.kind != SHARED or plan.n_delays > 1


def _above(mean: float) -> float:
    """A number that one with this mean does not exceed."""
    return mean + _SPREAD * math.sqrt(mean) + _SPREAD


def _drawing(network: Network, projection: Projection, here: float) -> float:
    """What one projection takes while it is drawn: its rule, and tables of distinct partners."""
    rule = projection.rule
    n_pre = network.population(projection.pre).size
    n_post = network.population(projection.post).size
    of_rule = _GAP_TABLE_BYTES + _DEGREE_BYTES * n_post * here
    if isinstance(rule, DistanceDependent):
        of_rule += _PLACE_BYTES * (n_pre + n_post)
    if getattr(rule, "multapses", True):
        return of_rule
    by_source = isinstance(rule, FixedOutdegree)
    n_drawing, n_partners = (n_pre, n_post) if by_source else (n_post, n_pre)
    degree = min(_above(expected_synapses(network, projection) / n_drawing), n_partners)
    return of_rule + table_bytes(table_capacity(math.ceil(degree), n_partners), n_drawing)
