"""Exact one-step propagators of linear membranes, safe where time constants meet.

All take and return floats or (n,) float64 arrays, in canonical units (ms, pF, pA, mV).

References
----------
Rotter, Diesmann, "Exact digital simulation of time-invariant linear systems with applications to
neuronal modeling", Biol. Cybern. 81, 1999.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = [
    "alpha_to_voltage",
    "constant_to_voltage",
    "decay",
    "exponential_to_voltage",
    "mean_of_decay",
    "steps",
    "tilt_of_decay",
]

_SERIES_TERMS = 20


def decay(dt: float, tau: Any) -> Any:
    """Return what is left after `dt` of a quantity that decays with `tau` (both ms)."""
    return np.exp(-dt / tau)


def mean_of_decay(dt: float, tau: Any) -> Any:
    """Return the mean over `dt` of a decay that starts at 1."""
    return -np.expm1(-dt / tau) * tau / dt


def tilt_of_decay(dt: float, tau: Any) -> Any:
    """Return the mean over `dt` of a decay that starts at 1, times the time in `dt` from -1/2."""
    z = -dt / tau
    return _mean_ramped_growth(z) - 0.5 * _mean_growth(z)


def constant_to_voltage(dt: float, tau_m: Any, C_m: Any) -> Any:
    """Return the voltage [mV] after `dt` [ms] that a constant current of 1 pA has caused."""
    return -np.expm1(-dt / tau_m) * tau_m / C_m


def exponential_to_voltage(dt: float, tau_m: Any, tau_syn: Any, C_m: Any) -> Any:
    """Return the voltage [mV] after `dt` [ms] of a current that decays from 1 pA with `tau_syn`.

    Written with expm1(z) / z, z = dt (1/tau_m - 1/tau_syn), which is 1 where the two time
    constants are equal; the textbook form divides zero by zero there.
    """
    z = dt / tau_m - dt / tau_syn
    return dt / C_m * decay(dt, tau_m) * _mean_growth(z)


def alpha_to_voltage(dt: float, tau_m: Any, tau_syn: Any, C_m: Any) -> Any:
    """Return the voltage [mV] after `dt` [ms] of the current t exp(-t/tau_syn) pA, t in ms."""
    z = dt / tau_m - dt / tau_syn
    return dt * dt / C_m * decay(dt, tau_m) * _mean_ramped_growth(z)


def steps(time: Any, dt: float) -> Any:
    """Return the whole number of steps of length `dt` nearest to `time` (both ms)."""
    return np.floor(np.asarray(time) / dt + 0.5)


def _mean_growth(z: Any) -> Any:
    """Integral of exp(z u) over u from 0 to 1."""
    safe = np.where(z == 0, 1.0, z)
    return np.where(z == 0, 1.0, np.expm1(safe) / safe)[()]


def _mean_ramped_growth(z: Any) -> Any:
    """Integral of u exp(z u) over u from 0 to 1; its closed form cancels where z is small."""
    near, far = np.where(np.abs(z) < 1, z, 0.0), np.where(np.abs(z) < 1, 1.0, z)
    series = sum(near**n / (math.factorial(n) * (n + 2)) for n in range(_SERIES_TERMS))
    closed = (np.exp(far) * (far - 1) + 1) / far**2
    return np.where(np.abs(z) < 1, series, closed)[()]
