"""The voltage that one spike causes, against its closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.model.neurons import ALIF, LIFAlpha, LIFDelta, LIFExp, LIFExpShared
from snnlab.model.neurons.propagators import alpha_to_voltage, exponential_to_voltage
from tests.neurons import Block

DT = 0.1
STEPS = 600
WEIGHT = 87.8  # pA
AT_REST = {"E_L": 0.0, "V_th": 1e6, "V_reset": -1.0}
"""A potential of its own, not the small change of a large resting potential."""

TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
TAUS = [(10.0, 2.0), (10.0, 0.5), (5.0, 20.0), (10.0, 10.0), (10.0, 10.0 + 1e-9)]


def response(model: Any, precision: str, receptor: str, **values: Any) -> np.ndarray:
    """V_m of a neuron after a spike that arrives at the end of the first step."""
    block = Block(model, precision, DT, **(AT_REST | values))
    port = model.port_of(receptor)
    weight = 1.0 if model.receptors[receptor].unit == "mV" else WEIGHT
    block.step(**{port: weight})
    trace = [block.state["V_m"][0]]
    for _ in range(STEPS):
        block.step()
        trace.append(block.state["V_m"][0])
    return np.array(trace, float)


def time() -> np.ndarray:
    return np.arange(STEPS + 1) * DT


def exponential(tau_m: float, tau_syn: float, C_m: float = 250.0) -> np.ndarray:
    t = time()
    if tau_m == tau_syn:
        return WEIGHT / C_m * t * np.exp(-t / tau_m)
    difference = tau_m - tau_syn
    growth = np.expm1(-t * difference / (tau_m * tau_syn))
    return -WEIGHT / C_m * tau_m * tau_syn / difference * np.exp(-t / tau_m) * growth


def alpha(tau_m: float, tau_syn: float, C_m: float = 250.0) -> np.ndarray:
    """Convolution of the current with the membrane, by Gauss-Legendre quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    t = time()[:, None]
    s = t * (nodes + 1) / 2
    integrand = s * np.exp(1 - s / tau_syn - (t - s) / tau_m)
    return WEIGHT / C_m / tau_syn * (integrand @ weights) * time() / 2


def expect(found: np.ndarray, wanted: np.ndarray, precision: str) -> None:
    """Relative to the peak."""
    deviation = np.abs(found - wanted).max() / np.abs(wanted).max()
    assert deviation < TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(("tau_m", "tau_syn"), TAUS)
def test_exponential_current(precision: str, tau_m: float, tau_syn: float) -> None:
    wanted = exponential(tau_m, tau_syn)
    for model in (LIFExp, ALIF):
        found = response(model, precision, "exc", tau_m=tau_m, tau_syn_exc=tau_syn)
        expect(found, wanted, precision)
        found = response(model, precision, "inh", tau_m=tau_m, tau_syn_inh=tau_syn)
        expect(found, wanted, precision)
    for receptor in ("exc", "inh"):
        found = response(LIFExpShared, precision, receptor, tau_m=tau_m, tau_syn=tau_syn)
        expect(found, wanted, precision)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize(("tau_m", "tau_syn"), TAUS)
def test_alpha_current(precision: str, tau_m: float, tau_syn: float) -> None:
    wanted = alpha(tau_m, tau_syn)
    found = response(LIFAlpha, precision, "exc", tau_m=tau_m, tau_syn_exc=tau_syn)
    expect(found, wanted, precision)
    found = response(LIFAlpha, precision, "inh", tau_m=tau_m, tau_syn_inh=tau_syn)
    expect(found, wanted, precision)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("tau_m", [2.0, 10.0, 33.3])
def test_jump(precision: str, tau_m: float) -> None:
    found = response(LIFDelta, precision, "exc", tau_m=tau_m)
    expect(found, np.exp(-time() / tau_m), precision)


def test_the_weight_of_an_alpha_current_is_its_peak() -> None:
    block = Block(LIFAlpha, "float64", DT, **AT_REST)
    block.step(exc=WEIGHT)
    currents = []
    for _ in range(100):
        block.step()
        currents.append(block.state["I_exc"][0])
    assert max(currents) == pytest.approx(WEIGHT, rel=1e-12)
    assert np.argmax(currents) == 19  # 2 ms after the spike


def test_constant_current_charges_the_membrane() -> None:
    block = Block(LIFExp, "float64", DT, I_e=250.0, **AT_REST)
    for step in range(1, 200):
        block.step()
        assert block.state["V_m"][0] == pytest.approx(10 * -np.expm1(-step * DT / 10), rel=1e-13)


def test_propagators_are_smooth_where_time_constants_meet() -> None:
    tau_syn = 10 + np.concatenate([-np.logspace(0, -15, 60), [0], np.logspace(-15, 0, 60)])
    for propagator in (exponential_to_voltage, alpha_to_voltage):
        curve = propagator(0.1, 10.0, tau_syn, 250.0)
        assert np.isfinite(curve).all()
        assert (np.diff(curve) >= -1e-17).all()
        np.testing.assert_allclose(curve[30:-30], curve[60], rtol=1e-6)
