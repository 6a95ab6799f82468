"""How often synapses are formed and eliminated, when, and over which distance."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.rates import binned_counts
from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError

__all__ = ["Turnover", "turnover_over_distance", "turnover_over_time"]

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Turnover:
    """Rates of a whole projection in bins.

    Parameters
    ----------
    centre : (n_bins,) float64 [ms] or [grid steps]
        Middle of each bin.
    formed, eliminated : (n_bins,) float64 [1/s]
        Synapses of all neurons together that appear, and that vanish, in a second.
    """

    centre: NDArray[np.float64]
    formed: NDArray[np.float64]
    eliminated: NDArray[np.float64]


def turnover_over_time(
    times: ArrayLike,
    is_formed: ArrayLike,
    *,
    t_start: float,
    t_stop: float,
    bin_width: float = 200.0,
) -> Turnover:
    """Return how many synapses are formed and eliminated in a second, over time.

    Parameters
    ----------
    times : (n_events,) float [ms]
        When; the step of an event times the time step.
    is_formed : (n_events,) bool
        Whether a synapse appeared (True) or vanished.
    t_start, t_stop : float [ms]
        Events with ``t_start < time <= t_stop`` count; an incomplete last bin is left out.
    bin_width : float [ms]
        Width of the bins, > 0.

    Raises
    ------
    SpecError
        A width that is not > 0, arrays of different lengths.
    """
    t, kind = np.asarray(times, np.float64), _kinds(is_formed, np.shape(times))
    counts = binned_counts(t, kind, 2, t_start=t_start, t_stop=t_stop, bin_width=bin_width)
    centre = t_start + bin_width * (np.arange(counts.shape[1]) + 0.5)
    return _rates(centre, counts, bin_width)


def turnover_over_distance(
    is_formed: ArrayLike,
    pre: ArrayLike,
    post: ArrayLike,
    sheet: Sheet,
    *,
    duration: float,
    bin_width: float = 1.0,
) -> Turnover:
    """Return how many synapses are formed and eliminated in a second, over their lengths.

    Parameters
    ----------
    is_formed : (n_events,) bool
        Whether a synapse appeared (True) or vanished.
    pre, post : (n_events,) int
        Its source and its target: indices within their sheets.
    sheet : Sheet
        Of the sources and of the targets.
    duration : float [ms]
        Time in which these events happened, > 0.
    bin_width : float [grid steps]
        Width of the bins, > 0; the first begins at 0, the last holds the longest distance that
        the sheet has. A distance on a border counts above it.

    Raises
    ------
    SpecError
        A width or a duration that is not > 0, arrays of different lengths, a neuron that the
        sheet does not have.
    """
    if not (duration > 0 and bin_width > 0):
        raise SpecError(
            "duration and bin_width", "must be > 0", got=f"{duration:g} ms, {bin_width:g}"
        )
    kind = _kinds(is_formed, np.shape(pre))
    parts = [n // 2 if sheet.is_periodic else n - 1 for n in sheet.shape]
    n_bins = int(math.hypot(*parts) / bin_width + _ROUNDING) + 1
    bin_of = (sheet.distance(pre, post) / bin_width + _ROUNDING).astype(np.int64)
    counts = np.bincount(kind * n_bins + bin_of, minlength=2 * n_bins).reshape(2, n_bins)
    centre = bin_width * (np.arange(n_bins) + 0.5)
    return _rates(centre, counts, duration)


def _rates(centre: NDArray[np.floating], counts: NDArray[np.int64], duration: float) -> Turnover:
    """Rates from the counts of what was eliminated, and of what was formed, in `duration` [ms]."""
    eliminated, formed = counts * (1000.0 / duration)
    return Turnover(np.asarray(centre, np.float64), formed, eliminated)


def _kinds(is_formed: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """1 for what was formed, 0 for what was eliminated."""
    kind = np.asarray(is_formed, bool).astype(np.int64)
    if kind.shape != shape:
        raise SpecError(
            "is_formed", "must be as many as events", got=f"shapes {kind.shape} and {shape}"
        )
    return kind
