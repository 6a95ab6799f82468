"""One projection's rule as the compiled functions need it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ALL_TO_ALL",
    "BERNOULLI",
    "DISTANCE",
    "INDEGREE",
    "ONE_TO_ONE",
    "OUTDEGREE",
    "PARTNERS",
    "VALUES",
    "Rule",
]

ONE_TO_ONE, INDEGREE, DISTANCE, ALL_TO_ALL, OUTDEGREE, BERNOULLI = range(6)

PARTNERS, VALUES = np.int64(0), np.int64(1)  # numpy's: a literal is a type of its own
"""Purposes of random words: whom to connect to; weight and delay."""


class Rule(NamedTuple):
    """One projection.

    Parameters
    ----------
    kind : int
        ``ONE_TO_ONE`` ... ``BERNOULLI``. Up to ``DISTANCE`` they are drawn target by target,
        from ``ALL_TO_ALL`` on row by row.
    n_pre, n_post : int
        Sizes of the populations.
    degrees : (n_post,) or (1,) int64
        In-degree of each target (INDEGREE) or of all, or the out-degree of all (OUTDEGREE).
    p : float
        Probability (BERNOULLI, DISTANCE).
    guide : (16384,) uint16
    thresholds : (n,) int64
        Tables of the gaps (BERNOULLI): see `snnlab.build.gaps`.
    scale : float [um]
    kernel : int
        Distance kernel: gaussian, exponential, disc.
    forbids_self, forbids_multiple : bool
        Autapses off in a recurrent projection; multapses off.
    pre_positions, post_positions : (n, 2) float64 [um]
    period : (2,) float64 [um]
        Width and height of a torus; 0 for an open sheet.
    seed, stream : int
    """

    kind: int
    n_pre: int
    n_post: int
    degrees: NDArray[np.int64]
    p: float
    guide: NDArray[np.uint16]
    thresholds: NDArray[np.int64]
    scale: float
    kernel: int
    forbids_self: bool
    forbids_multiple: bool
    pre_positions: NDArray[np.float64]
    post_positions: NDArray[np.float64]
    period: NDArray[np.float64]
    seed: int
    stream: int
