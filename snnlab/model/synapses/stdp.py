"""Spike-timing dependent plasticity of pairs, additive, all to all."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.synapse import PostTrace, PreTrace, Synapse
from snnlab.rules.intrinsics import max, min

__all__ = ["STDP", "PairSTDP", "STDPDeliverFirst"]


class PairSTDP:
    """Declarations and traces that the pair rules share, with NEST's defaults. Not a model.

    ``learning_rate`` is NEST's lambda; ``tau_minus`` belongs to the neuron there.
    """

    tau_plus = Parameter(
        20.0, "ms", "time constant of potentiation", above=0.0, slider=(5.0, 100.0)
    )
    tau_minus = Parameter(20.0, "ms", "time constant of depression", above=0.0, slider=(5.0, 100.0))
    learning_rate = Parameter(
        0.01, "1", "size of a potentiation, relative to W_max", low=0.0, slider=(0.0, 0.1)
    )
    alpha = Parameter(
        1.0, "1", "size of a depression, relative to a potentiation", low=0.0, slider=(0.0, 2.0)
    )
    W_max = Parameter(100.0, "1", "largest weight [unit of the weight]; its sign is the weight's")

    K_plus = PreTrace("tau_plus", doc="trace of presynaptic spikes")
    K_minus = PostTrace("tau_minus", doc="trace of postsynaptic spikes")

    largest = "W_max"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the steps of the weight and its bounds."""
        return {
            "step_up": p.learning_rate * p.W_max,
            "step_down": p.alpha * p.learning_rate * p.W_max,
            "low": min(0.0, p.W_max),
            "high": max(0.0, p.W_max),
        }

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        pre.K_plus += 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        post.K_minus += 1.0


class STDP(PairSTDP, Synapse):
    """Additive pair STDP, all to all (NEST's ``stdp_synapse`` with mu_plus = mu_minus = 0).

    Every pair of a pre- and a later postsynaptic spike adds
    ``learning_rate W_max exp(-(t_post - t_pre) / tau_plus)``, every pair of a post- and a later
    presynaptic spike takes ``alpha`` times as much with tau_minus; the weight stays within
    0 ... W_max.

    References
    ----------
    Song, Miller, Abbott, Nature Neuroscience 3, 2000.
    Morrison, Diesmann, Gerstner, Biol. Cybern. 98, 2008.
    """

    nest_name = "stdp_synapse"

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Depress by the trace of postsynaptic spikes, then deliver."""
        syn.weight = min(max(syn.weight - p.step_down * post.K_minus, p.low), p.high)
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate by the trace of presynaptic spikes."""
        syn.weight = min(max(syn.weight + p.step_up * pre.K_plus, p.low), p.high)


class STDPDeliverFirst(PairSTDP, Synapse):
    """Additive pair STDP, all to all, that delivers a spike before this one depresses the synapse.

    As `STDP`, but for the order at a presynaptic spike: it arrives with the weight as it was, the
    depression is for the next one. That is the order of GeNN's STDP models; where targets fire at
    tens of hertz they get about a tenth more input than in NEST's order.

    References
    ----------
    Song, Miller, Abbott, Nature Neuroscience 3, 2000.
    Knight, Nowotny, Front. Neurosci. 12, 941, 2018.
    """

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Deliver, then depress by the trace of postsynaptic spikes."""
        effect = syn.weight
        syn.weight = min(max(syn.weight - p.step_down * post.K_minus, p.low), p.high)
        return effect

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate by the trace of presynaptic spikes."""
        syn.weight = min(max(syn.weight + p.step_up * pre.K_plus, p.low), p.high)
