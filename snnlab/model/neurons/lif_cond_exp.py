"""Leaky integrate-and-fire neuron with exponentially decaying synaptic conductances."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from snnlab.model.neuron import Neuron
from snnlab.model.neurons.propagators import decay, mean_of_decay, steps, tilt_of_decay
from snnlab.model.neurons.ranges import CONDUCTANCE, VOLTAGE
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import exp

__all__ = ["LIFCondExp"]


class LIFCondExp(Neuron):
    """Leaky integrate-and-fire neuron with exponential conductances (NEST's ``iaf_cond_exp``).

    A spike opens channels, whose current depends on the voltage::

        C_m dV_m/dt = -g_L (V_m - E_L) - g_exc (V_m - E_ex) - g_inh (V_m - E_in) + I_e
        dg_exc/dt   = -g_exc / tau_syn_exc + sum_k w_k delta(t - t_k),   g_inh alike

    Notes
    -----
    Exponential integration of the fourth order: conductances decay exactly; the voltage relaxes
    towards its equilibrium as if they stood at their mean of the step, and is corrected for their
    being higher before and lower after. NEST integrates the same equations adaptively, to
    1e-3 mV. What arrives is added at the end of the step. Conductances go on while the neuron is
    refractory.

    References
    ----------
    Meffin, Burkitt, Grayden, J. Comput. Neurosci. 16, 2004.
    """

    C_m = Parameter(250.0, "pF", "membrane capacitance", above=0.0, slider=(50.0, 500.0))
    g_L = Parameter(16.6667, "nS", "leak conductance", above=0.0, slider=(5.0, 50.0))
    t_ref = Parameter(2.0, "ms", "refractory period", low=0.0, slider=(0.0, 10.0))
    E_L = Parameter(-70.0, "mV", "leak reversal potential", slider=(-90.0, -50.0))
    E_ex = Parameter(0.0, "mV", "excitatory reversal potential", slider=(-20.0, 20.0))
    E_in = Parameter(-85.0, "mV", "inhibitory reversal potential", slider=(-100.0, -60.0))
    V_th = Parameter(-55.0, "mV", "firing threshold", slider=(-65.0, -40.0))
    V_reset = Parameter(-60.0, "mV", "reset potential", slider=(-90.0, -56.0))
    I_e = Parameter(0.0, "pA", "constant input current", slider=(-500.0, 1000.0))
    tau_syn_exc = Parameter(
        0.2, "ms", "time constant of excitatory conductances", above=0.0, slider=(0.2, 20.0)
    )
    tau_syn_inh = Parameter(
        2.0, "ms", "time constant of inhibitory conductances", above=0.0, slider=(0.2, 20.0)
    )

    V_m = State("E_L", "mV", "membrane potential", *VOLTAGE)
    g_exc = State(0.0, "nS", "excitatory conductance", *CONDUCTANCE)
    g_inh = State(0.0, "nS", "inhibitory conductance", *CONDUCTANCE)
    refractory = State(0.0, "1", "steps of refractoriness that are left", low=0.0)

    exc = Receptor("nS", sign=1, doc="excitatory conductances")
    inh = Receptor("nS", sign=1, doc="inhibitory conductances; weights are positive too")

    nest_name = "iaf_cond_exp"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return decays, and the means and tilts of conductances that decay over one step."""
        rate = dt / p.C_m
        return {
            "decay_exc": decay(dt, p.tau_syn_exc),
            "decay_inh": decay(dt, p.tau_syn_inh),
            "mean_exc": mean_of_decay(dt, p.tau_syn_exc),
            "mean_inh": mean_of_decay(dt, p.tau_syn_inh),
            "tilt_exc": 0.5 * rate * rate * tilt_of_decay(dt, p.tau_syn_exc),
            "tilt_inh": 0.5 * rate * rate * tilt_of_decay(dt, p.tau_syn_inh),
            "rate_per_conductance": rate,
            "refractory_steps": steps(p.t_ref, dt),
        }

    @classmethod
    def approximated(cls, p: Mapping[str, float]) -> dict[str, float]:
        """Return the time constant of the membrane; conductances decay exactly."""
        return {"C_m / g_L": p["C_m"] / p["g_L"]}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Relax the voltage towards its equilibrium, then let the conductances decay."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            exc = p.mean_exc * state.g_exc
            inh = p.mean_inh * state.g_inh
            total = p.g_L + exc + inh
            V_inf = (p.g_L * p.E_L + exc * p.E_ex + inh * p.E_in + p.I_e) / total
            kept = exp(-p.rate_per_conductance * total)
            # What flows early in the step has decayed more by its end than what flows late.
            exc = p.tilt_exc * state.g_exc * (p.E_ex - V_inf)
            inh = p.tilt_inh * state.g_inh * (p.E_in - V_inf)
            push = total * (1.0 + kept) * (exc + inh)
            state.V_m = V_inf + (state.V_m - V_inf) * kept + push
        state.g_exc = p.decay_exc * state.g_exc + input.exc
        state.g_inh = p.decay_inh * state.g_inh + input.inh

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above V_th."""
        return state.V_m >= p.V_th

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset and stay there for t_ref."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
