"""Rewiring that replaces every synapse whose weight is near zero."""

from __future__ import annotations

from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["Threshold"]


class Threshold(RewiringRule):
    """Synapses whose weight is nearer to 0 than a threshold go, random ones take their place.

    The number of synapses stays the same. A new one joins any pair that is not connected and starts
    from the rewiring's `weight`; if that is nearer to zero than the threshold, it has until the
    next call to grow.

    Notes
    -----
    `SET` removes a fraction of the synapses instead, whatever their weights are.
    """

    replaces = True

    w_threshold = Parameter(
        0.1, "1", "size below which a synapse goes [unit of the weight]", low=0.0
    )

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Let weak synapses go."""
        return abs(syn.weight) < p.w_threshold

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Connect any pair."""
        return True
