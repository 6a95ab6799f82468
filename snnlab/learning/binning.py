"""Events that share a time step and a channel become one spike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["distinct", "spikes_of_bins"]


def spikes_of_bins(
    trial: NDArray[np.integer],
    step: NDArray[np.integer],
    channel: NDArray[np.integer],
    n_trials: int,
    n_steps: int,
    n_channels: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return the spikes of events in any order: one for each bin that has an event.

    Parameters
    ----------
    trial, step, channel : (n_events,) int
        All in range.
    n_trials, n_steps, n_channels : int

    Returns
    -------
    channel : (n_spikes,) int32
        By trial, then step, then channel.
    step : (n_spikes,) int32
    offsets : (n_trials + 1,) int64
    """
    # One number a bin: 10^5 trials of 10^4 steps and 10^5 channels are 10^14, far below 2^63.
    bins = distinct((trial.astype(np.int64) * n_steps + step) * n_channels + channel)
    row, found = np.divmod(bins, n_channels)
    of_trial, at = np.divmod(row, n_steps)
    offsets = np.searchsorted(of_trial, np.arange(n_trials + 1)).astype(np.int64)
    return found.astype(np.int32), at.astype(np.int32), offsets


def distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different ones of some numbers, ascending.

    NumPy's own `unique` hashes, which takes 50 times as long for millions of different numbers.
    """
    ordered = np.sort(numbers)
    is_new = np.ones(ordered.size, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]
