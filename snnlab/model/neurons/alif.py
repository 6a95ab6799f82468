"""Leaky integrate-and-fire neuron with an adaptive threshold."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.neurons.lif_exp import LIFExp
from snnlab.model.neurons.propagators import decay
from snnlab.model.parameter import Parameter, State

__all__ = ["ALIF"]


class ALIF(LIFExp):
    """Leaky integrate-and-fire neuron whose threshold rises with each of its spikes.

    The membrane and the currents are those of `LIFExp`; the neuron fires at::

        V_m >= V_th + beta a,   da/dt = -a / tau_adapt + sum_spikes delta(t - t_spike)

    Notes
    -----
    Integrated exactly. The adaptation decays before the threshold is tested and rises by 1
    with the spike.

    References
    ----------
    Bellec, Salaj, Subramoney, Legenstein, Maass, NeurIPS 2018.
    """

    tau_adapt = Parameter(
        200.0, "ms", "time constant of the adaptation", above=0.0, slider=(20.0, 2000.0)
    )
    beta = Parameter(1.7, "mV", "rise of the threshold per spike", low=0.0, slider=(0.0, 10.0))

    a = State(0.0, "1", "adaptation, in spikes", low=0.0)

    nest_name = ""

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the propagators of one step."""
        return LIFExp.derive(p, dt) | {"decay_adapt": decay(dt, p.tau_adapt)}

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        """Advance the voltage, the currents and the adaptation."""
        if state.refractory > 0:
            state.refractory -= 1
        else:
            synaptic = p.P21_exc * state.I_exc + p.P21_inh * state.I_inh
            relative = p.P22 * (state.V_m - p.E_L) + p.P20 * p.I_e + synaptic
            state.V_m = p.E_L + relative
        state.I_exc = p.P11_exc * state.I_exc + input.exc
        state.I_inh = p.P11_inh * state.I_inh + input.inh
        state.a = p.decay_adapt * state.a

    @staticmethod
    def threshold(state: Any, p: Any) -> Any:
        """Fire at or above the threshold of the moment."""
        return state.V_m >= p.V_th + p.beta * state.a

    @staticmethod
    def reset(state: Any, p: Any) -> None:
        """Return to V_reset, stay there for t_ref, and raise the threshold."""
        state.V_m = p.V_reset
        state.refractory = p.refractory_steps
        state.a += 1
