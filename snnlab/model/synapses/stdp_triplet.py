"""Spike-timing dependent plasticity of triplets of spikes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.synapse import PostTrace, PreTrace, Synapse
from snnlab.rules.intrinsics import max, min

__all__ = ["STDPTriplet"]


class STDPTriplet(Synapse):
    """Triplet STDP, all to all (NEST's ``stdp_triplet_synapse``).

    A pair's effect grows with the slow trace of the neuron that fires: of its spikes before this
    one. Steps are in the unit of the weight, which stays within 0 ... W_max.

    References
    ----------
    Pfister, Gerstner, J. Neurosci. 26, 2006.
    """

    tau_plus = Parameter(16.8, "ms", "time constant of potentiation by pairs", above=0.0)
    tau_plus_triplet = Parameter(101.0, "ms", "slow presynaptic time constant", above=0.0)
    tau_minus = Parameter(33.7, "ms", "time constant of depression by pairs", above=0.0)
    tau_minus_triplet = Parameter(110.0, "ms", "slow postsynaptic time constant", above=0.0)
    A_plus = Parameter(5e-10, "1", "potentiation by a pair [unit of the weight]", low=0.0)
    A_minus = Parameter(7e-3, "1", "depression by a pair [unit of the weight]", low=0.0)
    A_plus_triplet = Parameter(6.2e-3, "1", "potentiation by a triplet", low=0.0)
    A_minus_triplet = Parameter(2.3e-4, "1", "depression by a triplet", low=0.0)
    W_max = Parameter(100.0, "1", "largest weight [unit of the weight]; its sign is the weight's")

    r_1 = PreTrace("tau_plus", doc="presynaptic trace of pairs")
    r_2 = PreTrace("tau_plus_triplet", doc="presynaptic trace of triplets")
    o_1 = PostTrace("tau_minus", doc="postsynaptic trace of pairs")
    o_2 = PostTrace("tau_minus_triplet", doc="postsynaptic trace of triplets")

    largest = "W_max"
    nest_name = "stdp_triplet_synapse"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the sign and the bounds of the weight."""
        return {
            "sign": -1.0 if p.W_max < 0 else 1.0,
            "low": min(0.0, p.W_max),
            "high": max(0.0, p.W_max),
        }

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Depress by pairs and by the presynaptic spikes before, then deliver."""
        lost = p.sign * post.o_1 * (p.A_minus + p.A_minus_triplet * pre.r_2)
        syn.weight = min(max(syn.weight - lost, p.low), p.high)
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate by pairs and by the postsynaptic spikes before."""
        gained = p.sign * pre.r_1 * (p.A_plus + p.A_plus_triplet * post.o_2)
        syn.weight = min(max(syn.weight + gained, p.low), p.high)

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """All spikes count."""
        pre.r_1 += 1.0
        pre.r_2 += 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """All spikes count."""
        post.o_1 += 1.0
        post.o_2 += 1.0
