"""Neurons without a closed form, solved by an adaptive method of high order between the inputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

Slope = Callable[[float, NDArray[np.float64], Any], list[float]]


def conductance(t: float, y: NDArray[np.float64], p: Any) -> list[float]:
    """V_m, g_exc, g_inh of the neuron with exponential conductances."""
    V, exc, inh = y
    current = -p.g_L * (V - p.E_L) - exc * (V - p.E_ex) - inh * (V - p.E_in) + p.I_e
    return [current / p.C_m, -exc / p.tau_syn_exc, -inh / p.tau_syn_inh]


def adaptive_exponential(t: float, y: NDArray[np.float64], p: Any) -> list[float]:
    """V_m, w, I_exc, I_inh of the adaptive exponential neuron."""
    V, w, exc, inh = y
    upstroke = p.g_L * p.Delta_T * math.exp(min((V - p.V_th) / p.Delta_T, 100.0))
    current = -p.g_L * (V - p.E_L) + upstroke - w + exc + inh + p.I_e
    adaptation = (p.a * (V - p.E_L) - w) / p.tau_w
    return [current / p.C_m, adaptation, -exc / p.tau_syn_exc, -inh / p.tau_syn_inh]


def solve(
    slope: Slope, start: Sequence[float], parameters: Mapping[str, float],
    input: Mapping[int, Sequence[float]], n_steps: int, dt: float,
) -> NDArray[np.float64]:  # fmt: skip
    """State after each step, (n_steps, n_variables); `input` is added at the end of its steps."""
    p = SimpleNamespace(**parameters)
    y, trace = np.array(start, float), []
    edges = [0, *sorted(s for s in input if s <= n_steps), n_steps]
    for first, last in pairwise(edges):
        if last > first:
            t = np.arange(first + 1, last + 1) * dt
            found = solve_ivp(slope, (first * dt, last * dt), y, "DOP853", t, args=(p,),
                              rtol=1e-12, atol=1e-12)  # fmt: skip
            trace.append(found.y.T.copy())
            y = trace[-1][-1] + np.asarray(input.get(last, 0.0))
            trace[-1][-1] = y
    return np.concatenate(trace)
