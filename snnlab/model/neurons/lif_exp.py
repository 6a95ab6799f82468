"""Leaky integrate-and-fire neuron with exponentially decaying synaptic currents."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.neurons.membrane import CurrentMembrane
from snnlab.model.neurons.propagators import (
    constant_to_voltage,
    decay,
    exponential_to_voltage,
    steps,
)
from snnlab.model.neurons.ranges import CURRENT, VOLTAGE
from snnlab.model.parameter import Parameter, Receptor, State

__all__ = ["LIFExp"]


class LIFExp(CurrentMembrane, Neuron):
    """Leaky integrate-and-fire neuron with exponential currents (NEST's ``iaf_psc_exp``).

    Excitatory and inhibitory currents have a time constant each::

        dV_m/dt   = -(V_m - E_L) / tau_m + (I_exc + I_inh + I_e) / C_m
        dI_exc/dt = -I_exc / tau_syn_exc + sum_k w_k delta(t - t_k),   I_inh alike

    Notes
    -----
    Integrated exactly. In a step the voltage takes the currents as they were at its beginning;
    what arrives is added at its end. Currents go on while the neuron is refractory.

    References
    ----------
    Rotter, Diesmann, Biol. Cybern. 81, 1999.
    Tsodyks, Uziel, Markram, J. Neurosci. 20, 2000.
    """

    tau_syn_exc = Parameter(
        2.0, "ms", "time constant of excitatory currents", above=0.0, slider=(0.5, 20.0)
    )
    tau_syn_inh = Parameter(
        2.0, "ms", "time constant of inhibitory currents", above=0.0, slider=(0.5, 20.0)
    )

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    I_exc = State(0.0, "pA", "excitatory synaptic current", *CURRENT)
    I_inh = State(0.0, "pA", "inhibitory synaptic current", *CURRENT)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)

    exc = Receptor("pA", sign=1, doc="excitatory currents")
    inh = Receptor("pA", sign=-1, doc="inhibitory currents")

    nest_name = "iaf_psc_exp"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of one step."""
        return {
            "P11_exc": decay(dt, p.tau_syn_exc),
            "P11_inh": decay(dt, p.tau_syn_inh),
            "P21_exc": exponential_to_voltage(dt, p.tau_m, p.tau_syn_exc, p.C_m),
            "P21_inh": exponential_to_voltage(dt, p.tau_m, p.tau_syn_inh, p.C_m),
            "P22": decay(dt, p.tau_m),
            "P20": constant_to_voltage(dt, p.tau_m, p.C_m),
            "refractory_steps": steps(p.t_ref, dt),
        }

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the voltage, then the currents."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            synaptic = p.P21_exc * state.I_exc + p.P21_inh * state.I_inh
            relative = p.P22 * (state.V_m - p.E_L) + p.P20 * p.I_e + synaptic
            state.V_m = p.E_L + relative
        state.I_exc = p.P11_exc * state.I_exc + input.exc
        state.I_inh = p.P11_inh * state.I_inh + input.inh

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above V_th."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset and stay there for t_ref."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
