"""How many bytes the synapses of a network will take once they are built, before any is drawn.

Counted as `Connections.nbytes` counts them afterwards: exactly where a rule fixes the number of
synapses, else with the mean of what is drawn.
"""

from __future__ import annotations

import numpy as np

from snnlab.build.append import places
from snnlab.build.expected import expected_synapses
from snnlab.build.growing import n_places
from snnlab.build.layout import Layout, Partitions
from snnlab.build.short_rows import MEAN_SHORT, n_groups
from snnlab.build.storage import PACKED, PLASTIC, SHARED
from snnlab.build.tables import TablePlan, delay_window
from snnlab.model.connectivity import AllToAll, FixedOutdegree, PairwiseBernoulli
from snnlab.model.network import Network

__all__ = ["connection_bytes", "is_short", "n_delays", "rows_places", "table_bytes", "table_places"]

_BESIDE_TARGET = {PACKED: 2, SHARED: 0}
_WIDE_BYTES = 4
_ROW_BYTES = 8


def connection_bytes(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions
) -> float:
    """Return the bytes of targets, weights, row starts and segment ends; see `Connections`.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        All of the network, or those of one rank.
    """
    return sum(table_bytes(network, plan, layout, partitions) for plan in plans)


def table_places(
    network: Network, plan: TablePlan, layout: Layout, partitions: Partitions
) -> float:
    """Return for how many synapses a table has room here."""
    n = _n_synapses(network, plan, layout, partitions)
    if network.is_rewired(plan.projections[0].name):
        return float(n_places(n, rows_places(plan, layout, partitions)))
    return _room(network, plan, layout, partitions) if _appends(network, plan) else n


def rows_places(plan: TablePlan, layout: Layout, partitions: Partitions) -> int:
    """Return how many rows a table has here: one for each source and partition."""
    return int(layout.sizes[plan.source]) * partitions.n


def table_bytes(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> float:
    """Return the bytes of a table's synapses and rows."""
    n_rows, n = int(layout.sizes[plan.source]), table_places(network, plan, layout, partitions)
    # The numbers of the quantiles of plastic weights are given back.
    beside = 0 if plan.kind == PLASTIC else _BESIDE_TARGET.get(plan.kind, _WIDE_BYTES)
    segments = 4 * n_rows * partitions.n * n_delays(network, plan, layout, partitions)
    starts = _ROW_BYTES * (n_rows + 1) * partitions.n
    if network.is_rewired(plan.projections[0].name):
        starts *= 2  # and where they end
    elif is_short(network, plan, layout, partitions):
        starts = (2 * (n_rows + 1) + 8 * n_groups(n_rows)) * partitions.n
    return n * (2 + beside) + segments + starts


def _n_synapses(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> float:
    """Mean number of synapses of a table whose targets are here."""
    n = 0.0
    for p in plan.projections:
        k = network.population_index(p.post)
        here = partitions.owned(layout, k)
        n += expected_synapses(network, p) * (here.stop - here.start) / int(layout.sizes[k])
    return n


def is_short(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> bool:
    """Return whether the rows of a table are short ones; see `snnlab.build.short_rows`."""
    if plan.kind == PLASTIC or network.rewirings:
        return False
    n = _n_synapses(network, plan, layout, partitions)
    return n < MEAN_SHORT * rows_places(plan, layout, partitions)


def _appends(network: Network, plan: TablePlan) -> bool:
    """Whether the rows of a table are drawn one behind the other, into room for more."""
    alone = len(plan.projections) == 1
    rule = plan.projections[0].rule
    return alone and isinstance(rule, AllToAll | FixedOutdegree | PairwiseBernoulli)


def _room(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> float:
    (projection,) = plan.projections
    rule, k = projection.rule, network.population_index(projection.post)
    low, high, _ = partitions.targets(layout, k)
    n_pre, n_post, n_owned = int(layout.sizes[plan.source]), int(layout.sizes[k]), high - low
    if isinstance(rule, FixedOutdegree):
        p, longest = rule.outdegree / n_post, np.full_like(n_owned, rule.outdegree)
    else:
        p, longest = float(getattr(rule, "p", 1.0)), n_owned
    return float(places(n_pre * p * n_owned, longest).sum())


def n_delays(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> int:
    """Return into how many delays the rows of a table are divided; 0 where all are equal."""
    if plan.kind == PLASTIC or network.rewirings:
        return plan.n_delays if plan.n_delays > 1 else 0
    owned = [partitions.owned(layout, network.population_index(p.post)) for p in plan.projections]
    here = [p for p, own in zip(plan.projections, owned, strict=True) if own.stop > own.start]
    if not here:
        return 0
    low, high = delay_window(network, here)
    return high - low + 1 if high > low else 0
