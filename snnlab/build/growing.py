"""Rows that may grow: tables of synapses with room behind every row, made from lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.storage import PACKED, PLASTIC, WIDE, pool_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Pairs", "n_places", "pairs_of", "with_room"]

_ROOM = 16
"""Synapses by which every row may grow, beside as many as it has."""


class Pairs(NamedTuple):
    """The synapses of one projection: who is connected with whom.

    Parameters
    ----------
    pre, post : (n,) int64
        Neurons counted within their populations, ascending in `pre`, then `post`; no pair twice.
    """

    pre: NDArray[np.int64]
    post: NDArray[np.int64]


def n_places(n_synapses: Any, n_rows: int = 1) -> Any:
    """Return for how many synapses so many rows that hold `n_synapses` have room."""
    return 2 * n_synapses + _ROOM * n_rows


def pairs_of(
    connections: Connections, k: int, post: int, layout: Layout, partitions: Partitions
) -> Pairs:
    """Return the synapses of table `k`, which holds one projection onto population `post`."""
    starts, stops = connections.rows(k)
    lengths = (stops - starts).ravel()
    n_partitions, n_rows = starts.shape
    before = np.cumsum(lengths) - lengths
    at = np.repeat(starts.ravel() - before, lengths) + np.arange(int(lengths.sum()))
    row = np.repeat(np.tile(np.arange(n_rows), n_partitions), lengths)
    part = np.repeat(np.repeat(np.arange(n_partitions), n_rows), lengths)
    slot = connections.local_targets(k, at) + partitions.bounds[part] * BLOCK
    target = slot - layout.first_slot(post)
    order = np.lexsort((target, row))
    return Pairs(row[order], target[order])


def with_room(
    connections: Connections,
    pairs: Mapping[int, tuple[Pairs, int]],
    layout: Layout,
    partitions: Partitions,
) -> Connections:
    """Return the connections with some tables replaced by lists of synapses, rows with room.

    Parameters
    ----------
    connections : Connections
    pairs : mapping of int to (Pairs, int)
        Table -> its synapses, and the number of the target population; those onto targets that no
        partition owns are left out.
    layout : Layout
    partitions : Partitions
    """
    starts, stops, pieces, base = list(connections.row_start), {}, [np.empty(0, np.uint16)], 0
    unpacked = [k for k, plan in enumerate(connections.plans) if plan.kind != PACKED]
    # In the order in which they lie in the pool, even if they are empty yet; those behind move.
    for k in sorted(unpacked, key=lambda k: _place(connections, k)):
        first, last = int(starts[k][0, 0]), int(starts[k][-1, -1])
        piece = connections.targets[first:last]
        starts[k] = starts[k] + (base - first)
        if k in pairs:
            listed, post = pairs[k]
            owned = partitions.targets(layout, post)
            piece, starts[k], stops[k] = _rows(listed, owned, starts[k].shape, base)
        pieces.append(piece)
        base += piece.size
    targets = np.concatenate(pieces)
    wide = np.zeros(_wide_size(connections, starts), np.int32)
    _copy_wide(connections, starts, pairs, wide)
    return replace(connections, targets=targets, wide=wide, row_start=tuple(starts), row_stop=stops)


def _place(connections: Connections, k: int) -> tuple[int, int, int]:
    return pool_order(connections.plans[k].kind), int(connections.row_start[k][0, 0]), k


def _rows(
    listed: Pairs, owned: tuple[NDArray[np.int64], ...], shape: tuple[int, ...], base: int
) -> tuple[NDArray[np.uint16], NDArray[np.int64], NDArray[np.int64]]:
    """Targets with room behind each row; where rows start and end, both of `shape`."""
    low, high, local = owned
    is_here = (listed.post >= low[0]) & (listed.post < high[-1])
    listed = Pairs(listed.pre[is_here], listed.post[is_here])
    part = np.searchsorted(high, listed.post, side="right")
    n_rows = shape[1] - 1
    row = part * n_rows + listed.pre
    order = np.lexsort((listed.post, row))
    lengths = np.bincount(row, minlength=shape[0] * n_rows)
    room = n_places(lengths)
    first = np.cumsum(room) - room
    starts = np.zeros(shape, np.int64)
    starts[:, :-1] = first.reshape(shape[0], n_rows)
    starts[:, -1] = np.append(starts[1:, 0], room.sum())
    stops = starts.copy()
    stops[:, :-1] += lengths.reshape(shape[0], n_rows)
    places = first[row[order]] + np.arange(row.size) - (np.cumsum(lengths) - lengths)[row[order]]
    targets = np.zeros(int(room.sum()), np.uint16)
    targets[places] = (listed.post - low[part] + local[part])[order]
    return targets, starts + base, stops + base


def _has_wide(kind: int) -> bool:
    """Whether synapses of a kind of storage have a number beside their target."""
    return kind in (WIDE, PLASTIC)


def _wide_size(connections: Connections, starts: list[NDArray[np.int64]]) -> int:
    """Places of the pool of wide weights: up to the last table that has any."""
    plans = connections.plans
    ends = [int(start[-1, -1]) for start, plan in zip(starts, plans, strict=True)
            if _has_wide(plan.kind)]  # fmt: skip
    return max(ends, default=0)


def _copy_wide(
    connections: Connections,
    starts: list[NDArray[np.int64]],
    pairs: Mapping[int, object],
    wide: NDArray[np.int32],
) -> None:
    """Copy the wide weights of tables that keep their synapses; the others have one weight."""
    for k, plan in enumerate(connections.plans):
        old = connections.row_start[k]
        if k in pairs or not _has_wide(plan.kind):
            continue
        n = int(old[-1, -1] - old[0, 0])
        at, was = int(starts[k][0, 0]), int(old[0, 0])
        wide[at : at + n] = connections.wide[was : was + n]
