"""Homeostatic plasticity of inhibitory synapses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.synapse import PostTrace, PreTrace, Synapse
from snnlab.rules.intrinsics import max, min

__all__ = ["VogelsSprekeler"]


class VogelsSprekeler(Synapse):
    """Symmetric inhibitory plasticity towards a target rate (NEST's ``vogels_sprekeler_synapse``).

    Spikes of either side strengthen the synapse by ``eta`` times the trace of the other side, a
    presynaptic spike also weakens it by ``alpha eta``. The postsynaptic rate settles at
    ``alpha / (2 tau)``.

    References
    ----------
    Vogels, Sprekeler, Zenke, Clopath, Gerstner, Science 334, 2011.
    """

    tau = Parameter(20.0, "ms", "time constant of both traces", above=0.0, slider=(5.0, 100.0))
    alpha = Parameter(
        0.12, "1", "depression by a presynaptic spike: 2 tau times the target rate", low=0.0
    )
    eta = Parameter(0.001, "1", "learning rate [unit of the weight]", low=0.0, slider=(0.0, 0.01))
    W_max = Parameter(-1.0, "1", "largest weight [unit of the weight]; its sign is the weight's")

    K_pre = PreTrace("tau", doc="trace of presynaptic spikes")
    K_post = PostTrace("tau", doc="trace of postsynaptic spikes")

    largest = "W_max"
    nest_name = "vogels_sprekeler_synapse"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the signed step and the bounds of the weight."""
        return {
            "step": -p.eta if p.W_max < 0 else p.eta,
            "low": min(0.0, p.W_max),
            "high": max(0.0, p.W_max),
        }

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Strengthen by the postsynaptic trace, weaken by alpha, then deliver."""
        stronger = min(max(syn.weight + p.step * post.K_post, p.low), p.high)
        syn.weight = min(max(stronger - p.alpha * p.step, p.low), p.high)
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Strengthen by the presynaptic trace."""
        syn.weight = min(max(syn.weight + p.step * pre.K_pre, p.low), p.high)

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """All spikes count."""
        pre.K_pre += 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """All spikes count."""
        post.K_post += 1.0
