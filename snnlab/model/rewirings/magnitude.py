"""Rewiring that lets weak synapses go and forms new ones anywhere."""

from __future__ import annotations

from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule
from snnlab.rules.intrinsics import uniform

__all__ = ["Magnitude"]


class Magnitude(RewiringRule):
    """Synapses whose weight is nearer to 0 than a threshold go; new ones form anywhere."""

    w_threshold = Parameter(
        0.1, "1", "size below which a synapse goes [unit of the weight]", low=0.0
    )
    p_form = Parameter(
        0.01, "1", "probability that a pair connects", low=0.0, high=1.0, slider=(0.0, 1.0)
    )

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Let weak synapses go."""
        return abs(syn.weight) < p.w_threshold

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Connect any pair."""
        return uniform() < p.p_form
