"""In which rhythms a population fires."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.rates import population_rate

__all__ = ["rate_spectrum"]

FEWEST_BINS = 8
"""A segment with fewer has nothing to say of rhythms."""


def rate_spectrum(
    times: ArrayLike,
    size: int,
    *,
    t_start: float,
    t_stop: float,
    bin_width: float = 1.0,
    segment: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the power spectrum of the rate of a population, by Welch's method.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        Spikes of all neurons of the population, in any order.
    size : int
        Number of neurons.
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count; an incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0; the largest frequency is half of its inverse.
    segment : float [ms], optional
        Length of the segments whose spectra are averaged; half of each lies in the next. Default: a
        quarter of the time. Its inverse is the resolution.

    Returns
    -------
    frequency : (n,) float64 [Hz]
    power : (n,) float64 [spikes^2 / s^2 / Hz]
        One-sided; both are empty where a segment has fewer than `FEWEST_BINS` bins.

    Raises
    ------
    SpecError
        A width that is not > 0.

    References
    ----------
    Welch (1967), IEEE Trans. Audio Electroacoust. 15, 70-73; Hann's window, means removed.
    """
    from scipy.signal import welch  # late: it takes a second

    _, rate = population_rate(times, size, t_start=t_start, t_stop=t_stop, bin_width=bin_width)
    n = rate.size // 4 if segment is None else min(int(segment / bin_width + 0.5), rate.size)
    if n < FEWEST_BINS:
        return np.empty(0), np.empty(0)
    frequency, power = welch(rate, fs=1000.0 / bin_width, window="hann", nperseg=n)
    return np.asarray(frequency, np.float64), np.asarray(power, np.float64)
