"""Compiled drawing of synapses: count each row, then place into it, from the same streams.

No edge list is stored and nothing is sorted by source: the first pass counts how many synapses
every source has in every partition, the second draws the same numbers again and writes each
target where it belongs. A synapse is named by its target (or source) and its number, never by the
partition, so any partitioning holds the same network.

Rules that fix something for each target go target by target; rules that fix something for each
source go row by row, every partition keeping the targets that it owns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from snnlab.build.by_row import draw_row, new_scratch
from snnlab.build.by_target import visit_targets
from snnlab.build.rule import DISTANCE, Rule
from snnlab.build.sink import Sink
from snnlab.rules.borrow import borrowed

__all__ = ["count", "place"]

_NOWHERE = np.empty(0, np.uint16)


@njit(nogil=True, error_model="numpy", cache=True)
def _visit(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    rule, sink, cursor = borrowed((rule, sink, cursor))
    if rule.kind <= DISTANCE:
        visit_targets(rule, sink, cursor, low, high, local)
    else:
        kept = new_scratch(rule)
        scratch = borrowed(kept)
        for row in range(rule.n_pre):
            draw_row(rule, sink, cursor, row, low, high, local, scratch)
        return kept.seen.size  # it must live until here
    return 0


def count(rule: Rule, cursor: NDArray[Any], owned: tuple[int, int, int]) -> None:
    """Add the number of synapses of each source in one partition to `cursor`.

    Parameters
    ----------
    rule : Rule
    cursor : (n_pre,) uint32 or int64
    owned : low, high, local
        The targets of the partition: their numbers ``low ... high - 1``, and the local slot of the
        first.
    """
    if owned[0] < owned[1]:
        _visit(rule, Sink(True, _NOWHERE), cursor, *owned)


def place(
    rule: Rule, pool: NDArray[np.uint16], cursor: NDArray[Any], owned: tuple[int, int, int]
) -> None:
    """Write the targets of one partition behind the cursors of their rows, and advance these.

    Parameters
    ----------
    rule : Rule
    pool : (n,) uint16
    cursor : (n_pre,) uint32 or int64
        Next free index of each row.
    owned : low, high, local
    """
    if owned[0] < owned[1]:
        _visit(rule, Sink(False, pool), cursor, *owned)
