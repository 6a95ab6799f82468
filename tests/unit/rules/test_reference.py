"""The compiled kernel is the plain Python function, to the bit."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from snnlab.model.neuron import Neuron
from snnlab.model.neurons import (
    ALIF,
    AdEx,
    Izhikevich,
    LIFAlpha,
    LIFCondExp,
    LIFDelta,
    LIFExp,
    LIFExpShared,
    SpikeSource,
)
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import abs, ceil, exp, floor, log, max, min, sqrt, tanh
from snnlab.rules.kernel import BLOCK
from snnlab.rules.reference import reference_step
from tests.neurons import Block

SCALE = 1.5
MODELS = [ALIF, AdEx, Izhikevich, LIFAlpha, LIFCondExp, LIFDelta, LIFExp, LIFExpShared, SpikeSource]


class EveryConstruct(Neuron):
    """Uses all of the rule language that draws no random numbers."""

    gain = Parameter(0.3)
    V_m = State(0.5)
    x = State(1.0)
    y = State(2.0)
    syn = Receptor("pA")

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        return {"third": p.gain / 3}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """A docstring is no statement."""
        total = 0
        for i in range(1, 6, 2):
            for k in range(i):
                total += i * input.syn - k % 2 + k // 2
                if state.x > i:
                    total -= state.y / (i + 1)
        low = min(state.x, state.y, p.gain)
        if state.V_m > 1 and not state.x < -1:
            factor = exp(-abs(state.V_m)) * SCALE
        elif -2 < state.V_m <= 1 or state.y == 0:
            factor = log(1 + state.x * state.x) + tanh(state.y)
        else:
            factor = sqrt(abs(state.V_m)) - math.pi
        if factor > 3:
            state.y = floor(factor) - p.third
            return
        state.x = max(low, -factor, -5) + ceil(state.y) // 3 - state.x % 0.7
        state.V_m += total * (0.01 if state.x > 0 else -0.02)
        state.y = -state.y + factor if state.V_m != state.y else +factor

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        if state.V_m > 3:
            return True
        return state.x > 2 and state.y > 0

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        while_there = state.V_m
        state.V_m = while_there - 4
        state.x *= p.gain


def varied(model: Any, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random states around the interesting values of a model, one for each neuron."""
    p = model.defaults()
    low, high = p.get("V_reset", p.get("c", -3.0)), p.get("V_peak", p.get("V_th", 3.0))
    states = {name: rng.normal(0, 20, BLOCK) for name in model.states}
    if "V_m" in states:
        states["V_m"] = rng.uniform(low - 5, high + 1, BLOCK)
    if "refractory" in states:
        states["refractory"] = rng.integers(0, 3, BLOCK).astype(float)
    return states | {n: rng.uniform(0, 9, BLOCK) for n in states if n.startswith("g_")}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("model", [*MODELS, EveryConstruct], ids=lambda m: m.__name__)
def test_kernel_equals_plain_python(model: Any, precision: str) -> None:
    rng = np.random.default_rng(11)
    block = Block(model, precision)
    for name, values in varied(model, rng).items():
        block.state[name][:] = values
    for _ in range(20):
        before = {name: block.state[name].copy() for name in model.states}
        ports = {port: rng.normal(0, 30, BLOCK).astype(precision) for port in model.ports}
        fired = block.step(**ports)
        for j in range(0, BLOCK, 5):
            state = {name: before[name][j] for name in model.states}
            port = {name: values[j] for name, values in ports.items()}
            expected = reference_step(model, state, block.p, port, precision=precision)
            assert fired[j] == expected
            got = {name: block.state[name][j] for name in model.states}
            assert (
                np.array(list(got.values())).tobytes() == np.array(list(state.values())).tobytes()
            ), (j, got, state)


def test_a_varying_parameter_gives_each_neuron_its_own() -> None:
    tau_m = np.linspace(5, 50, BLOCK)
    block = Block(LIFExp, tau_m=tau_m, V_th=np.where(np.arange(BLOCK) % 2, -69.9, 0.0))
    assert block.kernel.varying_names == ("P20", "P21_exc", "P21_inh", "P22", "V_th")
    block.step(exc=500.0)
    fired = block.step()
    for j in range(BLOCK):
        alone = Block(LIFExp, tau_m=float(tau_m[j]), V_th=float(block.p["V_th"][j]))
        alone.step(exc=500.0)
        assert alone.step()[0] == fired[j]
        assert alone.state["V_m"][0] == block.state["V_m"][j]
    assert fired.sum() == BLOCK // 2


def test_subnormal_states_become_zero() -> None:
    block = Block(LIFExp)
    block.state["I_exc"][:] = 1.2e-38
    block.step()
    assert block.state["I_exc"][0] == 0
    block.state["I_exc"][:] = np.nan
    block.step()
    assert np.isnan(block.state["I_exc"]).all()
