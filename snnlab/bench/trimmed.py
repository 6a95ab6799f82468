"""Yuen's interval of a trimmed mean, for many samples at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["TRIM", "TrimmedMean", "trimmed_mean"]

TRIM = 0.2
"""Share of the sample that is cut off at each end."""


class TrimmedMean(NamedTuple):
    """A trimmed mean with its standard error, for one sample or for many."""

    mean: NDArray[np.float64]
    error: NDArray[np.float64]
    df: int

    def interval(self, alpha: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the two ends of the interval that holds the true value with ``1 - alpha``."""
        half = stats.t.ppf(1.0 - alpha / 2.0, self.df) * self.error
        return self.mean - half, self.mean + half

    def p_value(self) -> NDArray[np.float64]:
        """Return the two-sided p-value of "the true value is 0"."""
        # Without any spread the mean itself decides: 0 / 0 says nothing.
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(self.mean == 0.0, 0.0, np.abs(self.mean) / self.error)
        p: NDArray[np.float64] = 2.0 * stats.t.sf(t, self.df)
        return p


def trimmed_mean(sample: NDArray[np.float64]) -> TrimmedMean:
    """Return the 20 % trimmed mean along the last axis, with Yuen's standard error.

    The error comes from the winsorised standard deviation, so that one outlier moves neither the
    estimate nor its interval. Equal to `scipy.stats.mstats.trimmed_mean_ci`, for many rows at once.

    Parameters
    ----------
    sample : (..., n) float64
        At least five values each, so that something is cut off.

    Returns
    -------
    TrimmedMean
        Of shape ``(...)``.

    References
    ----------
    Yuen 1974, Biometrika 61, 165-170.
    """
    n = sample.shape[-1]
    cut = int(TRIM * n)
    ordered = np.sort(sample, axis=-1)
    kept = ordered[..., cut : n - cut]
    winsorised = np.clip(ordered, kept[..., :1], kept[..., -1:])
    error = winsorised.std(axis=-1, ddof=1) / ((1.0 - 2.0 * TRIM) * np.sqrt(n))
    return TrimmedMean(kept.mean(axis=-1), error, kept.shape[-1] - 1)
