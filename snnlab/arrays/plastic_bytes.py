"""How many bytes plastic projections will take besides their rows, before anything is built."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from snnlab.arrays.plastic import PLASTIC_FIELDS
from snnlab.arrays.plastic_arrays import history_of, n_params
from snnlab.build.held import rows_places, table_places
from snnlab.build.layout import Layout, Partitions
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan
from snnlab.model.network import Network
from snnlab.rules.emit_row import NUMBERS, RECENT
from snnlab.rules.synapse import SynapseRule, read_synapse

__all__ = ["PlasticBytes", "plastic_bytes"]


class PlasticBytes(NamedTuple):
    """Bytes of plastic projections.

    Parameters
    ----------
    weights : float
        State variables of the synapses.
    traces : float
        Everything else: traces, histories of the targets, and where what lies.
    """

    weights: float
    traces: float


def plastic_bytes(
    network: Network,
    plans: tuple[TablePlan, ...],
    layout: Layout,
    partitions: Partitions,
    chunk_steps: int,
    dtype: np.dtype[np.floating],
) -> PlasticBytes:
    """Return the bytes of `snnlab.arrays.plastic.Plastic` for a network.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
    chunk_steps : int
    dtype : dtype
        Of the state.
    """
    weights, traces = 0.0, 8.0 * partitions.n
    for plan in plans:
        if plan.kind == PLASTIC:
            # Any: mypy does not match a class with a protocol of its members.
            model: Any = plan.projections[0].model
            rule = _rule(model)
            n = table_places(network, plan, layout, partitions)
            weights += n * len(rule.states) * dtype.itemsize
            traces += sum(_beside(plan, rule, layout, partitions, network, chunk_steps, dtype)
                          .values())  # fmt: skip
    return PlasticBytes(weights, traces)


def _beside(
    plan: TablePlan, rule: SynapseRule, layout: Layout, partitions: Partitions, network: Network,
    chunk_steps: int, dtype: np.dtype[np.floating],
) -> Mapping[str, int]:  # fmt: skip
    """Bytes of each array of `Plastic` that a projection has a part of, without its state."""
    own = partitions.owned(layout, network.population_index(plan.projections[0].post))
    n_local, n_rows = own.stop - own.start, rows_places(plan, layout, partitions)
    n_spikes, real = n_local * history_of(plan, rule, chunk_steps), dtype.itemsize
    return {
        "table": 8 * len(PLASTIC_FIELDS),
        "of partitions": 8 * 8 * partitions.n,
        "params": real * n_params(rule),
        "last_pre, done": 16 * n_rows,
        "pre": real * n_rows * len(rule.pre),
        "recent": n_local * RECENT * (4 + real * len(rule.post)),
        "history": n_spikes * (4 + real * len(rule.post)),
        "counts": 8 * n_local,
        "mod": real * partitions.n * len(rule.mod),
        "numbers": 8 * partitions.n * (len(NUMBERS) + plan.n_delays),
    }


@lru_cache(maxsize=64)
def _rule(model: Any) -> SynapseRule:
    return read_synapse(model)
