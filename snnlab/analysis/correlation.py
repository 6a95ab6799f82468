"""How much neurons fire together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.rates import binned_counts

__all__ = ["pairwise_correlation", "synchrony"]


def synchrony(times: ArrayLike, *, t_start: float, t_stop: float, bin_width: float = 3.0) -> float:
    """Return the variance of a population's spike count, relative to its mean.

    ``synchrony = var(count_b) / mean(count_b)``: 1 for independent Poisson neurons, larger where
    they fire together.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        Spikes of all neurons of the population.
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count; an incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0.

    Returns
    -------
    float
        NaN without spikes.

    Raises
    ------
    SpecError
        A width that is not > 0.

    References
    ----------
    Potjans, Diesmann (2014), Cereb. Cortex 24, 785-806, p. 791.
    """
    zeros = np.zeros(np.size(times), np.int64)
    counts = binned_counts(times, zeros, 1, t_start=t_start, t_stop=t_stop, bin_width=bin_width)[0]
    mean = counts.mean() if counts.size else 0.0
    return float(counts.var() / mean) if mean > 0 else float("nan")


def pairwise_correlation(
    times: ArrayLike,
    neuron: ArrayLike,
    n_neurons: int,
    *,
    t_start: float,
    t_stop: float,
    bin_width: float = 2.0,
) -> NDArray[np.float64]:
    """Return Pearson's correlation of the spike counts of all pairs of neurons that fire.

    ``c_ij = cov(count_i, count_j) / sqrt(var(count_i) var(count_j))``

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1; a few hundred neurons are usual.
    n_neurons : int
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count; an incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0.

    Returns
    -------
    (n_pairs,) float64
        Each pair of different neurons once; neurons whose count never changes are left out.

    Raises
    ------
    SpecError
        A width that is not > 0.

    References
    ----------
    Perkel, Gerstein, Moore (1967), Biophys. J. 7, 419-440.
    """
    counts = binned_counts(
        times, neuron, n_neurons, t_start=t_start, t_stop=t_stop, bin_width=bin_width
    )
    varying = counts[counts.var(axis=1) > 0] if counts.shape[1] else counts[:0]
    if len(varying) < 2:
        return np.empty(0)
    upper = np.triu_indices(len(varying), k=1)
    return np.asarray(np.asarray(np.corrcoef(varying))[upper], np.float64)
