"""Spike-timing dependent plasticity whose steps depend on the weight."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.synapse import Synapse
from snnlab.model.synapses.stdp import PairSTDP
from snnlab.rules.intrinsics import exp, log, max, min

__all__ = ["STDPGuetig", "STDPMultiplicative", "STDPPowerLaw"]


class STDPMultiplicative(PairSTDP, Synapse):
    """Multiplicative pair STDP (NEST's ``stdp_synapse`` with mu_plus = mu_minus = 1).

    A potentiation is proportional to the distance from W_max, a depression to the weight.

    References
    ----------
    Rubin, Lee, Sompolinsky, Phys. Rev. Lett. 86, 2001.
    """

    nest_name = "stdp_synapse"

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Depress in proportion to the weight, then deliver."""
        lost = p.alpha * p.learning_rate * post.K_minus * syn.weight
        syn.weight = min(max(syn.weight - lost, p.low), p.high)
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate in proportion to what is missing to W_max."""
        gained = p.learning_rate * pre.K_plus * (p.W_max - syn.weight)
        syn.weight = min(max(syn.weight + gained, p.low), p.high)


class STDPGuetig(PairSTDP, Synapse):
    """Pair STDP between additive and multiplicative (NEST's ``stdp_synapse``, mu > 0).

    With x = weight / W_max, potentiation goes with (1 - x)^mu_plus, depression with x^mu_minus.

    References
    ----------
    Guetig, Aharonov, Rotter, Sompolinsky, J. Neurosci. 23, 2003.
    """

    mu_plus = Parameter(1.0, "1", "exponent of potentiation", above=0.0, slider=(0.01, 1.0))
    mu_minus = Parameter(1.0, "1", "exponent of depression", above=0.0, slider=(0.01, 1.0))

    nest_name = "stdp_synapse"

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the factor that makes weights relative."""
        return PairSTDP.derive(p, dt) | {"per_W_max": 1.0 / p.W_max if p.W_max else 0.0}

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Depress by the power of the relative weight, then deliver."""
        x = syn.weight * p.per_W_max
        lost = p.alpha * p.learning_rate * exp(p.mu_minus * log(x)) * post.K_minus
        syn.weight = max(x - lost, 0.0) * p.W_max
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate by the power of what is missing."""
        x = syn.weight * p.per_W_max
        gained = p.learning_rate * exp(p.mu_plus * log(max(1.0 - x, 0.0))) * pre.K_plus
        syn.weight = min(x + gained, 1.0) * p.W_max


class STDPPowerLaw(Synapse):
    """Pair STDP with power-law potentiation (NEST's ``stdp_pl_synapse_hom``).

    Potentiation goes with weight^mu, depression with the weight; there is no upper bound, the
    balance of the two keeps weights finite. For excitatory synapses.

    References
    ----------
    Morrison, Aertsen, Diesmann, Neural Computation 19, 2007.
    """

    tau_plus = PairSTDP.tau_plus
    tau_minus = PairSTDP.tau_minus
    learning_rate = Parameter(
        0.1, "1", "size of a potentiation at weight 1", low=0.0, slider=(0.0, 0.5)
    )
    alpha = PairSTDP.alpha
    mu = Parameter(0.4, "1", "exponent of potentiation", above=0.0, slider=(0.1, 1.0))

    K_plus = PairSTDP.K_plus
    K_minus = PairSTDP.K_minus

    nest_name = "stdp_pl_synapse_hom"

    @staticmethod
    def on_pre(syn: Any, pre: Any, post: Any, p: Any) -> Any:
        """Depress in proportion to the weight, then deliver."""
        syn.weight = max(syn.weight * (1.0 - p.learning_rate * p.alpha * post.K_minus), 0.0)
        return syn.weight

    @staticmethod
    def on_post(syn: Any, pre: Any, post: Any, p: Any) -> None:
        """Potentiate by a power of the weight."""
        syn.weight += p.learning_rate * exp(p.mu * log(syn.weight)) * pre.K_plus

    @staticmethod
    def pre_spike(pre: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        pre.K_plus += 1.0

    @staticmethod
    def post_spike(post: Any, p: Any) -> None:
        """All pairs count: the trace adds up."""
        post.K_minus += 1.0
