"""Change points of one series of times, by ranks: robust against outliers, the same every time."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.bench.rank_test import critical_value, largest_step
from snnlab.errors import SpecError

__all__ = ["ChangePoint", "change_points", "early_warning"]

MIN_LENGTH = 10
"""Shortest segment in which a change is looked for."""

NEW_POINTS = 5
"""Points that an early warning needs after the change."""


@dataclass(frozen=True)
class ChangePoint:
    """A change of level.

    Parameters
    ----------
    at : int
        Index of the first point of the new level.
    ratio : float
        Median after / median before.
    statistic : float
        How far it stands out: the standardised Mann-Whitney statistic.
    provisional : bool
        Whether it is an early warning only.
    """

    at: int
    ratio: float
    statistic: float
    provisional: bool = False


def change_points(
    values: ArrayLike, *, floor: float = 0.03, alpha: float = 0.001
) -> list[ChangePoint]:
    """Return the changes of level of a series, in order.

    The split with the largest statistic is taken if it is above the critical value of the
    segment's length, then both halves are searched. Neighbouring levels that differ by no more than
    the floor are joined again, the most alike first.

    Parameters
    ----------
    values : (n,) float64
        One per batch, > 0, in the order of versions.
    floor : float
        Relative change that is not worth reporting.
    alpha : float
        Error probability of one segment.

    Returns
    -------
    list of ChangePoint
    """
    logs = _logs(values)
    found = dict(_splits(logs, 0, alpha))
    while found:
        cuts = sorted(found)
        sizes = [abs(math.log(ratio)) for ratio in _ratios(logs, cuts)]
        least = int(np.argmin(sizes))
        if sizes[least] > math.log1p(floor):
            break
        del found[cuts[least]]
    if not found:
        return []
    cuts = sorted(found)
    return [
        ChangePoint(at, ratio, found[at])
        for at, ratio in zip(cuts, _ratios(logs, cuts), strict=True)
    ]


def early_warning(
    values: ArrayLike, *, floor: float = 0.03, alpha: float = 0.01
) -> ChangePoint | None:
    """Return a likely change in the last level that is not yet certain, or None.

    It needs five points after the change. Whoever gets one measures pairs against the last good
    version: only those decide.

    Parameters
    ----------
    values : (n,) float64
        As in `change_points`.
    floor : float
        Relative change that is not worth reporting.
    alpha : float
        Error probability.

    Returns
    -------
    ChangePoint or None
        With ``provisional=True``.
    """
    known = change_points(values, floor=floor)
    start = known[-1].at if known else 0
    logs = _logs(values)[start:]
    if logs.size < MIN_LENGTH:
        return None
    at, statistic = largest_step(logs)
    ratio = _ratios(logs, [at])[0]
    if (
        logs.size - at < NEW_POINTS
        or statistic <= critical_value(logs.size, alpha)
        or abs(math.log(ratio)) <= math.log1p(floor)
    ):
        return None
    return ChangePoint(start + at, ratio, statistic, provisional=True)


def _logs(values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, np.float64)
    wrong = array[~((array > 0) & (array < math.inf))]
    if wrong.size or array.ndim != 1:
        raise SpecError(
            "change_points",
            "values must be a series of finite numbers > 0",
            got=str(float(wrong[0])) if wrong.size else f"shape {array.shape}",
            remedy="Leave out batches without a value.",
        )
    return np.log(array)


def _splits(logs: NDArray[np.float64], start: int, alpha: float) -> list[tuple[int, float]]:
    """Significant splits of one segment and of its halves: index in the series, statistic."""
    if logs.size < MIN_LENGTH:
        return []
    at, statistic = largest_step(logs)
    if statistic <= critical_value(logs.size, alpha):
        return []
    left, right = _splits(logs[:at], start, alpha), _splits(logs[at:], start + at, alpha)
    return [*left, (start + at, statistic), *right]


def _ratios(logs: NDArray[np.float64], cuts: list[int]) -> list[float]:
    """Ratio of the medians at each cut, after to before."""
    medians = [float(np.median(part)) for part in np.split(logs, cuts)]
    return [math.exp(b - a) for a, b in itertools.pairwise(medians)]
