"""Median, least and most over the repeats of all records at once: one by one it takes seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Summary", "summary_of"]


@dataclass(frozen=True)
class Summary:
    """What the repeats of a quantity say.

    Parameters
    ----------
    counts : (record, ...) int
        Repeats of which it is known.
    middle, least, most : (record, ...) float64
        NaN where there is none.
    """

    counts: NDArray[np.intp]
    middle: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]


def summary_of(values: np.ndarray[Any, Any]) -> Summary:
    """Return the summary over the second axis.

    Parameters
    ----------
    values : (record, repeat, ...) float64
    """
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    ordered = np.sort(np.where(known, values, np.nan), axis=1)  # NaN comes last

    def at(place: NDArray[np.intp]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.take_along_axis(
            ordered, np.expand_dims(np.maximum(place, 0), 1), axis=1
        )[:, 0]
        return found

    middle = (at((counts - 1) // 2) + at(counts // 2)) / 2.0
    return Summary(counts, middle, ordered[:, 0], at(counts - 1))
