"""Neurons that go wrong on purpose, and a network with some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.model.recorders import StateRecorder


class BreaksAtT(Neuron):
    """Divides by zero at t_break, and holds what came out of it."""

    t_break = Parameter(25.0, "ms", "when it breaks", above=0.0)
    V_m = State(0.0, "mV", "membrane potential")
    age = State(0.0, "1", "steps done", low=0.0)
    exc = Receptor("mV", sign=1)

    @staticmethod
    def derive(p: Any, dt: float) -> dict[str, Any]:
        return {"last": np.rint(p.t_break / dt)}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.age += 1
        state.V_m = 0.5 * state.V_m + 1.0 / (p.last - state.age) + input.exc


class Grows(Neuron):
    """Doubles with every step: a scheme that is not stable."""

    V_m = State(1.0, "mV", "membrane potential", low=-1000.0, high=1000.0)

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.V_m = 2.0 * state.V_m


class FitzHughNagumo(Neuron):
    """FitzHugh and Nagumo's oscillator by Euler's scheme, which explodes where dt is too large."""

    I_e = Parameter(0.5, "1", "constant drive")
    v = State(-1.0, "1", "voltage", low=-1000.0, high=1000.0)
    w = State(-0.5, "1", "recovery", low=-1000.0, high=1000.0)
    is_crossing = State(0.0, "1", "whether the voltage has just come above 1", low=0.0, high=1.0)
    exc = Receptor("mV", sign=1)

    @staticmethod
    def derive(p: Any, dt: float) -> dict[str, Any]:
        return {"dt": dt}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        v = state.v
        state.v = v + p.dt * (v - v * v * v / 3.0 - state.w + p.I_e + input.exc)
        state.w += p.dt * 0.08 * (v + 0.7 - 0.8 * state.w)
        state.is_crossing = 1.0 if state.v >= 1.0 and v < 1.0 else 0.0

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        return state.is_crossing >= 0.5


def breaking(n: int = 300, t_break: Any = 25.0, dt: float = 0.1) -> Network:
    """A quiet population beside one that breaks, which gets spikes of a source."""
    return Network(
        [
            Population("source", 10, "PoissonSource", {"rate": 200.0}),
            Population("sound", 100, "LIFExp"),
            Population("broken", n, "BreaksAtT", {"t_break": t_break}),
        ],
        [Projection("source", "broken", FixedIndegree(10), 0.25, 1.5)],
        recorders=[StateRecorder("voltage", "sound", ("V_m",), (0,), 0.1)],
        dt=dt,
    )  # fmt: skip
