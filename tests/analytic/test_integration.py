"""Neurons without a closed form against a fine solution: their error and the order of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.model.neurons import AdEx, LIFCondExp
from tests.analytic.fine_solution import adaptive_exponential, conductance, solve
from tests.neurons import Block

DURATION = 200.0
GRID = 0.2  # ms, on which input arrives: all time steps here divide it

CASES = {
    "LIFCondExp": (LIFCondExp, conductance, ("V_m", "g_exc", "g_inh"), (12.0, 7.0), {"V_th": 0.0}),
    "AdEx": (AdEx, adaptive_exponential, ("V_m", "w", "I_exc", "I_inh"), (400.0, -150.0),
             {"I_e": 300.0}),
}  # fmt: skip
TAUS = [(2.0, 6.0), (0.2, 2.0), (0.5, 0.5)]


def arrivals() -> dict[int, tuple[float, float]]:
    """Number of grid points -> share of an excitatory and of an inhibitory spike that arrive."""
    rng = np.random.default_rng(3)
    steps = rng.choice(np.arange(1, 900), 60, replace=False)
    return {int(s): (float(rng.integers(3)) / 2, float(rng.integers(2))) for s in steps}


def error(name: str, dt: float, tau: tuple[float, float], precision: str = "float64") -> Any:
    """Largest deviation of each variable, relative to how far the variable moves."""
    model, slope, variables, (exc, inh), values = CASES[name]
    block = Block(model, precision, dt, tau_syn_exc=tau[0], tau_syn_inh=tau[1], **values)
    per_grid = round(GRID / dt)
    # Short input is stronger, so that it moves the voltage as far.
    exc = exc / tau[0] ** 0.5
    input = {s * per_grid: (exc * a, inh * b) for s, (a, b) in arrivals().items()}
    start = [float(block.state[v][0]) for v in variables]
    jumps = {s: (*[0.0] * (len(variables) - 2), *both) for s, both in input.items()}
    exact = solve(slope, start, block.p, jumps, round(DURATION / dt), dt)
    found = np.empty_like(exact)
    for step in range(len(exact)):
        a, b = input.get(step + 1, (0.0, 0.0))
        assert not block.step(exc=a, inh=b).any(), "the fine solution knows no spikes"
        found[step] = [block.state[v][0] for v in variables]
    return np.abs(found - exact).max(axis=0) / np.ptp(exact, axis=0)


@pytest.mark.parametrize("tau", TAUS)
def test_conductances_converge_with_the_fourth_power_of_the_step(tau: tuple[float, float]) -> None:
    coarse, fine = error("LIFCondExp", 0.2, tau)[0], error("LIFCondExp", 0.1, tau)[0]
    assert fine < 1e-7
    assert coarse / fine > 12


@pytest.mark.parametrize("tau", TAUS)
def test_adaptation_converges_with_the_second_power_of_the_step(tau: tuple[float, float]) -> None:
    coarse, fine = error("AdEx", 0.2, tau), error("AdEx", 0.1, tau)
    assert (fine[:2] < (1e-5, 2e-4)).all()
    assert (coarse[:2] / fine[:2] > 3.2).all()


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("name", CASES)
def test_single_precision_adds_little(name: str, tau: tuple[float, float]) -> None:
    assert error(name, 0.1, tau, "float32")[0] < 5e-5
