"""Compiled drawing of synapses: count each row, then place into it, from the same streams.

No edge list is stored and nothing is sorted by source: the first pass counts how many synapses
every source has in every partition, the second draws the same numbers again and writes each
target where it belongs. A synapse is named by its target (or source) and its number, never by the
partition, so any partitioning holds the same network.

Rules that fix something for each target go target by target; rules that fix something for each
source go row by row, every partition keeping the targets that it owns.
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from snnlab.build.by_row import draw_row, new_scratch
from snnlab.build.by_target import visit_targets
from snnlab.build.rule import DISTANCE, Rule
from snnlab.build.sink import Sink

__all__ = ["count", "place"]


@njit(error_model="numpy", cache=True)
def _visit_rows(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    scratch = new_scratch(rule)
    for row in range(rule.n_pre):
        draw_row(rule, sink, cursor, row, low, high, local, scratch)


@njit(parallel=True, error_model="numpy", cache=True)
def _visit(rule, sink, cursor, low, high, local):  # type: ignore[no-untyped-def]
    for p in prange(low.size):
        if rule.kind <= DISTANCE:
            visit_targets(rule, sink, cursor[p], low[p], high[p], local[p])
        else:
            _visit_rows(rule, sink, cursor[p], low[p], high[p], local[p])


def count(rule: Rule, cursor: NDArray[np.int64], owned: tuple[NDArray[np.int64], ...]) -> None:
    """Add the number of synapses of each source in each partition to `cursor`.

    Parameters
    ----------
    rule : Rule
    cursor : (n_partitions, n_pre) int64
    owned : low, high, local
        The targets of each partition, as `Partitions.targets` returns them.
    """
    _visit(rule, Sink(True, np.empty(0, np.uint16)), cursor, *owned)


def place(
    rule: Rule,
    pool: NDArray[np.uint16],
    cursor: NDArray[np.int64],
    owned: tuple[NDArray[np.int64], ...],
) -> None:
    """Write the targets of a projection behind the cursors of their rows, and advance these.

    Parameters
    ----------
    rule : Rule
    pool : (n,) uint16
    cursor : (n_partitions, n_pre) int64
        Next free index of each row.
    owned : low, high, local
    """
    _visit(rule, Sink(False, pool), cursor, *owned)
