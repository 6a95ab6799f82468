"""The weights of one projection as a coarse picture, read where they are: no list is made of them.

Sums are of whole numbers, so that they are the same however partitions and ranks share the
synapses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from snnlab.arrays.built import Built
from snnlab.arrays.lesions import is_lesioned
from snnlab.arrays.plastic_view import PlasticView
from snnlab.arrays.static_weights import static_weights
from snnlab.arrays.synapse_order import table_of
from snnlab.build.layout import BLOCK
from snnlab.build.storage import PACKED, PLASTIC
from snnlab.errors import SpecError
from snnlab.frames.weights import WeightPicture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network, Projection

__all__ = ["read_weights"]

_AT_ONCE = 1 << 20
"""Synapses whose weights are decoded at a time, or those of one partition's row if it has more."""

_MOST_BITS = 40
"""Bits of a weight that sums keep, counted from those of the largest one; float32 has 24."""


class _Piece(NamedTuple):
    """Synapses that lie side by side in the pool: those of some rows of one partition."""

    start: NDArray[np.int64]
    """(n_rows,) where the synapses of each source begin in `target` and `weight`."""
    stop: NDArray[np.int64]
    """(n_rows,) where they end."""
    column: NDArray[np.int64]
    """(n_rows,) where each source is in the picture; -1: nowhere."""
    row: NDArray[np.int64]
    """(n_slots,) where each target slot of the partition is in the picture; -1: nowhere."""
    target: NDArray[np.integer]
    weight: NDArray[np.floating]


def read_weights(
    built: Built, projection: Projection, step: int, *, most_cells: int, n_bars: int
) -> WeightPicture:
    """Return the weights of a projection, those of all ranks; all spikes must have been delivered.

    Static projections between the same populations that share a table are read together, as in
    `snnlab.arrays.synapse_list.list_synapses`.

    Parameters
    ----------
    built : Built
    projection : Projection
    step : int
        How many steps are done.
    most_cells : int
        Columns and rows at most; neighbouring neurons share one.
    n_bars : int
        Bars of the histogram, from the least to the largest weight.

    Raises
    ------
    SpecError
        Weights that are not finite.
    """
    sizes = [built.network.population(end).size for end in (projection.post, projection.pre)]
    shape = min(sizes[0], most_cells), min(sizes[1], most_cells)
    is_whole = _is_whole(built, projection)
    n, low, high = _range(built, projection, shape, is_whole)
    edges = _edges(low, high, n_bars) if n else np.linspace(0.0, 1.0, n_bars + 1)
    exponent = 0
    if n:
        exponent = min(_MOST_BITS, 62 - n.bit_length()) - int(np.frexp(max(-low, high))[1])
    matrix, counts, total = (np.zeros(size, np.int64) for size in (shape, n_bars, 1))
    for piece in _pieces(built, projection, shape):
        if is_whole and matrix.size == counts.size == 1:
            _add_up(piece.weight, 2.0**exponent, matrix, counts, total)
        else:
            _add(*piece, edges, 2.0**exponent, matrix, counts, total)
    matrix, counts, total = (built.world.total(part) for part in (matrix, counts, total))
    return WeightPicture(
        projection.name, step, np.ldexp(matrix.astype(np.float64), -exponent), sizes[1], sizes[0],
        edges, counts, low, high, float(np.ldexp(total[0] / n, -exponent)) if n else np.nan,
    )  # fmt: skip


def _range(
    built: Built, projection: Projection, shape: tuple[int, int], is_whole: bool
) -> tuple[int, float, float]:
    """Number of synapses on all ranks, least and largest weight; NaN if there are none."""
    found = np.array([[0.0, np.inf, -np.inf, 0.0]])
    for piece in _pieces(built, projection, shape):
        if is_whole and piece.weight.size:
            n, low, high, wrong = found[0]
            least, most = float(piece.weight.min()), float(piece.weight.max())
            # Of a number that is not finite the difference is NaN, and stays so.
            found[0] = n + piece.weight.size, min(low, least), max(high, most), wrong + most - least
        else:
            _widen(*piece, found[0])
    parts = built.world.gathered(found)
    if not np.isfinite(parts[:, 3]).all():
        raise SpecError(f"Weights of {projection.name!r}", "must be finite", got="NaN or infinity")
    n = int(parts[:, 0].sum())
    return (n, float(parts[:, 1].min()), float(parts[:, 2].max())) if n else (0, np.nan, np.nan)


def _edges(low: float, high: float, n_bars: int) -> NDArray[np.float64]:
    if high - low <= 1e-9 * max(abs(low), abs(high)):  # all alike
        room = 0.1 * abs(high) or 1.0
        low, high = low - room, high + room
    return np.linspace(low, high, n_bars + 1)


def _is_whole(built: Built, projection: Projection) -> bool:
    """Whether all that lies in a piece is a synapse that counts, so that none is looked up."""
    k = table_of(built, projection)
    connections, is_rewired = built.connections, built.network.is_rewired(projection.name)
    return connections.plans[k].kind == PLASTIC and k not in connections.row_stop and not is_rewired


def _pieces(built: Built, projection: Projection, shape: tuple[int, int]) -> Iterator[_Piece]:
    k = table_of(built, projection)
    connections, first_slots = built.connections, built.partitions.bounds * BLOCK
    starts, stops = connections.rows(k)
    column, row = _cells(built, projection, shape)
    stored = connections.packed if connections.plans[k].kind == PACKED else connections.targets
    for p in range(built.partitions.n):
        row_here = row[first_slots[p] : first_slots[p + 1]]
        for some in _runs(starts[p], stops[p]):
            start, stop = starts[p, some], stops[p, some]
            pool = slice(int(start[0]), int(stop[-1]))
            target = stored[pool] & stored.dtype.type(0xFFFF)
            yield _Piece(
                start - pool.start, stop - pool.start, column[some], row_here, target,
                _weights(built, projection, k, pool),
            )  # fmt: skip


def _runs(start: NDArray[np.int64], stop: NDArray[np.int64]) -> Iterator[slice]:
    """Rows that hold about `_AT_ONCE` places of the pool together."""
    if not start.size:
        return
    cuts = np.searchsorted(start, np.arange(start[0], stop[-1], _AT_ONCE)[1:])
    bounds = np.unique([0, *cuts, start.size])
    yield from map(slice, bounds[:-1].tolist(), bounds[1:].tolist())


def _weights(built: Built, projection: Projection, k: int, pool: slice) -> NDArray[np.floating]:
    if built.connections.plans[k].kind != PLASTIC:
        return static_weights(built, k, pool)
    names = [table.projection.name for table in built.plastic_tables]
    view = PlasticView(built, names.index(projection.name))
    base = view.column("targets_base")
    weights: NDArray[np.floating] = view.states()[0][pool.start - base : pool.stop - base]
    return weights


def _cells(
    built: Built, projection: Projection, shape: tuple[int, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column of each source, and row of each slot of the network; -1 where nothing counts."""
    network, layout = built.network, built.layout
    column = _places(network, projection, projection.pre, shape[1])
    row = np.full(layout.n_blocks * BLOCK, -1)
    first = layout.first_slot([p.name for p in network.populations].index(projection.post))
    row[first : first + network.population(projection.post).size] = _places(
        network, projection, projection.post, shape[0]
    )
    return column, row


def _places(network: Network, projection: Projection, end: str, n: int) -> NDArray[np.int64]:
    """Which of `n` cells each neuron is in; -1 for lesioned ones where they lose their synapses."""
    population = network.population(end)
    cells = np.arange(population.size, dtype=np.int64) * n // population.size
    if network.is_rewired(projection.name):
        cells[is_lesioned(population)] = -1
    return cells


@njit(nogil=True, error_model="numpy", cache=True)
def _widen(start, stop, column, row, target, weight, found):  # type: ignore[no-untyped-def]
    """Count synapses, widen the range of their weights, keep one that is not finite."""
    n, low, high, wrong = 0, found[1], found[2], found[3]
    for r in range(start.size):
        if column[r] >= 0:
            for e in range(start[r], stop[r]):
                if row[target[e]] >= 0:
                    n += 1
                    w = float(weight[e])
                    low, high = min(low, w), max(high, w)
                    if w - w != 0.0:
                        wrong = w
    found[0] += n
    found[1], found[2], found[3] = low, high, wrong


@njit(nogil=True, error_model="numpy", cache=True)
def _add(start, stop, column, row, target, weight, edges, scale, matrix, counts, total):  # type: ignore[no-untyped-def]
    """Add synapses to cells and bars."""
    last = counts.size - 1
    per_bar = counts.size / (edges[-1] - edges[0])
    for r in range(start.size):
        c = column[r]
        if c >= 0:
            for e in range(start[r], stop[r]):
                at = row[target[e]]
                if at >= 0:
                    w = float(weight[e])
                    whole = np.int64(np.rint(w * scale))
                    matrix[at, c] += abs(whole)
                    total[0] += whole
                    bar = min(max(int((w - edges[0]) * per_bar), 0), last)
                    if w < edges[bar]:  # rounded into the next one
                        bar -= 1
                    elif bar < last and w >= edges[bar + 1]:
                        bar += 1
                    counts[bar] += 1


@njit(nogil=True, error_model="numpy", cache=True)
def _add_up(weight, scale, matrix, counts, total):  # type: ignore[no-untyped-def]
    """Add synapses that are all in one cell and in one bar."""
    whole, size = np.int64(0), np.int64(0)
    for e in range(weight.size):
        w = np.int64(np.rint(weight[e] * scale))
        whole += w
        size += abs(w)
    matrix[0, 0] += size
    counts[0] += weight.size
    total[0] += whole
