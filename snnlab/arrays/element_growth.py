"""Compiled growth of synaptic elements: calcium follows spikes, elements follow calcium."""

from __future__ import annotations

import numpy as np
from numba import njit

from snnlab.arrays.synaptic_elements import FIRST, GROWTH_RATE, SECOND
from snnlab.rules.lanes import LANES

__all__ = ["bring_all", "see_spikes"]

_LINEAR, _GAUSSIAN = range(2)  # the third curve is the sigmoid

_AT_ONCE = 64
"""Steps of which calcium is known before the curve is evaluated: that vectorises."""

_exp = LANES["float64"].exp  # the same to the bit on any machine, as the C library's is not


@njit(error_model="numpy", cache=True)
def _linear(numbers, z, Ca, tau_Ca, elapsed):  # type: ignore[no-untyped-def]
    """Integrate exactly over a time [ms]."""
    rate, eps = numbers[GROWTH_RATE], numbers[FIRST]
    later = Ca * _exp(-elapsed / tau_Ca)
    return max(rate * tau_Ca * (later - Ca) / eps + rate * elapsed + z, 0.0)


@njit(error_model="numpy", cache=True)
def _by_steps(curve, numbers, z, Ca, tau_Ca, n_steps, dt):  # type: ignore[no-untyped-def]
    """Integrate by forward Euler."""
    values = np.empty(_AT_ONCE)
    first, second, scale = numbers[FIRST], numbers[SECOND], dt * numbers[GROWTH_RATE]
    for begin in range(0, n_steps, _AT_ONCE):
        m = min(n_steps - begin, _AT_ONCE)
        for k in range(m):
            Ca = Ca - (Ca / tau_Ca) * dt
            values[k] = (Ca - first) / second
        if curve == _GAUSSIAN:
            for k in range(m):
                values[k] = scale * (2.0 * _exp(-(values[k] * values[k])) - 1.0)
        else:
            for k in range(m):
                values[k] = scale * (2.0 / (1.0 + _exp(values[k])) - 1.0)
        for k in range(m):
            z += values[k]
    return max(z, 0.0)


@njit(error_model="numpy", cache=True)
def _bring(elements, k, neuron, step, dt):  # type: ignore[no-untyped-def]
    """Bring one neuron up to date."""
    at = elements.base[k] + neuron
    n_steps = step - elements.last[at]
    if n_steps <= 0 or not elements.is_alive[at]:
        return
    tau_Ca, Ca = elements.calcium[k, 0], elements.Ca[at]
    for q in range(elements.kind_start[k], elements.kind_start[k + 1]):
        where = elements.z_base[q] + neuron
        numbers, z = elements.numbers[q], elements.z[where]
        if elements.curve[q] == _LINEAR:
            elements.z[where] = _linear(numbers, z, Ca, tau_Ca, n_steps * dt)
        else:
            elements.z[where] = _by_steps(elements.curve[q], numbers, z, Ca, tau_Ca, n_steps, dt)
    elements.Ca[at] = Ca * _exp(-n_steps * dt / tau_Ca)
    elements.last[at] = step


@njit(nogil=True, error_model="numpy", cache=True)
def see_spikes(elements, step, neuron, dt):  # type: ignore[no-untyped-def]
    """Let calcium see spikes, which are given in the order of time.

    Parameters
    ----------
    elements : Elements
    step, neuron : (n,) int64
        A spike of step k is one of the time ``(k + 1) dt``; global ids.
    dt : float [ms]
    """
    for s in range(step.size):
        for k in range(elements.size.size):
            i = neuron[s] - elements.first_id[k]
            if 0 <= i < elements.size[k]:
                _bring(elements, k, i, step[s] + 1, dt)
                elements.Ca[elements.base[k] + i] += elements.calcium[k, 1]


@njit(nogil=True, error_model="numpy", cache=True)
def bring_all(elements, step, dt):  # type: ignore[no-untyped-def]
    """Bring all neurons up to date at a step; all spikes until then have been seen."""
    for k in range(elements.size.size):
        for i in range(elements.size[k]):
            _bring(elements, k, i, step, dt)
