"""Reward-modulated spike-timing dependent plasticity."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from snnlab.model.parameter import Parameter, State
from snnlab.model.synapse import ModTrace, PostTrace, PreTrace, Synapse
from snnlab.rules.intrinsics import max, min

__all__ = ["STDPDopamine"]


class STDPDopamine(Synapse):
    """STDP whose pairs mark a synapse and dopamine turns marks into weight.

    Pairs change an eligibility ``c`` instead of the weight; spikes of the projection's
    `modulator` population raise the concentration ``n`` of dopamine by 1 / tau_n::

        dc/dt = -c / tau_c        pairs: c + A_plus K_plus,  c - A_minus K_minus
        dn/dt = -n / tau_n
        dw/dt = c (n - b)         within W_min ... W_max

    Notes
    -----
    The weight is integrated exactly over each step (NEST's ``stdp_dopamine_synapse``). All
    synapses are visited in every step.

    References
    ----------
    Izhikevich, Cerebral Cortex 17, 2007.
    Potjans, Morrison, Diesmann, Front. Comput. Neurosci. 4, 2010.
    """

    tau_plus = Parameter(20.0, "ms", "time constant of potentiation", above=0.0)
    tau_minus = Parameter(20.0, "ms", "time constant of depression", above=0.0)
    tau_c = Parameter(1000.0, "ms", "time constant of eligibility", above=0.0)
    tau_n = Parameter(200.0, "ms", "time constant of dopamine", above=0.0)
    A_plus = Parameter(1.0, "1", "eligibility by a pair, post after pre", low=0.0)
    A_minus = Parameter(1.5, "1", "eligibility taken by a pair, pre after post", low=0.0)
    b = Parameter(0.0, "1", "dopamine at which nothing changes", low=0.0)
    W_min = Parameter(0.0, "1", "smallest weight [unit of the weight]")
    W_max = Parameter(200.0, "1", "largest weight [unit of the weight]")

    c = State(0.0, "1", "eligibility")
    lost = State(0.0, "1", "what rounding has added to the weight")

    K_plus = PreTrace("tau_plus", doc="trace of presynaptic spikes")
    K_minus = PostTrace("tau_minus", doc="trace of postsynaptic spikes")
    n = ModTrace("tau_n", doc="dopamine")

    largest = "W_max"
    nest_name = "stdp_dopamine_synapse"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the integrals over one step of eligibility and of eligibility times dopamine."""
        tau = 1.0 / (1.0 / p.tau_c + 1.0 / p.tau_n)
        return {
            "change_c": np.expm1(-dt / p.tau_c),
            "with_dopamine": -tau * np.expm1(-dt / tau),
            "without": -p.b * p.tau_c * np.expm1(-dt / p.tau_c),
            "release": 1.0 / p.tau_n,
        }

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Lower the eligibility, then deliver."""
        syn.c -= p.A_minus * post.K_minus
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Raise the eligibility."""
        syn.c += p.A_plus * pre.K_plus

    @staticmethod
    def every_step(syn: Any, pre: Any, post: Any, mod: Any, p: Any) -> None:
        """Turn eligibility into weight, as much as there is dopamine."""
        # A step's gain is often smaller than the weight's last digit: compensated summation.
        gained = syn.c * (mod.n * p.with_dopamine - p.without) - syn.lost
        weight = syn.weight + gained
        syn.lost = (weight - syn.weight) - gained
        syn.weight = min(max(weight, p.W_min), p.W_max)
        # A factor close to 1 would be rounded, in every step the same way: add what it takes.
        syn.c += syn.c * p.change_c

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        pre.K_plus += 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        post.K_minus += 1.0

    @staticmethod
    def mod_spike(mod: Any, p: Any) -> None:
        """Dopamine is released."""
        mod.n += p.release
