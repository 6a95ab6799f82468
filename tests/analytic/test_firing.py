"""When neurons fire, against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from snnlab.model.neurons import (
    ALIF,
    AdEx,
    Izhikevich,
    LIFAlpha,
    LIFDelta,
    LIFExp,
    LIFExpShared,
    SpikeSource,
)
from snnlab.rules.kernel import BLOCK
from tests.neurons import Block

DT = 0.1
CURRENTS = np.linspace(380.0, 2000.0, BLOCK)  # pA; the rheobase is 375 pA


def spike_steps(block: Block, steps: int) -> list[list[int]]:
    """Steps in which each neuron fired."""
    found: list[list[int]] = [[] for _ in range(BLOCK)]
    for step in range(1, steps + 1):
        for j in np.flatnonzero(block.step()):
            found[j].append(step)
    return found


def interval(current: float, t_ref: float) -> float:
    """Interspike interval [ms] of the leaky integrate-and-fire neuron with NEST's defaults."""
    depolarisation = current * 10.0 / 250.0
    return t_ref + 10.0 * math.log(depolarisation / (depolarisation - 15.0))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("t_ref", [0.0, 0.1, 2.0])
@pytest.mark.parametrize("model", [LIFDelta, LIFExp, LIFExpShared, LIFAlpha])
def test_rate_of_a_constant_current(model: Any, t_ref: float, precision: str) -> None:
    block = Block(model, precision, DT, I_e=CURRENTS, t_ref=t_ref)
    for current, steps in zip(CURRENTS, spike_steps(block, 1500), strict=True):
        intervals = np.diff(steps) * DT
        expected = interval(current, t_ref)
        # The threshold is crossed within a step and noticed at its end.
        slack = 1e-9 if precision == "float64" else 0.05
        assert len(steps) > 2
        assert (intervals >= expected - slack).all()
        assert (intervals < expected + DT + slack).all()


def test_nothing_fires_below_the_rheobase() -> None:
    block = Block(LIFExp, "float64", DT, I_e=374.9)
    assert not any(spike_steps(block, 3000))


def test_refractory_neurons_stay_at_reset_for_t_ref() -> None:
    block = Block(LIFExp, "float64", DT, I_e=1000.0, t_ref=1.0)
    while not block.step().any():
        assert block.state["refractory"][0] == 0
    held = 0
    while block.state["V_m"][0] == -70.0:
        block.step()
        held += 1
    assert held == 11  # ten steps of refractoriness, and the first that moves


def test_jumps_are_lost_while_refractory_and_currents_are_not() -> None:
    delta, exponential = Block(LIFDelta, "float64", DT), Block(LIFExp, "float64", DT)
    delta.state["refractory"][:] = exponential.state["refractory"][:] = 2
    delta.step(syn=5.0)
    exponential.step(exc=100.0)
    assert delta.state["V_m"][0] == -70.0
    assert exponential.state["I_exc"][0] == 100.0


def test_the_adaptive_threshold_spaces_spikes() -> None:
    block = Block(ALIF, "float64", DT, I_e=900.0, beta=2.0, tau_adapt=300.0)
    steps = spike_steps(block, 10000)[0]
    intervals = np.diff(steps) * DT
    assert (np.diff(intervals) > -DT - 1e-9).all()
    assert intervals[-1] > 1.5 * intervals[0]
    # In the steady state a spike adds what decays between two of them.
    a = 1 / -math.expm1(-intervals[-1] / 300.0)
    threshold = 15.0 + 2.0 * (a - 1)
    steady = 2.0 + 10.0 * math.log(36.0 / (36.0 - threshold))
    assert intervals[-1] == pytest.approx(steady, rel=0.01)


def test_without_adaptation_it_is_the_plain_neuron() -> None:
    adaptive = Block(ALIF, "float32", DT, I_e=CURRENTS, beta=0.0)
    plain = Block(LIFExp, "float32", DT, I_e=CURRENTS)
    assert spike_steps(adaptive, 1000) == spike_steps(plain, 1000)


def test_izhikevich_rests_where_its_nullclines_meet() -> None:
    block = Block(Izhikevich, "float64", DT)
    for _ in range(5000):
        block.step()
    V = (-(5 - 0.2) - math.sqrt((5 - 0.2) ** 2 - 4 * 0.04 * 140)) / 0.08
    assert block.state["V_m"][0] == pytest.approx(V, rel=1e-6)
    assert block.state["U_m"][0] == pytest.approx(0.2 * V, rel=1e-6)


def test_izhikevich_kinds_of_firing() -> None:
    """Regular spiking, fast spiking and chattering at 10 pA, as in the publication."""

    def intervals(**values: float) -> np.ndarray:
        return np.diff(spike_steps(Block(Izhikevich, "float64", DT, I_e=10.0, **values), 5000)[0])

    regular, fast = intervals(), intervals(a=0.1, d=2.0)
    chattering = intervals(c=-50.0, d=2.0)
    assert regular[-5:].std() < 0.05 * regular[-5:].mean()
    assert fast.mean() < 0.5 * regular.mean()
    assert chattering.max() > 5 * chattering.min()


def test_adex_rests_at_its_leak_potential() -> None:
    block = Block(AdEx, "float64", DT)
    for _ in range(20000):
        block.step()
    V, w = block.state["V_m"][0], block.state["w"][0]
    upstroke = 30.0 * 2.0 * math.exp((V + 50.4) / 2.0)
    assert abs(-30.0 * (V + 70.6) + upstroke - w) < 1e-4  # pA
    assert w == pytest.approx(4.0 * (V + 70.6), rel=1e-6)


def test_adex_spikes_converge_with_the_step() -> None:
    def first_spikes(dt: float) -> np.ndarray:
        steps = spike_steps(Block(AdEx, "float64", dt, I_e=800.0), round(200 / dt))[0]
        return np.array(steps[:4]) * dt

    exact = first_spikes(0.002)
    assert len(exact) == 4
    for dt in (0.1, 0.02):
        # A spike is noticed at the end of its step, and so each may be later by one more.
        assert (np.abs(first_spikes(dt) - exact) < dt * np.arange(1, 5)).all()


def test_adex_is_bounded_by_its_peak() -> None:
    block = Block(AdEx, "float32", DT, Delta_T=0.1)
    fired = np.zeros(BLOCK, bool)
    for _ in range(50):
        fired |= block.step(exc=20000.0)
        assert np.isfinite(block.state["V_m"]).all()
        assert (block.state["V_m"] <= 0).all()
    assert fired.all()


def test_spike_source_repeats_what_arrives() -> None:
    block = Block(SpikeSource)
    counts = np.arange(BLOCK) % 3
    np.testing.assert_array_equal(block.step(spikes=counts), counts > 0)
    assert not block.step().any()
