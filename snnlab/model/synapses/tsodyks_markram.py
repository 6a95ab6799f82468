"""Short-term depression and facilitation."""

from __future__ import annotations

from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.synapse import PreTrace, Synapse

__all__ = ["TsodyksMarkram"]


class TsodyksMarkram(Synapse):
    """Short-term plasticity by resources and their use (NEST's ``tsodyks2_synapse``).

    With every spike the share ``u`` that is used jumps by U (1 - u), then ``u x`` of the available
    resources ``x`` are released::

        du/dt = -u / tau_fac          u -> u + U (1 - u)
        dx/dt = (1 - x) / tau_rec     effect = weight u x,  x -> x - u x

    Notes
    -----
    Starts rested: x = 1, u = 0 before the first spike, which then releases U. NEST's ``u`` and
    ``x`` are those that the next spike will use: u = U and x = 1, its defaults, are the same.

    References
    ----------
    Tsodyks, Pawelzik, Markram, Neural Computation 10, 1998.
    Maass, Markram, Neural Networks 15, 2002.
    """

    U = Parameter(0.5, "1", "share of the resources that a rested synapse uses", low=0.0, high=1.0)
    tau_rec = Parameter(800.0, "ms", "time constant of recovery", above=0.0, slider=(10.0, 2000.0))
    tau_fac = Parameter(
        0.0, "ms", "time constant of facilitation; 0: none", low=0.0, slider=(0.0, 2000.0)
    )

    u = PreTrace("tau_fac", doc="share that is used")
    x = PreTrace("tau_rec", rest=1.0, doc="resources that are available")

    nest_name = "tsodyks2_synapse"

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Deliver what is released."""
        return syn.weight * ((pre.u + p.U * (1.0 - pre.u)) * pre.x)

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """Use more, then take what is used."""
        pre.u = pre.u + p.U * (1.0 - pre.u)
        pre.x = pre.x - pre.u * pre.x
