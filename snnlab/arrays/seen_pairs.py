"""What rules see of a pair of neurons where the host asks them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.arrays.marks import mark, mark_stream
from snnlab.build.random import stream_id
from snnlab.build.rules_of import positions
from snnlab.model.network import Network
from snnlab.model.rewiring import Rewiring

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["names_of", "see", "sheet_of"]


def sheet_of(network: Network, rewiring: Rewiring) -> tuple[NDArray[np.float64], ...]:
    """Return positions of sources and targets, and the period of a torus [um].

    Returns
    -------
    tuple of (n_pre, 2) float64, (n_post, 2) float64, (2,) float64
        The first two are empty if there are no positions; the last is 0 for an open sheet.
    """
    projection = network.projection(rewiring.projection)
    ends = network.population(projection.pre), network.population(projection.post)
    space = ends[1].space
    if ends[0].space is None or space is None:
        return np.empty((0, 2)), np.empty((0, 2)), np.zeros(2)
    period = np.array(space.extent if space.is_periodic else (0.0, 0.0), np.float64)
    pre, post = (
        np.ascontiguousarray(np.broadcast_to(positions(network, p), (p.size, 2))) for p in ends
    )
    return pre, post, period


def names_of(
    network: Network, rewiring: Rewiring, step: int, *, reads_mark: bool
) -> NDArray[np.uint32]:
    """Return what names random numbers, shape (5,).

    Seed, stream and step of the rule's draws; the stream of marks, and whether they are read.
    """
    streams = stream_id("rewiring", rewiring.name), mark_stream(rewiring.projection)
    names = [network.seed, streams[0], step, streams[1], int(reads_mark)]
    return np.array(names, np.uint64).astype(np.uint32)


@njit(error_model="numpy", cache=True)
def _distance(from_, to, period):  # type: ignore[no-untyped-def]
    """Distance between two positions, on a torus the shortest one."""
    squared = 0.0
    for axis in range(2):
        d = abs(from_[axis] - to[axis])
        if period[axis] > 0.0:
            d = min(d, period[axis] - d)
        squared += d * d
    return math.sqrt(squared)


@njit(error_model="numpy", cache=True)
def see(sheet, indegree, names, pre, post, pair):  # type: ignore[no-untyped-def]
    """Write what a rule sees of a pair.

    Parameters
    ----------
    sheet : see `sheet_of`
    indegree : (n_post,) int64
    names : see `names_of`
    pre, post : int
        Neurons within their populations.
    pair : (n,) real
        Written: `snnlab.rules.rewiring.PAIR`.
    """
    from_, to, period = sheet
    pair[0] = _distance(from_[pre], to[post], period) if from_.shape[0] else 0.0
    pair[1] = indegree[post]
    pair[2] = mark(pre, post, names[0], names[3]) if names[4] else 0.0
