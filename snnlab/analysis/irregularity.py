"""How irregularly neurons fire: statistics of the intervals between the spikes of one neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.rates import binned_counts
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.analysis.interval_moments import IntervalMoments

__all__ = ["cv", "cv2", "cv_of", "fano_factor", "isi", "lv", "mean_cv", "mean_of_known"]

_SMALL = 2**16


def isi(times: ArrayLike, neuron: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return all inter-spike intervals.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        Spike times, in any order.
    neuron : (n_spikes,) int
        Neuron of each spike.

    Returns
    -------
    interval : (n_intervals,) float64 [ms]
        By neuron, and in the order of time within a neuron.
    neuron : (n_intervals,) int64
        Neuron of each interval.

    Raises
    ------
    SpecError
        Arrays of different lengths.

    Examples
    --------
    >>> interval, neuron = isi([1.0, 2.0, 4.0, 7.0], [0, 5, 0, 0])
    >>> interval.tolist(), neuron.tolist()
    ([3.0, 3.0], [0, 0])
    """
    t, ids = _spikes(times, neuron)
    order = _by_neuron(t, ids)
    t, ids = t[order], ids[order]
    same = ids[1:] == ids[:-1]
    return np.diff(t)[same], ids[1:][same]


def _spikes(times: ArrayLike, neuron: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Checked arrays of one length."""
    t, ids = np.asarray(times, np.float64), np.asarray(neuron, np.int64)
    if t.shape != ids.shape:
        raise SpecError(
            "times", "must be as many as neurons", got=f"shapes {t.shape} and {ids.shape}"
        )
    return t, ids


def _by_neuron(t: NDArray[np.float64], ids: NDArray[np.int64]) -> NDArray[np.intp]:
    """The order by neuron, then by time, then as given; spikes of a run have that of time."""
    if np.any(t[1:] < t[:-1]):
        return np.lexsort((t, ids))
    first = ids.min(initial=0)
    if ids.max(initial=0) - first < _SMALL:  # sorted in a few passes, without comparing
        return np.argsort((ids - first).astype(np.uint16), kind="stable")
    return np.argsort(ids, kind="stable")


def cv(
    times: ArrayLike, neuron: ArrayLike, n_neurons: int, *, min_spikes: int = 3
) -> NDArray[np.float64]:
    """Return the coefficient of variation of the inter-spike intervals of every neuron.

    ``cv = sd(isi) / mean(isi)``: 0 for a clock, 1 for a Poisson process.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    min_spikes : int
        Neurons with fewer spikes get NaN; at least 2.

    Returns
    -------
    (n_neurons,) float64
        NaN where there are too few spikes.

    Raises
    ------
    SpecError
        Arrays of different lengths, a neuron beyond `n_neurons`.

    Notes
    -----
    The standard deviation is that of the intervals themselves (divided by n, not n - 1).

    References
    ----------
    Softky, Koch (1993), J. Neurosci. 13, 334-350.
    """
    from snnlab.analysis.interval_moments import interval_moments  # Numba takes a while to load

    t, ids = _spikes(times, neuron)
    if np.any(t[1:] < t[:-1]):
        order = np.argsort(t, kind="stable")
        t, ids = t[order], ids[order]
    return cv_of(interval_moments(t, ids, n_neurons), min_spikes=min_spikes)


def cv_of(moments: IntervalMoments, *, min_spikes: int = 3) -> NDArray[np.float64]:
    """Return `cv` where number of spikes, mean and variance of the intervals are known.

    Parameters
    ----------
    moments : IntervalMoments
        In any unit of time.
    min_spikes : int
        Neurons with fewer spikes get NaN; at least 2.
    """
    is_known = moments.n_spikes >= max(min_spikes, 2)
    return _ratio(np.sqrt(moments.variance), moments.mean, is_known)


def mean_cv(times: ArrayLike, neuron: ArrayLike, n_neurons: int, *, min_spikes: int = 3) -> float:
    """Return the mean of `cv` over the neurons of a population that have enough spikes.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    min_spikes : int
        Neurons with fewer spikes are left out; at least 2.

    Returns
    -------
    float
        NaN if no neuron has enough spikes.
    """
    return mean_of_known(cv(times, neuron, n_neurons, min_spikes=min_spikes))


def mean_of_known(values: NDArray[np.floating]) -> float:
    """Return the mean of the values that are finite; NaN if none is.

    Parameters
    ----------
    values : (n,) float
        Of neurons, such as `cv` returns them.
    """
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def cv2(
    times: ArrayLike, neuron: ArrayLike, n_neurons: int, *, min_spikes: int = 3
) -> NDArray[np.float64]:
    """Return the local coefficient of variation CV2 of every neuron.

    ``cv2 = mean(2 |isi_(k+1) - isi_k| / (isi_(k+1) + isi_k))``: unlike `cv` it does not take slow
    changes of the rate for irregularity.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    min_spikes : int
        Neurons with fewer spikes get NaN; at least 3.

    Returns
    -------
    (n_neurons,) float64
        NaN where there are too few spikes.

    References
    ----------
    Holt, Softky, Koch, Douglas (1996), J. Neurophysiol. 75, 1806-1814, eq. 1.
    """
    contrast, ids = _contrast(times, neuron)
    enough = _at_least(ids, n_neurons, max(min_spikes - 2, 1))
    return np.where(enough, 2.0 * _mean_by_neuron(np.abs(contrast), ids, n_neurons), np.nan)


def lv(
    times: ArrayLike, neuron: ArrayLike, n_neurons: int, *, min_spikes: int = 3
) -> NDArray[np.float64]:
    """Return the local variation LV of every neuron.

    ``lv = 3 mean(((isi_k - isi_(k+1)) / (isi_k + isi_(k+1)))^2)``: 1 for a Poisson process whose
    rate may change slowly.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    min_spikes : int
        Neurons with fewer spikes get NaN; at least 3.

    Returns
    -------
    (n_neurons,) float64
        NaN where there are too few spikes.

    References
    ----------
    Shinomoto, Shima, Tanji (2003), Neural Comput. 15, 2823-2842, eq. 2.2.
    """
    contrast, ids = _contrast(times, neuron)
    enough = _at_least(ids, n_neurons, max(min_spikes - 2, 1))
    return np.where(enough, 3.0 * _mean_by_neuron(contrast * contrast, ids, n_neurons), np.nan)


def fano_factor(
    times: ArrayLike,
    neuron: ArrayLike,
    n_neurons: int,
    *,
    t_start: float,
    t_stop: float,
    window: float = 100.0,
) -> NDArray[np.float64]:
    """Return the Fano factor of every neuron's spike counts in successive windows.

    ``fano_factor = var(count) / mean(count)``: 1 for a Poisson process.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
    neuron : (n_spikes,) int
        Neuron of each spike, in 0 ... n_neurons - 1.
    n_neurons : int
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count; an incomplete last window is left out.
    window : float [ms]
        Length of a window, > 0.

    Returns
    -------
    (n_neurons,) float64
        NaN for neurons without spikes.

    Raises
    ------
    SpecError
        A window that is not > 0.

    References
    ----------
    Fano (1947), Phys. Rev. 72, 26-29.
    """
    counts = binned_counts(
        times, neuron, n_neurons, t_start=t_start, t_stop=t_stop, bin_width=window
    )
    n = max(counts.shape[1], 1)
    mean = counts.sum(axis=1) / n
    variance = ((counts - mean[:, None]) ** 2).sum(axis=1) / n
    return _ratio(variance, mean, mean > 0)


def _contrast(times: ArrayLike, neuron: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """``(next - this) / (next + this)`` of successive intervals of a neuron, and the neuron."""
    interval, ids = isi(times, neuron)
    same = ids[1:] == ids[:-1]
    this, following = interval[:-1][same], interval[1:][same]
    total = this + following
    positive = np.where(total > 0, total, 1.0)
    return (following - this) / positive, ids[1:][same]


def _mean_by_neuron(
    values: NDArray[np.float64], ids: NDArray[np.int64], n_neurons: int
) -> NDArray[np.float64]:
    number = np.bincount(ids, minlength=n_neurons)
    total = np.bincount(ids, values, minlength=n_neurons)
    return np.asarray(total / np.maximum(number, 1), np.float64)


def _at_least(ids: NDArray[np.int64], n_neurons: int, n: int) -> NDArray[np.bool_]:
    return np.asarray(np.bincount(ids, minlength=n_neurons) >= n)


def _ratio(
    above: NDArray[np.float64], below: NDArray[np.float64], where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Quotient, NaN elsewhere and where the denominator is 0."""
    result = np.full(above.shape, np.nan)
    np.divide(above, below, out=result, where=where & (below != 0))
    return result
