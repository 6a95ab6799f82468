"""Leaky integrate-and-fire neuron with one synaptic current for both signs."""

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

__all__ = ["LIFExpShared"]


class LIFExpShared(CurrentMembrane, Neuron):
    """Leaky integrate-and-fire neuron whose two signs share one exponential current.

    The same as `LIFExp` where both time constants are equal, with one variable less::

        dV_m/dt   = -(V_m - E_L) / tau_m + (I_syn + I_e) / C_m
        dI_syn/dt = -I_syn / tau_syn + sum_k w_k delta(t - t_k)

    Notes
    -----
    Integrated exactly. In a step the voltage takes the current as it was at its beginning;
    what arrives is added at its end. The current goes on while the neuron is refractory.
    It is NEST's ``iaf_psc_exp`` with tau_syn_ex = tau_syn_in = tau_syn.

    References
    ----------
    Rotter, Diesmann, Biol. Cybern. 81, 1999.
    Potjans, Diesmann, Cereb. Cortex 24, 2014 (its neuron).
    """

    tau_syn = Parameter(
        2.0, "ms", "time constant of the synaptic current", above=0.0, slider=(0.5, 20.0)
    )

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    I_syn = State(0.0, "pA", "synaptic current", *CURRENT)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)

    exc = Receptor("pA", sign=1, port="syn", doc="excitatory currents")
    inh = Receptor("pA", sign=-1, port="syn", doc="inhibitory currents")

    nest_name = "iaf_psc_exp"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of one step."""
        return {
            "P11": decay(dt, p.tau_syn),
            "P21": exponential_to_voltage(dt, p.tau_m, p.tau_syn, p.C_m),
            "P22": decay(dt, p.tau_m),
            "P20": constant_to_voltage(dt, p.tau_m, p.C_m),
            "refractory_steps": steps(p.t_ref, dt),
        }

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the voltage, then the current."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            relative = p.P22 * (state.V_m - p.E_L) + p.P20 * p.I_e + p.P21 * state.I_syn
            state.V_m = p.E_L + relative
        state.I_syn = p.P11 * state.I_syn + input.syn

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above V_th."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset and stay there for t_ref."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
