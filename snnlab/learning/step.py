"""One step of the hidden neurons and of the outputs, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import float32, int32, njit, uint8
from numba.extending import overload

from snnlab.rules.elementary import FLOAT64, of_precision
from snnlab.rules.lanes import LANES

__all__ = ["add_columns", "add_row", "add_rows", "advance", "fire", "judge", "new_flags"]


@njit(error_model="numpy", forceinline=True)
def add_row(i, weight, dense, start, post, current):  # type: ignore[no-untyped-def]
    """Add the weights of source `i` to the input of its targets.

    Parameters
    ----------
    i : int
    weight : (n,) real
        Of sparse rows.
    dense : (n_pre, n_post) real
        Of a matrix; empty for sparse rows.
    start, post : see `snnlab.learning.synapses.Synapses`
    current : (n_post,) real
    """
    if dense.size:
        row = dense[i]
        for j in range(current.size):
            current[j] += row[j]
    else:
        for k in range(start[i], start[i + 1]):
            current[post[k]] += weight[k]


@njit(error_model="numpy", forceinline=True)
def add_columns(feedback, error, total):  # type: ignore[no-untyped-def]
    """Add feedback times errors, (n_outputs, n_hidden) and (n_outputs,), to (n_hidden,) numbers."""
    k, n = 0, error.size
    while k + 4 <= n:
        a, b, c, d = error[k], error[k + 1], error[k + 2], error[k + 3]
        for j in range(total.size):
            first = feedback[k, j] * a + feedback[k + 1, j] * b
            total[j] += first + (feedback[k + 2, j] * c + feedback[k + 3, j] * d)
        k += 4
    while k < n:
        a = error[k]
        for j in range(total.size):
            total[j] += feedback[k, j] * a
        k += 1


@njit(error_model="numpy", cache=True)
def add_rows(sources, weight, dense, start, post, current):  # type: ignore[no-untyped-def]
    """Add the weights of some sources to the input of their targets; see `add_row`."""
    for i in sources:
        add_row(int32(i), weight, dense, start, post, current)


@njit(error_model="numpy", cache=True)
def new_flags(n_hidden):  # type: ignore[no-untyped-def]
    """Make room for `advance` to say who is at the threshold: whole words of 8 neurons."""
    return np.zeros(8 * ((n_hidden + 7) // 8), np.uint8)


@njit(error_model="numpy", forceinline=True)
def advance(c, current, v, a, refractory, psi, flags):  # type: ignore[no-untyped-def]
    """Add the input of a step to the voltages; tell how near to the threshold neurons are.

    Parameters
    ----------
    c : (n,) real
        See `snnlab.learning.constants`.
    current : (n_hidden,) real
        Input of this step; the voltage above the threshold takes its place.
    v, a : (n_hidden,) real
        What is left of voltage and adaptation from the step before; v is changed.
    refractory : (n_hidden,) int32
        Steps for which neurons cannot fire.
    psi : (n_hidden,) real
        Written: the pseudo-derivative.
    flags : (n,) uint8
        Written: 1 where a neuron fires.
    """
    zero, one = c[0], c[1]
    beta, v_th, inverse, height = c[5], c[6], c[7], c[8]
    # Loops that write one array each: more at once are not vectorised.
    for j in range(v.size):
        v[j] += current[j]
    for j in range(v.size):
        current[j] = v[j] - (v_th + beta * a[j])
    for j in range(v.size):
        near = one - abs(current[j]) * inverse
        psi[j] = height * near if refractory[j] == 0 and near > zero else zero
    for j in range(v.size):
        flags[j] = uint8((current[j] >= zero) & (refractory[j] == 0))


@njit(error_model="numpy", forceinline=True)
def fire(c, refractory_steps, v, a, refractory, flags, spikes, n):  # type: ignore[no-untyped-def]
    """Let neurons fire that are at the threshold, in ascending order; let all decay by a step.

    Parameters
    ----------
    c, flags : see `advance`
    v, a : (n_hidden,) real
        Changed: what is left of them in the next step.
    refractory : (n_hidden,) int32
        Changed: steps for which neurons cannot fire.
    refractory_steps : int
    spikes : (n_most,) uint16
        Written from place `n` on: who fires.
    n : int

    Returns
    -------
    int
        Where the next step's spikes begin.
    """
    one, alpha, rho, v_th = c[1], c[2], c[3], c[6]
    for j in range(v.size):
        v[j] *= alpha
        a[j] *= rho
        refractory[j] -= int32(refractory[j] > 0)
    words = flags.view(np.uint64)
    for w in range(words.size):
        if words[w]:
            for j in range(8 * w, 8 * w + 8):
                if flags[j]:
                    v[j] -= v_th
                    a[j] += one
                    refractory[j] = refractory_steps
                    spikes[n] = j
                    n += 1
    return n


def _exp(x: Any) -> Any:
    """Snnlab's own exponential, which is the same to the bit on every device."""
    return of_precision(x).exp(x)


@overload(_exp)
def _exp_compiled(x):  # type: ignore[no-untyped-def]
    exp = LANES["float32" if x == float32 else "float64"].exp
    return lambda x: exp(x)  # noqa: PLW0108  (Numba wants a function of its own)


def _log(x: Any) -> Any:
    """Snnlab's own logarithm of a double."""
    return FLOAT64.log(x)


@overload(_log)
def _log_compiled(x):  # type: ignore[no-untyped-def]
    log = LANES["float64"].log
    return lambda x: log(x)  # noqa: PLW0108


@njit(error_model="numpy", cache=True)
def judge(c, y, is_softmax, label, target, error, vote):  # type: ignore[no-untyped-def]
    """Compare the outputs of a step with what they should be.

    Parameters
    ----------
    c : (n,) real
    y : (n_outputs,) real
    is_softmax : bool
    label : int
        The right class.
    target : (n_outputs,) real
        What outputs should be; read for regression alone.
    error : (n_outputs,) real
        Written: derivative of the loss by `y`.
    vote : (n_outputs,) float64
        What outputs were so far, summed; changed.

    Returns
    -------
    float
        Loss of the step.
    """
    loss = 0.0
    for k in range(y.size):
        vote[k] += y[k]
    if not is_softmax:
        for k in range(y.size):
            error[k] = y[k] - target[k]
            loss += 0.5 * np.float64(error[k]) * np.float64(error[k])
        return loss
    largest = y[0]
    for k in range(1, y.size):
        largest = max(largest, y[k])
    total = c[0]
    for k in range(y.size):
        error[k] = _exp(y[k] - largest)
        total += error[k]
    loss = _log(np.float64(total)) + np.float64(largest) - np.float64(y[label])
    for k in range(y.size):
        error[k] /= total
    error[label] -= c[1]
    return loss
