"""Adaptive exponential integrate-and-fire neuron with exponential synaptic currents."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.model.neuron import Neuron
from snnlab.model.neurons.propagators import (
    constant_to_voltage,
    decay,
    exponential_to_voltage,
    steps,
)
from snnlab.model.neurons.ranges import CURRENT, VOLTAGE
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import exp, log

__all__ = ["AdEx"]

_STEEPEST = 50.0
"""Exponent of an upstroke that no step can follow; larger ones would overflow."""


class AdEx(Neuron):
    """Adaptive exponential integrate-and-fire neuron, current-based (NEST's ``aeif_psc_exp``).

    An exponential upstroke and an adaptation current::

        C_m dV_m/dt = -g_L (V_m - E_L) + g_L Delta_T exp((V_m - V_th) / Delta_T)
                      - w + I_exc + I_inh + I_e
        tau_w dw/dt = a (V_m - E_L) - w
        V_m >= V_peak:  V_m <- V_reset,  w <- w + b

    Notes
    -----
    Strang splitting, of the second order: half a step of w, half a step of the leaky membrane with
    its currents, a whole step of the upstroke alone, then the membrane's and w's other halves.
    Each part is solved exactly while the others stand still. Where the upstroke runs to infinity
    within the step, V_m is V_peak, so it is always bounded.

    The upstroke tells when within the step the peak is reached. For the rest of the step w relaxes
    from where the spike left it, and with t_ref = 0 V_m moves on from V_reset, as in NEST's
    adaptive integration; spikes fall into the same steps but where one is close to the border of
    two. What arrives is added at the end of the step. Currents and w go on while the neuron is
    refractory.

    References
    ----------
    Brette, Gerstner, J. Neurophysiol. 94, 2005.
    """

    C_m = Parameter(281.0, "pF", "membrane capacitance", above=0.0, slider=(50.0, 500.0))
    g_L = Parameter(30.0, "nS", "leak conductance", above=0.0, slider=(5.0, 50.0))
    t_ref = Parameter(0.0, "ms", "refractory period", low=0.0, slider=(0.0, 10.0))
    E_L = Parameter(-70.6, "mV", "leak reversal potential", slider=(-90.0, -50.0))
    V_th = Parameter(-50.4, "mV", "voltage at which the upstroke begins", slider=(-60.0, -40.0))
    Delta_T = Parameter(2.0, "mV", "sharpness of the upstroke", above=0.0, slider=(0.5, 5.0))
    V_peak = Parameter(0.0, "mV", "voltage at which a spike is registered", slider=(-30.0, 30.0))
    V_reset = Parameter(-60.0, "mV", "reset potential", slider=(-80.0, -50.5))
    a = Parameter(4.0, "nS", "adaptation to the voltage", slider=(-10.0, 20.0))
    b = Parameter(80.5, "pA", "rise of the adaptation with a spike", slider=(0.0, 300.0))
    tau_w = Parameter(
        144.0, "ms", "time constant of the adaptation", above=0.0, slider=(10.0, 500.0)
    )
    I_e = Parameter(0.0, "pA", "constant input current", slider=(-500.0, 1500.0))
    tau_syn_exc = Parameter(
        0.2, "ms", "time constant of excitatory currents", above=0.0, slider=(0.2, 20.0)
    )
    tau_syn_inh = Parameter(
        2.0, "ms", "time constant of inhibitory currents", above=0.0, slider=(0.2, 20.0)
    )

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    w = State(0.0, "pA", "adaptation current", *CURRENT)
    I_exc = State(0.0, "pA", "excitatory synaptic current", *CURRENT)
    I_inh = State(0.0, "pA", "inhibitory synaptic current", *CURRENT)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)
    landing = State(
        0.0, "mV", "way from V_reset in the rest of the step of the last spike", *VOLTAGE
    )

    exc = Receptor("pA", sign=1, doc="excitatory currents")
    inh = Receptor("pA", sign=-1, doc="inhibitory currents")

    nest_name = "aeif_psc_exp"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of half a step, the decays and the growth of a whole one."""
        tau_m, half = p.C_m / p.g_L, dt / 2
        above = np.minimum((p.V_reset - p.V_th) / p.Delta_T, _STEEPEST)
        upstroke = p.g_L * p.Delta_T * np.exp(above)
        early_exc = exponential_to_voltage(half, tau_m, p.tau_syn_exc, p.C_m)
        early_inh = exponential_to_voltage(half, tau_m, p.tau_syn_inh, p.C_m)
        return {
            "P11_exc": decay(dt, p.tau_syn_exc),
            "P11_inh": decay(dt, p.tau_syn_inh),
            "early_exc": early_exc,
            "early_inh": early_inh,
            "late_exc": early_exc * decay(half, p.tau_syn_exc),
            "late_inh": early_inh * decay(half, p.tau_syn_inh),
            "P22": decay(half, tau_m),
            "P20": constant_to_voltage(half, tau_m, p.C_m),
            "decay_w": decay(half, p.tau_w),
            "renewal_w": p.a * (1 - decay(half, p.tau_w)),
            "rate_w": dt / p.tau_w,
            "charge": dt / p.C_m,
            "leak": dt / tau_m,
            "drift_of_reset": dt / p.C_m * (p.I_e - p.g_L * (p.V_reset - p.E_L) + upstroke),
            "is_free": 1.0 * (steps(p.t_ref, dt) == 0),
            "flatness": np.exp((p.V_th - p.V_peak) / p.Delta_T),
            "growth": p.g_L * dt / p.C_m,
            "steps_to_peak": p.C_m / (p.g_L * dt),
            "sharpness": 1 / p.Delta_T,
            "refractory_steps": steps(p.t_ref, dt),
        }

    @classmethod
    def approximated(cls, p: Mapping[str, float]) -> dict[str, float]:
        """Return the time constants of membrane and adaptation; currents decay exactly."""
        return {"C_m / g_L": p["C_m"] / p["g_L"], "tau_w": p["tau_w"]}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance half of the adaptation, the voltage, the other half, then the currents."""
        w = p.decay_w * state.w + p.renewal_w * (state.V_m - p.E_L)
        if state.refractory > 0:
            state.refractory -= 1
            V_of_w = state.V_m
        else:
            push = p.P20 * (p.I_e - w)
            early = p.early_exc * state.I_exc + p.early_inh * state.I_inh
            late = p.late_exc * state.I_exc + p.late_inh * state.I_inh
            V_early = p.E_L + (p.P22 * (state.V_m - p.E_L) + push + early)
            # exp(-(V - V_th) / Delta_T) falls at a constant rate in the upstroke, to 0 at its end.
            rising = exp((V_early - p.V_th) * p.sharpness)
            left = 1.0 - p.growth * rising
            V = V_early - p.Delta_T * log(left) if left > 0 else p.V_peak
            if p.V_peak > V:
                V = p.E_L + (p.P22 * (V - p.E_L) + push + late)
            V_of_w = V
            if not p.V_peak > V:
                # What is left of the step after the spike belongs to the neuron that was reset.
                rest = max(1.0 - max((1.0 / rising - p.flatness) * p.steps_to_peak, 0.0), 0.0)
                lost = (1.0 - p.P11_exc) * state.I_exc + (1.0 - p.P11_inh) * state.I_inh
                current = state.I_exc + state.I_inh - (1.0 - 0.5 * rest) * lost - w - p.b
                drift = p.drift_of_reset + p.charge * current
                state.landing = p.is_free * rest * drift * (1.0 - 0.5 * rest * p.leak)
                # In the mean over the upstroke V_m lies by Delta_T above where it began.
                w -= rest * p.rate_w * (p.b + p.a * (V_early + p.Delta_T - p.V_reset))
                V_of_w = V_early + 2.0 * p.Delta_T
            state.V_m = min(V, p.V_peak)
        state.w = p.decay_w * w + p.renewal_w * (V_of_w - p.E_L)
        state.I_exc = p.P11_exc * state.I_exc + input.exc
        state.I_inh = p.P11_inh * state.I_inh + input.inh

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Register a spike at its peak."""
        return state.V_m >= p.V_peak

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset, stay there for t_ref, and raise the adaptation."""
        state.V_m = min(p.V_reset + state.landing, p.V_peak)
        state.w += p.b
        state.refractory = p.refractory_steps

    @classmethod
    def check(cls, p: Mapping[str, float], dt: float, *, context: str = "") -> None:
        """Refuse a peak at or below the reset or the beginning of the upstroke."""
        for name in ("V_reset", "V_th"):
            if p[name] >= p["V_peak"]:
                raise SpecError(
                    f"{cls.__name__}.V_peak", f"must be > {name} = {p[name]:g} mV",
                    got=f"{p['V_peak']:g} mV", context=context,
                    remedy="The peak ends the upstroke; NEST's value is 0 mV.",
                )  # fmt: skip
