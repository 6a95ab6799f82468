"""Repeats that stand out from the others of their record."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["outliers"]

WIDTHS = 3.5
"""Distance from the median, in standard deviations estimated by the median distance."""

FLOOR = 0.1
"""Relative distance below which nothing stands out: three repeats may agree by chance."""

TO_DEVIATION = 1.4826


def outliers(values: ArrayLike) -> NDArray[np.bool_]:
    """Return which values stand out.

    They are pointed at, never removed: medians do not mind them, and people should ask why.

    Parameters
    ----------
    values : (n,) float64
        NaN does not stand out.

    Returns
    -------
    (n,) bool
        False everywhere for fewer than three values.
    """
    array = np.asarray(values, np.float64)
    known = array[np.isfinite(array)]
    if known.size < 3:
        return np.zeros(array.shape, bool)
    middle = float(np.median(known))
    width = TO_DEVIATION * float(np.median(np.abs(known - middle)))
    limit = max(WIDTHS * width, FLOOR * abs(middle))
    return np.isfinite(array) & (np.abs(array - middle) > limit)
