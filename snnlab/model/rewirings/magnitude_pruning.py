"""Rewiring that makes a projection sparser and sparser, the weakest synapses first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["MagnitudePruning"]


class MagnitudePruning(RewiringRule):
    """The weakest synapses go until a sparsity is reached (Zhu & Gupta 2017).

    Sparsity is the fraction of all pairs that may connect and do not. From `t_start` to `t_stop`
    it rises at each call, fast at first::

        s(t) = s_final + (s_initial - s_final) (1 - (t - t_start) / (t_stop - t_start))^3

    and all but the strongest (1 - s) n_pairs synapses go; before, nothing happens, and afterwards
    nothing more. None is formed.

    Notes
    -----
    In the paper t_stop is t_start + n every: n calls of the rule. Where there are fewer synapses
    than the schedule asks for, as in a projection that starts sparse, none goes until it has come
    down to them: let s_initial be the sparsity of the start.

    References
    ----------
    Zhu, Gupta, "To prune, or not to prune: exploring the efficacy of pruning for model
    compression", arXiv 1710.01878, 2017; equation 1.
    """

    ranks = "projection"

    s_initial = Parameter(
        0.0, "1", "sparsity at t_start", low=0.0, high=1.0, slider=(0.0, 1.0)
    )  # fmt: skip
    s_final = Parameter(
        0.9, "1", "sparsity from t_stop on", low=0.0, high=1.0, slider=(0.0, 1.0)
    )  # fmt: skip
    t_start = Parameter(0.0, "ms", "model time at which pruning begins", low=0.0)
    t_stop = Parameter(1000.0, "ms", "model time at which the final sparsity is reached", low=0.0)

    @staticmethod
    def score(syn: Any, pair: Any, p: Any) -> Any:
        """Rank by the size of the weight."""
        return abs(syn.weight)

    @staticmethod
    def n_going(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Let go what the schedule has no room for."""
        if group.time < p.t_start:
            return 0.0
        passed = group.time - p.t_start
        left = max(1.0 - passed / (p.t_stop - p.t_start), 0.0) if p.t_stop > p.t_start else 0.0
        sparsity = p.s_final + (p.s_initial - p.s_final) * left**3
        return float(group.n - (1.0 - sparsity) * group.n_pairs)

    @staticmethod
    def n_coming(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Form none."""
        return 0.0
