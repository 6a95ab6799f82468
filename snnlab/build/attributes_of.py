"""What the synapses of a table draw beside their targets, as the numbers that are drawn by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.finish import Attributes
from snnlab.build.rule import OUTDEGREE, Rule
from snnlab.build.rules_of import Owned
from snnlab.build.storage import PLASTIC
from snnlab.build.tables import TablePlan, delay_table, weight_table
from snnlab.model.distribution import Distribution
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["attributes_of"]

_QUANTILES = np.arange(65536, dtype=np.int32)
"""What plastic synapses draw in place of weights."""


def attributes_of(
    network: Network, plan: TablePlan, rules: list[Rule], owned: list[Owned]
) -> Attributes:
    """Return what the synapses of a table draw.

    Parameters
    ----------
    network : Network
    plan : TablePlan
    rules : list of Rule
        One for each projection of the table.
    owned : list of (low, high, local)
        The targets of each of them in each partition, as `Partitions.targets` returns them.
    """
    weights, weight_of = _distinct(
        [None if plan.kind == PLASTIC else network.weight_of(p) for p in plan.projections],
        lambda k: (
            _QUANTILES
            if plan.kind == PLASTIC
            else weight_table(network, plan.projections[k], plan.exponent)
        ),
    )
    delays, delay_of = _distinct(
        [network.delay_of(p) for p in plan.projections],
        lambda k: delay_table(network, plan.projections[k]),
    )
    return Attributes(
        weights=weights,
        delays=delays,
        weight_of=weight_of,
        delay_of=delay_of,
        first=np.array([low - local for low, _, local in owned], np.int64),
        is_shuffled=np.array([rule.kind == OUTDEGREE for rule in rules]),
        stream=np.array([rule.stream for rule in rules], np.int64),
        seed=network.seed,
        first_delay=plan.first_delay,
    )


def _distinct(
    drawn_from: Sequence[Distribution | None], table: Callable[[int], NDArray[Any]]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Equal tables once, since the processor's cache holds few; and which one each was.

    Parameters
    ----------
    drawn_from : sequence of Distribution or None
        Equal ones have equal tables.
    table : callable
        Place in the sequence -> (65536,) table.
    """
    place_of: dict[Distribution | None, int] = {}
    places: dict[bytes, int] = {}
    tables: list[NDArray[Any]] = []
    for k, distribution in enumerate(drawn_from):
        if distribution not in place_of:
            made = table(k)
            place_of[distribution] = places.setdefault(made.tobytes(), len(places))
            if len(places) > len(tables):
                tables.append(made)
    return np.stack(tables), np.array([place_of[d] for d in drawn_from], np.int64)
