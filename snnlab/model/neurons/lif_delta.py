"""Leaky integrate-and-fire neuron whose synapses are jumps of the voltage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.neurons.membrane import CurrentMembrane
from snnlab.model.neurons.propagators import constant_to_voltage, decay, steps
from snnlab.model.neurons.ranges import VOLTAGE
from snnlab.model.parameter import Receptor, State

__all__ = ["LIFDelta"]


class LIFDelta(CurrentMembrane, Neuron):
    """Leaky integrate-and-fire neuron with delta synapses (NEST's ``iaf_psc_delta``).

    The cheapest model: a spike that arrives moves V_m by its weight at once::

        dV_m/dt = -(V_m - E_L) / tau_m + I_e / C_m + sum_k w_k delta(t - t_k)

    Notes
    -----
    Integrated exactly. Spikes that arrive while the neuron is refractory have no effect.

    References
    ----------
    Rotter, Diesmann, Biol. Cybern. 81, 1999.
    """

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)

    exc = Receptor("mV", sign=1, port="syn", doc="excitatory jumps of the voltage")
    inh = Receptor("mV", sign=-1, port="syn", doc="inhibitory jumps of the voltage")

    nest_name = "iaf_psc_delta"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of one step."""
        return {
            "P22": decay(dt, p.tau_m),
            "P20": constant_to_voltage(dt, p.tau_m, p.C_m),
            "refractory_steps": steps(p.t_ref, dt),
        }

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the voltage by one step."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            relative = p.P22 * (state.V_m - p.E_L) + p.P20 * p.I_e + input.syn
            state.V_m = p.E_L + relative

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above V_th."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset and stay there for t_ref."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
