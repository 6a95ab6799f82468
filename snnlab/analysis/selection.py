"""What some neurons did in some time: the numbers and distributions that papers report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.correlation import pairwise_correlation, synchrony
from snnlab.analysis.irregularity import cv, cv2, fano_factor, isi, lv
from snnlab.analysis.rates import mean_rate
from snnlab.analysis.spectrum import rate_spectrum
from snnlab.errors import SpecError

__all__ = ["MOST_PAIRED", "SelectionStatistics", "selection_statistics"]

MOST_PAIRED = 100
"""Neurons whose pairs are correlated, at most, evenly spaced: pairs grow as their square."""

_FANO_WINDOWS = 10
"""Windows for the Fano factor, as many as fit if none is longer than 100 ms."""

_LONGEST_FANO_MS = 100.0

_AT_END_MS = 1e-6
"""Times that are closer to an end are at it: products of steps and dt are rounded."""


@dataclass(frozen=True)
class SelectionStatistics:
    """Statistics of the spikes of some neurons in some time; NaN: there are too few spikes.

    Parameters
    ----------
    n_neurons, n_active, n_spikes : int
        Selected; of these with a spike; their spikes.
    t_start, t_stop : float [ms]
    rate : float [spikes/s]
        Mean over all selected neurons.
    isi_mean : float [ms]
        Mean of all intervals.
    cv, cv2, lv, fano : float
        Mean over neurons with enough spikes; see `snnlab.analysis.irregularity`.
    correlation : float
        Mean over pairs of `n_paired` neurons, in bins of 2 ms.
    n_paired : int
    synchrony : float
        See `snnlab.analysis.correlation.synchrony`.
    peak : float [Hz]
        Where the spectrum of the population rate is largest, 0 Hz apart.
    intervals : (n,) float64 [ms]
        All inter-spike intervals.
    frequency, power : (n,) float64 [Hz], [spikes^2 / s^2 / Hz]
        See `snnlab.analysis.spectrum.rate_spectrum`.
    """

    n_neurons: int
    n_active: int
    n_spikes: int
    t_start: float
    t_stop: float
    rate: float
    isi_mean: float
    cv: float
    cv2: float
    lv: float
    fano: float
    correlation: float
    n_paired: int
    synchrony: float
    peak: float
    intervals: NDArray[np.float64]
    frequency: NDArray[np.float64]
    power: NDArray[np.float64]


def selection_statistics(
    times: ArrayLike,
    neuron: ArrayLike,
    *,
    first: int,
    last: int,
    t_start: float,
    t_stop: float,
) -> SelectionStatistics:
    """Return the statistics of neurons `first` to `last` from `t_start` to `t_stop`.

    Parameters
    ----------
    times : (n_spikes,) float [ms]
        In any order; spikes of others and of other times are left out.
    neuron : (n_spikes,) int
        Neuron of each spike.
    first, last : int
        Neurons that are selected, `last` among them.
    t_start, t_stop : float [ms]
        Spikes with ``t_start < time <= t_stop`` count, where times within 1e-6 ms are the same.

    Raises
    ------
    SpecError
        No neuron or no time is selected.
    """
    if not last >= first >= 0:
        raise SpecError("selection", "must be neurons from one to a later one, or the same",
                        got=f"{first} to {last}")  # fmt: skip
    if not t_stop > t_start:
        raise SpecError("selection", "must be a time that ends after it has begun",
                        got=f"{t_start:g} to {t_stop:g} ms")  # fmt: skip
    t, ids = np.asarray(times, np.float64), np.asarray(neuron, np.int64)
    mine = (ids >= first) & (ids <= last) & (t > t_start + _AT_END_MS) & (t <= t_stop + _AT_END_MS)
    t, ids, n = t[mine], ids[mine] - first, last - first + 1
    span = {"t_start": t_start, "t_stop": t_stop}
    intervals, _ = isi(t, ids)
    frequency, power = rate_spectrum(t, n, **span)
    window = min((t_stop - t_start) / _FANO_WINDOWS, _LONGEST_FANO_MS)
    chosen = np.unique(np.linspace(0, n - 1, min(n, MOST_PAIRED)).round().astype(np.int64))
    return SelectionStatistics(
        n_neurons=n, n_active=np.unique(ids).size, n_spikes=t.size, **span,
        rate=float(mean_rate(t.size, n, t_stop - t_start)),
        isi_mean=_mean(intervals), cv=_mean(cv(t, ids, n)), cv2=_mean(cv2(t, ids, n)),
        lv=_mean(lv(t, ids, n)), fano=_mean(fano_factor(t, ids, n, **span, window=window)),
        correlation=_mean(_correlation(t, ids, chosen, t_start, t_stop)), n_paired=chosen.size,
        synchrony=synchrony(t, **span) if t.size else float("nan"),
        peak=_peak(frequency, power) if t.size else float("nan"),
        intervals=intervals, frequency=frequency, power=power,
    )  # fmt: skip


def _correlation(
    t: NDArray[np.float64], ids: NDArray[np.int64], chosen: NDArray[np.int64], t_start: float,
    t_stop: float,
) -> NDArray[np.float64]:  # fmt: skip
    """Correlations of all pairs of the chosen neurons, which ascend."""
    at = np.searchsorted(chosen, ids)
    is_chosen = chosen[np.minimum(at, chosen.size - 1)] == ids
    return pairwise_correlation(
        t[is_chosen], at[is_chosen], chosen.size, t_start=t_start, t_stop=t_stop
    )


def _peak(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> float:
    return float(frequency[1:][power[1:].argmax()]) if power.size > 1 else float("nan")


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
