"""Leaky integrate-and-fire neuron with alpha-shaped synaptic currents."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.neurons.membrane import CurrentMembrane
from snnlab.model.neurons.propagators import (
    alpha_to_voltage,
    constant_to_voltage,
    decay,
    exponential_to_voltage,
    steps,
)
from snnlab.model.neurons.ranges import CURRENT, SLOPE, VOLTAGE
from snnlab.model.parameter import Parameter, Receptor, State

__all__ = ["LIFAlpha"]


class LIFAlpha(CurrentMembrane, Neuron):
    """Leaky integrate-and-fire neuron with alpha-shaped currents (NEST's ``iaf_psc_alpha``).

    A current rises smoothly and peaks, at the synapse's weight, tau_syn after the spike::

        dV_m/dt = -(V_m - E_L) / tau_m + (I_exc + I_inh + I_e) / C_m
        I_exc(t) = sum_k w_k e (t - t_k) / tau_syn_exc exp(-(t - t_k) / tau_syn_exc)

    Notes
    -----
    Integrated exactly. In a step the voltage takes the currents as they were at its beginning;
    what arrives is added at its end. Currents go on while the neuron is refractory.

    References
    ----------
    Rotter, Diesmann, Biol. Cybern. 81, 1999.
    """

    tau_syn_exc = Parameter(
        2.0, "ms", "rise time of excitatory currents", above=0.0, slider=(0.2, 10.0)
    )
    tau_syn_inh = Parameter(
        2.0, "ms", "rise time of inhibitory currents", above=0.0, slider=(0.2, 10.0)
    )

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    I_exc = State(0.0, "pA", "excitatory synaptic current", *CURRENT)
    I_inh = State(0.0, "pA", "inhibitory synaptic current", *CURRENT)
    dI_exc = State(0.0, "pA/ms", "slope of the excitatory current, before its decay", *SLOPE)
    dI_inh = State(0.0, "pA/ms", "slope of the inhibitory current, before its decay", *SLOPE)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)

    exc = Receptor("pA", sign=1, doc="excitatory currents; the weight is the peak")
    inh = Receptor("pA", sign=-1, doc="inhibitory currents; the weight is the peak")

    nest_name = "iaf_psc_alpha"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of one step."""
        decay_exc, decay_inh = decay(dt, p.tau_syn_exc), decay(dt, p.tau_syn_inh)
        return {
            "slope_exc": math.e / p.tau_syn_exc,
            "slope_inh": math.e / p.tau_syn_inh,
            "P11_exc": decay_exc,
            "P11_inh": decay_inh,
            "P21_exc": dt * decay_exc,
            "P21_inh": dt * decay_inh,
            "P31_exc": alpha_to_voltage(dt, p.tau_m, p.tau_syn_exc, p.C_m),
            "P31_inh": alpha_to_voltage(dt, p.tau_m, p.tau_syn_inh, p.C_m),
            "P32_exc": exponential_to_voltage(dt, p.tau_m, p.tau_syn_exc, p.C_m),
            "P32_inh": exponential_to_voltage(dt, p.tau_m, p.tau_syn_inh, p.C_m),
            "P33": decay(dt, p.tau_m),
            "P30": constant_to_voltage(dt, p.tau_m, p.C_m),
            "refractory_steps": steps(p.t_ref, dt),
        }

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the voltage, then the currents, then their slopes."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            exc = p.P31_exc * state.dI_exc + p.P32_exc * state.I_exc
            inh = p.P31_inh * state.dI_inh + p.P32_inh * state.I_inh
            relative = p.P33 * (state.V_m - p.E_L) + p.P30 * p.I_e + exc + inh
            state.V_m = p.E_L + relative
        state.I_exc = p.P21_exc * state.dI_exc + p.P11_exc * state.I_exc
        state.I_inh = p.P21_inh * state.dI_inh + p.P11_inh * state.I_inh
        state.dI_exc = p.P11_exc * state.dI_exc + p.slope_exc * input.exc
        state.dI_inh = p.P11_inh * state.dI_inh + p.slope_inh * input.inh

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above V_th."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset and stay there for t_ref."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
