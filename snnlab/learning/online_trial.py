"""A trial with eligibility traces, compiled: every synapse in every step, forwards in time."""

from __future__ import annotations

import numpy as np
from numba import int64, njit

from snnlab.learning.step import add_columns, add_row, add_rows, advance, fire, judge, new_flags
from snnlab.rules.call import call_rule

__all__ = ["learn_online"]


@njit(error_model="numpy", forceinline=True)
def _begin(traces, awake, states):  # type: ignore[no-untyped-def]
    """Set all traces to 0."""
    traces[:] = 0
    awake[:] = 0
    for state in states:
        state[:] = 0


@njit(error_model="numpy", forceinline=True)
def _decay(trace, left):  # type: ignore[no-untyped-def]
    """Let a trace decay by a step."""
    for i in range(trace.size):
        trace[i] *= left


@njit(error_model="numpy", cache=True)
def _add_readout(trace, bias_trace, error, of_output, of_bias):  # type: ignore[no-untyped-def]
    """Add the gradient of the read-out in a step."""
    for j in range(trace.size):
        if trace[j] > 0:
            for k in range(error.size):
                of_output[j, k] += trace[j] * error[k]
    for k in range(error.size):
        of_bias[k] += bias_trace * error[k]


@njit(nogil=True, error_model="numpy", cache=True)
def learn_online(  # type: ignore[no-untyped-def]
    c, settings, events, b_first, b_last, rows_in, rows_rec, output, bias, labels, targets,
    feedback, regulariser, rule_in, rule_rec, params, index_in, index_rec, states_in, states_rec,
    gradient_in, gradient_rec, of_output, of_bias, spike_counts, n_spikes, loss, votes,
):  # fmt: skip
    """Show trials and add their gradients, step by step.

    Parameters
    ----------
    c, settings, events, rows_in, rows_rec, output, bias, labels, targets
        See `snnlab.learning.forward.forward`.
    b_first, b_last : int
        Trials of the batch.
    feedback : (n_outputs, n_hidden) real
    regulariser : (n_hidden,) real
    rule_in, rule_rec : int
        Addresses, see `snnlab.rules.eligibility_kernel.EligibilityKernels`; 0: no synapses.
    params : (n_params,) real
    index_in, index_rec : tuple
        Where the synapses of targets begin, and their sources.
    states_in, states_rec : tuple of (n,) real
        Room for traces, by target.
    gradient_in, gradient_rec : (n,) real
        Added to, by target.
    of_output : (n_hidden, n_outputs) real
        Added to.
    of_bias : (n_outputs,) real
        Added to.
    spike_counts : (n_hidden,) int64
        Added to.
    n_spikes : (n_batch,) int64
        Written.
    loss : (n_batch,) float64
        Written.
    votes : (n_batch, n_outputs) float64
        Written.
    """
    n_steps, first_vote = settings[0], settings[2]
    (n_hidden, n_outputs), n_inputs = output.shape, rows_in[2].size - 1
    of_hidden, of_outputs = np.zeros((6, n_hidden), c.dtype), np.zeros((3, n_outputs), c.dtype)
    v, a, current = of_hidden[0], of_hidden[1], of_hidden[2]
    psi, signal, out_trace = of_hidden[3], of_hidden[4], of_hidden[5]
    y, error, no_target = of_outputs[0], of_outputs[1], of_outputs[2]
    trace_in, trace_rec = np.empty(n_inputs, c.dtype), np.empty(n_hidden, c.dtype)
    awake_in, awake_rec = np.empty(n_hidden, np.uint8), np.empty(n_hidden, np.uint8)
    refractory, flags = np.empty(n_hidden, np.int32), new_flags(n_hidden)
    before, now = np.empty(n_hidden, np.uint16), np.empty(n_hidden, np.uint16)
    for b in range(b_first, b_last):
        v[:], a[:], y[:], out_trace[:], refractory[:] = c[0], c[0], c[0], c[0], 0
        _begin(trace_in, awake_in, states_in)
        _begin(trace_rec, awake_rec, states_rec)
        bias_trace, n_before, e = c[0], int64(0), events.offsets[b]
        loss[b], votes[b], n_spikes[b] = 0.0, 0.0, 0
        for t in range(n_steps):
            current[:] = c[0]
            _decay(trace_in, c[2])
            _decay(trace_rec, c[2])
            _decay(out_trace, c[4])
            while e < events.offsets[b + 1] and events.step[e] == t:
                i = events.channel[e]
                add_row(i, rows_in[0], rows_in[1], rows_in[2], rows_in[3], current)
                trace_in[i] += c[1]
                e += 1
            earlier = before[:n_before]
            add_rows(earlier, rows_rec[0], rows_rec[1], rows_rec[2], rows_rec[3], current)
            for j in earlier:
                trace_rec[j] += c[1]
            advance(c, current, v, a, refractory, psi, flags)
            n_now = fire(c, settings[1], v, a, refractory, flags, now, 0)
            for k in range(n_outputs):
                y[k] = c[4] * y[k] + bias[k]
            for j in now[:n_now]:
                out_trace[j] += c[1]
                spike_counts[j] += 1
                for k in range(n_outputs):
                    y[k] += output[j, k]
            bias_trace = c[4] * bias_trace + c[1]
            error[:] = c[0]
            if t >= first_vote:
                target = targets[b, t] if targets.size else no_target
                loss[b] += judge(c, y, settings[3] != 0, labels[b], target, error, votes[b])
            signal[:] = c[0]
            add_columns(feedback, error, signal)
            call_rule(
                rule_in,
                (index_in[0], index_in[1], awake_in, trace_in, psi, signal, regulariser, params,
                 gradient_in, *states_in, int64(n_inputs), int64(n_hidden)),
            )  # fmt: skip
            if rule_rec:
                call_rule(
                    rule_rec,
                    (index_rec[0], index_rec[1], awake_rec, trace_rec, psi, signal, regulariser,
                     params, gradient_rec, *states_rec, int64(n_hidden), int64(n_hidden)),
                )  # fmt: skip
            _add_readout(out_trace, bias_trace, error, of_output, of_bias)
            n_spikes[b] += n_now
            before, now, n_before = now, before, n_now
