"""Spikes sorted by where they come from, compiled: each row of weights is then visited once."""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

__all__ = ["add_arrivals", "add_arrivals_sparse", "sort_input", "sort_spikes"]

_TILE = 256
"""Columns that are summed together: what lies between two visits stays in the cache."""


@njit(nogil=True, error_model="numpy", cache=True)
def sort_input(events, first, last, t_first, t_last, chunk, n_channels):  # type: ignore[no-untyped-def]
    """Sort the input spikes of some trials by channel.

    Parameters
    ----------
    events : Events
    first, last : int
        Trials within the batch.
    t_first, t_last : int
        Steps of which spikes count.
    chunk : int
        Rows for each trial of what they are summed from.
    n_channels : int

    Returns
    -------
    start : (n_channels + 1,) int64
        Where the arrivals of each channel begin.
    at : (n_arrivals,) int64
        For each the row that is summed, ``trial * chunk + t - t_first``.
    """
    start = np.zeros(n_channels + 1, np.int64)
    for e in range(events.offsets[first], events.offsets[last]):
        if t_first <= events.step[e] < t_last:
            start[events.channel[e] + 1] += 1
    for i in range(n_channels):
        start[i + 1] += start[i]
    next_, at = start[:-1].copy(), np.empty(start[-1], np.int64)
    for b in range(first, last):
        for e in range(events.offsets[b], events.offsets[b + 1]):
            t = events.step[e]
            if t_first <= t < t_last:
                i = events.channel[e]
                at[next_[i]] = (b - first) * chunk + t - t_first
                next_[i] += 1
    return start, at


@njit(nogil=True, error_model="numpy", cache=True)
def sort_spikes(spike_start, spikes, t_first, t_last, shift, chunk, n_hidden):  # type: ignore[no-untyped-def]
    """Sort the spikes of hidden neurons by neuron.

    Parameters
    ----------
    spike_start : (n_trials, n_steps + 1) int64
    spikes : (n_trials, n_most) uint16
    t_first, t_last : int
        Steps in which spikes arrive.
    shift : int
        Steps from a spike to its arrival.
    chunk : int
        See `sort_input`.
    n_hidden : int

    Returns
    -------
    start : (n_hidden + 1,) int64
    at : (n_arrivals,) int64
    """
    start = np.zeros(n_hidden + 1, np.int64)
    earliest = max(t_first - shift, 0)
    for g in range(spikes.shape[0]):
        for j in spikes[g, spike_start[g, earliest] : spike_start[g, t_last - shift]]:
            start[j + 1] += 1
    for j in range(n_hidden):
        start[j + 1] += start[j]
    next_, at = start[:-1].copy(), np.empty(start[-1], np.int64)
    for g in range(spikes.shape[0]):
        for t in range(earliest, t_last - shift):
            for j in spikes[g, spike_start[g, t] : spike_start[g, t + 1]]:
                at[next_[j]] = g * chunk + t + shift - t_first
                next_[j] += 1
    return start, at


@njit(nogil=True, error_model="numpy", cache=True)
def add_arrivals(first, last, start, at, rows, gradient):  # type: ignore[no-untyped-def]
    """Sum rows into a dense gradient, sources ``first ... last - 1``.

    Parameters
    ----------
    first, last : int
    start, at : see `sort_input`
    rows : (n, stride) real
    gradient : (n_pre, n_post) real
        Added to, four arrivals at a time.
    """
    # Numbers without a sign need no check for places that are counted from the end, without which
    # the loops vectorise.
    n_post = gradient.shape[1]
    for low in range(0, n_post, _TILE):
        begin, end = uint64(low), uint64(min(low + _TILE, n_post))
        for source in range(first, last):
            i, k = uint64(source), start[source]
            while k + 4 <= start[source + 1]:
                a, b = uint64(at[k]), uint64(at[k + 1])
                c, d = uint64(at[k + 2]), uint64(at[k + 3])
                for j in range(begin, end):
                    gradient[i, j] += (rows[a, j] + rows[b, j]) + (rows[c, j] + rows[d, j])
                k += 4
            while k < start[source + 1]:
                a = uint64(at[k])
                for j in range(begin, end):
                    gradient[i, j] += rows[a, j]
                k += 1


@njit(nogil=True, error_model="numpy", cache=True)
def add_arrivals_sparse(first, last, start, at, rows, row_start, post, gradient):  # type: ignore[no-untyped-def]
    """Sum rows into the gradient of sparse rows, sources ``first ... last - 1``.

    Parameters
    ----------
    first, last, start, at, rows : see `add_arrivals`
    row_start, post : see `snnlab.learning.synapses.Synapses`
    gradient : (n,) real
        Added to, four arrivals at a time.
    """
    for i in range(first, last):
        k, begin, end = start[i], uint64(row_start[i]), uint64(row_start[i + 1])
        while k + 4 <= start[i + 1]:
            a, b = uint64(at[k]), uint64(at[k + 1])
            c, d = uint64(at[k + 2]), uint64(at[k + 3])
            for s in range(begin, end):
                j = uint64(post[s])
                gradient[s] += (rows[a, j] + rows[b, j]) + (rows[c, j] + rows[d, j])
            k += 4
        while k < start[i + 1]:
            a = uint64(at[k])
            for s in range(begin, end):
                gradient[s] += rows[a, uint64(post[s])]
            k += 1
