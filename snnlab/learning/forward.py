"""Trials forwards in time, compiled: spikes, pseudo-derivatives and errors."""

from __future__ import annotations

import numpy as np
from numba import int64, njit

from snnlab.learning.step import add_row, add_rows, advance, fire, judge, new_flags

__all__ = ["forward", "replay"]


@njit(error_model="numpy", cache=True)
def _add_input(events, e, stop, t, rows, current):  # type: ignore[no-untyped-def]
    """Add the input spikes of step `t`, from event `e` on; return the first event after them."""
    weight, dense, start, post = rows
    while e < stop and events.step[e] == t:
        add_row(events.channel[e], weight, dense, start, post, current)
        e += 1
    return e


@njit(nogil=True, error_model="numpy", cache=True)
def forward(  # type: ignore[no-untyped-def]
    c, settings, events, first, last, rows_in, rows_rec, output, bias, labels, targets, psi, chunk,
    kept, error, spike_start, spikes, loss, votes,
):  # fmt: skip
    """Show the trials ``first ... last - 1`` of a batch, numbered ``0 ...`` in what is written.

    Parameters
    ----------
    c : (n,) real
        See `snnlab.learning.constants`.
    settings : (4,) int64
        Steps of a trial, refractory steps, first step that counts, whether outputs are classes.
    events : Events
    first, last : int
    rows_in, rows_rec : tuple
        Weights of sparse rows, dense matrix, start, post.
    output : (n_hidden, n_outputs) real
    bias : (n_outputs,) real
    labels : (n_batch,) int64
    targets : (n_batch, n_steps, n_outputs) real
        Empty unless outputs are regression.
    psi : (n_trials, chunk, stride) real
        Written where it holds whole trials: pseudo-derivatives.
    chunk : int
        Steps of a chunk.
    kept : (n_trials, n_chunks, 3, n_hidden) real
        Written unless it is empty: voltage, adaptation, refractory steps at the start of chunks.
    error : (n_trials, n_steps, n_outputs) real
        Written.
    spike_start : (n_trials, n_steps + 1) int64
        Written: where the spikes of steps begin.
    spikes : (n_trials, n_most) uint16
        Written.
    loss : (n_trials,) float64
        Written.
    votes : (n_trials, n_outputs) float64
        Written.
    """
    n_steps, refractory_steps, first_vote = settings[0], settings[1], settings[2]
    n_hidden, n_outputs = output.shape
    current, flags = np.empty(n_hidden, c.dtype), new_flags(n_hidden)
    v, a, y = np.empty(n_hidden, c.dtype), np.empty(n_hidden, c.dtype), np.empty(n_outputs, c.dtype)
    refractory, unkept = np.empty(n_hidden, np.int32), np.empty(n_hidden, c.dtype)
    no_target = np.zeros(n_outputs, c.dtype)
    keeps_psi, keeps_state = psi.shape[1] >= n_steps, kept.shape[1] > 0
    for b in range(first, last):
        g = b - first
        v[:], a[:], y[:], refractory[:] = c[0], c[0], c[0], 0
        loss[g], votes[g], error[g] = 0.0, 0.0, c[0]
        starts, fired = spike_start[g], spikes[g]
        starts[0] = 0
        n, before, e = int64(0), int64(0), events.offsets[b]
        for t in range(n_steps):
            if keeps_state and t % chunk == 0:
                now = kept[g, t // chunk]
                now[0], now[1] = v, a
                for j in range(n_hidden):
                    now[2, j] = refractory[j]
            current[:] = c[0]
            e = _add_input(events, e, events.offsets[b + 1], t, rows_in, current)
            add_rows(fired[before:n], rows_rec[0], rows_rec[1], rows_rec[2], rows_rec[3], current)
            row = psi[g, t, :n_hidden] if keeps_psi else unkept
            advance(c, current, v, a, refractory, row, flags)
            before = n
            n = fire(c, refractory_steps, v, a, refractory, flags, fired, n)
            starts[t + 1] = n
            for k in range(n_outputs):
                y[k] = c[4] * y[k] + bias[k]
            for j in fired[before:n]:
                for k in range(n_outputs):
                    y[k] += output[j, k]
            if t >= first_vote:
                target = targets[b, t] if targets.size else no_target
                loss[g] += judge(c, y, settings[3] != 0, labels[b], target, error[g, t], votes[g])


@njit(nogil=True, error_model="numpy", cache=True)
def replay(  # type: ignore[no-untyped-def]
    c, settings, events, b, t_first, t_last, rows_in, rows_rec, kept, spike_start, spikes, psi
):
    """Compute the pseudo-derivatives of a chunk of a trial once more, to the bit as before.

    Parameters
    ----------
    c, settings, events, rows_in, rows_rec : see `forward`
    b : int
        The trial within the batch.
    t_first, t_last : int
        Steps of the chunk.
    kept : (3, n_hidden) real
        State at its start.
    spike_start : (n_steps + 1,) int64
    spikes : (n_most,) uint16
        What `forward` has found.
    psi : (chunk, stride) real
        Written.
    """
    n_hidden = kept.shape[1]
    v, a = kept[0].copy(), kept[1].copy()
    refractory = np.empty(n_hidden, np.int32)
    for j in range(n_hidden):
        refractory[j] = int64(kept[2, j])
    current, flags = np.empty(n_hidden, c.dtype), new_flags(n_hidden)
    again = np.empty(n_hidden, np.uint16)
    e, stop = events.offsets[b], events.offsets[b + 1]
    e += np.searchsorted(events.step[e:stop], t_first)
    for t in range(t_first, t_last):
        current[:] = c[0]
        e = _add_input(events, e, stop, t, rows_in, current)
        if t > 0:
            earlier = spikes[spike_start[t - 1] : spike_start[t]]
            add_rows(earlier, rows_rec[0], rows_rec[1], rows_rec[2], rows_rec[3], current)
        advance(c, current, v, a, refractory, psi[t - t_first, :n_hidden], flags)
        fire(c, settings[1], v, a, refractory, flags, again, 0)
