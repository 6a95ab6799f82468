"""What two runs that took turns say of each other: a ratio of many short blocks."""

from __future__ import annotations

import math

import numpy as np
from scipy.stats import trim_mean

from snnlab.bench.one_run import Run

__all__ = ["METRICS", "ratio_of_blocks"]

METRICS = ("wall", "cpu")
"""Wall time, and the processor's time, which waits for nobody, and sees no sleep."""

TRIM = 0.2
"""Share of the constructions that is cut at each end."""


def ratio_of_blocks(a: Run, b: Run, metric: str = "wall") -> float:
    """Return the log ratio of two runs that took turns; NaN if they did not.

    Two blocks of the same number are the same piece of model time with the same seed, measured
    within fractions of a second; what disturbs one of them is an outlier among the ratios of their
    construction, of which the median is taken. Where the arrays of a construction lie makes it some
    percent faster or slower; of the constructions the trimmed mean is taken.

    Parameters
    ----------
    a, b : Run
        Baseline and candidate.
    metric : str
        ``"wall"``, or ``"cpu"``: the processor's time.
    """
    if not (a.counts and b.counts and "--turns" in a.command and "--turns" in b.command):
        return math.nan
    ratios = []
    for first, second in zip(a.raw["blocks"], b.raw["blocks"], strict=True):
        x, y = (np.array(one[metric], np.float64) for one in (first, second))
        known = (x > 0) & (y > 0)
        if not known.any():
            return math.nan
        ratios.append(float(np.median(np.log(y[known] / x[known]))))
    return float(trim_mean(ratios, TRIM))
