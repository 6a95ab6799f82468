"""How often neurons fire."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.errors import SpecError

__all__ = ["binned_counts", "mean_rate", "neuron_rates", "population_rate"]

_ROUNDING = 1e-6
"""Share of a bin: 0.3 / 0.1 is a little less than 3, yet these are three complete bins, and a
spike at 0.3 ms lies in the third."""


def mean_rate(count: ArrayLike, size: ArrayLike, duration: float) -> NDArray[np.float64]:
    """Return the mean firing rate of one or several populations.

    ``rate = count / (size duration)``

    Parameters
    ----------
    count : int or (n,) int
        Number of spikes.
    size : int or (n,) int
        Number of neurons.
    duration : float [ms]
        Time in which they were counted, > 0.

    Returns
    -------
    () or (n,) float64 [Hz]

    Raises
    ------
    SpecError
        A duration that is not > 0.

    Examples
    --------
    >>> float(mean_rate(50, 10, 1000.0))
    5.0
    """
    _positive("duration", duration)
    rate = np.asarray(count, np.float64) / np.asarray(size, np.float64) * (1000.0 / duration)
    return np.asarray(rate)


def neuron_rates(neuron: ArrayLike, n_neurons: int, duration: float) -> NDArray[np.float64]:
    """Return the mean firing rate of every neuron.

    Parameters
    ----------
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    duration : float [ms]
        Time in which the spikes were recorded, > 0.

    Returns
    -------
    (n_neurons,) float64 [Hz]

    Raises
    ------
    SpecError
        A duration that is not > 0.
    """
    counts = np.bincount(np.asarray(neuron, np.int64), minlength=n_neurons)
    return mean_rate(counts, 1, duration)


def population_rate(
    times: ArrayLike, size: int, *, t_start: float, t_stop: float, bin_width: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rate of a population over time.

    ``rate_b = count_b / (size bin_width)``, with ``count_b`` spikes in bin b.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        Spikes of all neurons of the population, in any order.
    size : int
        Number of neurons.
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count: a spike found in a step carries the time
        of its end. An incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0.

    Returns
    -------
    centre : (n_bins,) float64 [ms]
        Middle of each bin.
    rate : (n_bins,) float64 [Hz]

    Raises
    ------
    SpecError
        A width that is not > 0.
    """
    zeros = np.zeros(np.size(times), np.int64)
    counts = binned_counts(times, zeros, 1, t_start=t_start, t_stop=t_stop, bin_width=bin_width)[0]
    centre = t_start + bin_width * (np.arange(counts.size) + 0.5)
    return centre, mean_rate(counts, size, bin_width)


def binned_counts(
    times: ArrayLike,
    neuron: ArrayLike,
    n_neurons: int,
    *,
    t_start: float,
    t_stop: float,
    bin_width: float,
) -> NDArray[np.int64]:
    """Return the spike count of every neuron in successive bins.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count; an incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0.

    Returns
    -------
    (n_neurons, n_bins) int64

    Raises
    ------
    SpecError
        A width that is not > 0.
    """
    _positive("bin_width", bin_width)
    n_bins = max(int((t_stop - t_start) / bin_width + _ROUNDING), 0)
    t, ids = np.asarray(times, np.float64), np.asarray(neuron, np.int64)
    index = np.ceil((t - t_start) / bin_width - _ROUNDING).astype(np.int64) - 1
    inside = (index >= 0) & (index < n_bins)
    cell = ids[inside] * n_bins + index[inside]
    return np.bincount(cell, minlength=n_neurons * n_bins).reshape(n_neurons, n_bins)


def _positive(name: str, value: float) -> None:
    if not value > 0:
        raise SpecError(name, "must be > 0 ms", got=f"{value:g} ms")
