"""Rows drawn one behind the other: one pass is enough where a table holds one row-by-row rule.

Such rows come out in the order in which they lie in memory, so they need not be counted first; only
the room must do for whatever is drawn. What is left over in it is never touched, so it costs
addresses and no memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int64, njit
from numpy.typing import NDArray

from snnlab.build.by_row import draw_row, new_scratch
from snnlab.build.rule import ALL_TO_ALL, OUTDEGREE, Rule
from snnlab.build.sink import Sink
from snnlab.errors import InternalError
from snnlab.rules.borrow import borrowed

__all__ = ["append_rows", "is_appendable", "places", "room"]

_SPREAD = 12.0
"""Standard deviations above the mean number of synapses that must fit."""


def is_appendable(rules: list[Rule]) -> bool:
    """Return whether the rows of a table can be drawn one behind the other."""
    return len(rules) == 1 and rules[0].kind >= ALL_TO_ALL


def _longest_rows(rule: Rule, n_owned: NDArray[np.int64]) -> NDArray[np.int64]:
    """The most synapses that a row can have in each partition."""
    return np.full_like(n_owned, rule.degrees[0]) if rule.kind == OUTDEGREE else n_owned


def room(rule: Rule, owned: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64]:
    """Return for how many synapses each partition needs room, shape (n_partitions,).

    Parameters
    ----------
    rule : Rule
    owned : low, high, local
        The targets of each partition, as `Partitions.targets` returns them.
    """
    n_owned = owned[1] - owned[0]
    p = {ALL_TO_ALL: 1.0, OUTDEGREE: rule.degrees[0] / rule.n_post}.get(rule.kind, rule.p)
    return places(rule.n_pre * p * n_owned, _longest_rows(rule, n_owned))


def places(mean: NDArray[np.floating], longest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the room for so many synapses on average, in rows of at most `longest`."""
    most: NDArray[np.int64] = np.ceil(mean + _SPREAD * np.sqrt(mean)).astype(np.int64)
    return np.add(most, longest)


@njit(nogil=True, error_model="numpy", cache=True)
def _append(rule, pool, stride, start, end, longest, low, high, local):  # type: ignore[no-untyped-def]
    """Fill ``start[1:]`` and `end`; return whether the room was enough."""
    rule, pool, start, end = borrowed((rule, pool, start, end))
    sink, stop = Sink(False, pool), pool.size
    kept = new_scratch(rule)
    scratch = borrowed(kept)
    for row in range(rule.n_pre):
        begin = int64(start[row])
        if begin + stride * longest > stop:
            return False
        end[row] = begin
        draw_row(rule, sink, end, row, low, high, local, scratch)
        start[row + 1] = begin + stride * (int64(end[row]) - begin)
    return kept.seen.size > 0  # it must live until here


def append_rows(
    rule: Rule,
    pool: NDArray[np.uint16],
    stride: int,
    owned: tuple[int, int, int],
    dtype: type[np.integer[Any]],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw the rows of one partition into its room.

    Parameters
    ----------
    rule : Rule
    pool : (n,) uint16
        The room of the partition, where targets are placed.
    stride : int
        Places in `pool` that a finished synapse takes. A row's targets lie at the beginning of the
        room that the row takes in the end.
    owned : low, high, local
        The targets of the partition: their numbers ``low ... high - 1``, and the local slot of the
        first.
    dtype : type
        Of the indices: ``np.uint32`` or ``np.int64``.

    Returns
    -------
    start : (n_pre + 1,) dtype
        Index in `pool` at which each finished row begins; the last entry is where the last ends.
    end : (n_pre,) dtype
        Index behind the last target of each row.

    Raises
    ------
    InternalError
        More synapses than chance can make.
    """
    start, end = np.empty(rule.n_pre + 1, dtype), np.empty(rule.n_pre, dtype)
    start[0] = 0
    low, high, local = owned
    longest = int(_longest_rows(rule, np.array([high - low]))[0])
    if not _append(rule, pool, stride, start, end, longest, low, high, local):
        raise InternalError(
            "build.append", f"must draw at most {pool.size // stride} synapses", got="more",
            remedy="Please report this message with the network.",
        )  # fmt: skip
    return start, end
