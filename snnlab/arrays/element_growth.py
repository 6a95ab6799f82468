"""Compiled growth of synaptic elements: calcium follows spikes, elements follow calcium."""

from __future__ import annotations

import numpy as np
from numba import njit

from snnlab.arrays.synaptic_elements import FIRST, GROWTH_RATE, SECOND
from snnlab.rules.lanes import LANES

__all__ = ["bring_all", "see_spikes"]

_LINEAR, _GAUSSIAN = range(2)  # the third curve is the sigmoid

_AT_ONCE, _LANES = 64, 8
"""Steps at which a curve is evaluated together; sums that these are added to."""

_exp = LANES["float64"].exp  # the same to the bit on any machine, as the C library's is not


@njit(error_model="numpy", cache=True)
def _linear(numbers, z, Ca, tau_Ca, elapsed):  # type: ignore[no-untyped-def]
    """Integrate exactly over a time [ms]."""
    rate, eps = numbers[GROWTH_RATE], numbers[FIRST]
    later = Ca * _exp(-elapsed / tau_Ca)
    return max(rate * tau_Ca * (later - Ca) / eps + rate * elapsed + z, 0.0)


@njit(error_model="numpy", cache=True)
def _sum_of_steps(curve, first, second, Ca, powers, n_steps):  # type: ignore[no-untyped-def]
    """Sum of a curve, at a growth rate of 1, over steps of forward Euler; it vectorises."""
    values, sums = np.empty(_AT_ONCE), np.zeros(_LANES)
    for begin in range(0, n_steps, _AT_ONCE):
        for k in range(_AT_ONCE):
            values[k] = (Ca * powers[k] - first) / second
        if curve == _GAUSSIAN:
            for k in range(_AT_ONCE):
                values[k] = 2.0 * _exp(-(values[k] * values[k])) - 1.0
        else:
            for k in range(_AT_ONCE):
                values[k] = 2.0 / (1.0 + _exp(values[k])) - 1.0
        values[max(n_steps - begin, 0) :] = 0.0
        for lanes in range(0, _AT_ONCE, _LANES):
            for k in range(_LANES):
                sums[k] += values[lanes + k]
        Ca *= powers[_AT_ONCE - 1]
    total = 0.0
    for k in range(_LANES):
        total += sums[k]
    return total


@njit(error_model="numpy", cache=True)
def _bring(elements, k, neuron, step, dt, powers):  # type: ignore[no-untyped-def]
    """Bring one neuron up to date; kinds with the same curve share the work."""
    at = elements.base[k] + neuron
    n_steps = step - elements.last[at]
    if n_steps <= 0 or not (elements.is_alive[at] and elements.is_here[at]):
        return
    tau_Ca, Ca = elements.calcium[k, 0], elements.Ca[at]
    known, total = -1, 0.0
    for q in range(elements.kind_start[k], elements.kind_start[k + 1]):
        where = elements.z_base[q] + neuron
        numbers, curve = elements.numbers[q], elements.curve[q]
        if curve == _LINEAR:
            elements.z[where] = _linear(numbers, elements.z[where], Ca, tau_Ca, n_steps * dt)
            continue
        first, second = numbers[FIRST], numbers[SECOND]
        is_known = (
            known >= 0 and curve == elements.curve[known]
            and first == elements.numbers[known, FIRST]
            and second == elements.numbers[known, SECOND]
        )  # fmt: skip
        if not is_known:
            total = _sum_of_steps(curve, first, second, Ca, powers[k], n_steps)
            known = q
        grown = dt * numbers[GROWTH_RATE] * total
        elements.z[where] = max(elements.z[where] + grown, 0.0)
    elements.Ca[at] = Ca * _exp(-n_steps * dt / tau_Ca)
    elements.last[at] = step


@njit(error_model="numpy", cache=True)
def _powers(elements, dt):  # type: ignore[no-untyped-def]
    """What is left of calcium after 1, 2, ... steps of forward Euler, of each population."""
    found = np.empty((elements.size.size, _AT_ONCE))
    for k in range(elements.size.size):
        left = 1.0
        for n in range(_AT_ONCE):
            left *= 1.0 - dt / elements.calcium[k, 0]
            found[k, n] = left
    return found


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
    powers = _powers(elements, dt)
    for s in range(step.size):
        for k in range(elements.size.size):
            i = neuron[s] - elements.first_id[k]
            if 0 <= i < elements.size[k]:
                _bring(elements, k, i, step[s] + 1, dt, powers)
                elements.Ca[elements.base[k] + i] += elements.calcium[k, 1]


@njit(nogil=True, error_model="numpy", cache=True)
def bring_all(elements, step, dt):  # type: ignore[no-untyped-def]
    """Bring all neurons up to date at a step; all spikes until then have been seen."""
    powers = _powers(elements, dt)
    for k in range(elements.size.size):
        for i in range(elements.size[k]):
            _bring(elements, k, i, step, dt, powers)
