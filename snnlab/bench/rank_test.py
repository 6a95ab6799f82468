"""Where a series of numbers changes its level: the Mann-Whitney statistic, over all splits."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from snnlab.errors import SpecError

__all__ = ["ALPHAS", "END", "LENGTHS", "critical_value", "largest_step", "simulate"]

END = 2
"""Points at each end of a segment behind which no split is looked for."""

ALPHAS = (0.01, 0.001)
"""Error probabilities that have critical values."""

LENGTHS = (*range(5, 41), *range(45, 101, 5), 120, 150, 200, 300, 500, 1000)
"""Lengths of segments that have critical values; between them they are interpolated."""

N_DRAWS, SEED = 200_000, 20261127
_TABLE = "critical_values.csv"


def split_statistics(ranks: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return |z| of the Mann-Whitney test for each split, along the last axis.

    Entry k belongs to the split before point ``END + k``.
    """
    n = ranks.shape[-1]
    left = np.arange(END, n - END + 1)
    # A sum of centred ranks needs no subtraction of k (n + 1) / 2 that would lose digits.
    sums = np.cumsum(ranks - (n + 1) / 2, axis=-1)[..., left - 1]
    z: NDArray[np.float64] = np.abs(sums) / np.sqrt(left * (n - left) * (n + 1) / 12)
    return z


def largest_step(values: NDArray[np.float64]) -> tuple[int, float]:
    """Return the most likely first point of a new level, and how far it stands out.

    Parameters
    ----------
    values : (n,) float64
        At least five, without NaN; equal ones share their rank.

    Returns
    -------
    at : int
        Index of the first point after the split, from ``END`` to ``n - END``.
    statistic : float
        Largest standardised Mann-Whitney statistic; compare with `critical_value`.
    """
    if values.size < LENGTHS[0]:
        raise SpecError(
            "largest_step", f"needs {LENGTHS[0]} points or more", got=f"{values.size} points"
        )
    z = split_statistics(stats.rankdata(values))
    best = int(np.argmax(z))
    return END + best, float(z[best])


def critical_value(length: int, alpha: float) -> float:
    """Return what the largest statistic of `length` exchangeable points exceeds with `alpha`.

    Parameters
    ----------
    length : int
        From 5; above 1000 the value of 1000 is taken (it hardly grows any more).
    alpha : float
        One of `ALPHAS`.

    Raises
    ------
    SpecError
        An `alpha` that the table does not have, or too short a segment.
    """
    if alpha not in ALPHAS:
        raise SpecError("critical_value", f"alpha must be one of {ALPHAS}", got=str(alpha))
    if length < LENGTHS[0]:
        raise SpecError("critical_value", f"length must be >= {LENGTHS[0]}", got=str(length))
    column = _table()[:, 1 + ALPHAS.index(alpha)]
    return float(np.interp(np.log(length), np.log(_table()[:, 0]), column))


def simulate(length: int) -> tuple[float, ...]:
    """Return the critical values of one length, one for each of `ALPHAS`.

    Monte-Carlo over permutations with a seed of its own for each length, so that each row of the
    table can be checked alone.

    Parameters
    ----------
    length : int
        Number of points of a segment.
    """
    rng = np.random.default_rng([SEED, length])
    chunk = max(1, 2_000_000 // length)
    largest = [
        split_statistics(1.0 + rng.random((min(chunk, N_DRAWS - done), length)).argsort(-1)).max(-1)
        for done in range(0, N_DRAWS, chunk)
    ]
    found = np.quantile(np.concatenate(largest), 1.0 - np.array(ALPHAS))
    return tuple(float(value) for value in found)


@cache
def _table() -> NDArray[np.float64]:
    """The shipped table: a row for each length, a column for each alpha."""
    text = files("snnlab.bench").joinpath(_TABLE).read_text()
    return np.loadtxt(text.splitlines(), delimiter=",", skiprows=1)
