"""Rewiring that replaces every synapse whose weight is near zero."""

from __future__ import annotations

from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["SET"]


class SET(RewiringRule):
    """Weak synapses go, random ones take their place (Mocanu et al. 2018).

    The number of synapses stays the same. A new one joins any pair that is not connected and starts
    from the rewiring's `weight`; if that is nearer to zero than the threshold, it has until the
    next call to grow.

    Notes
    -----
    Sparse evolutionary training removes, after each epoch, a fraction (0.3 in the paper) of the
    synapses: the positive weights and the negative ones that are nearest to zero. A rule sees one
    synapse at a time and knows no ranks, so here those nearer to zero than a threshold go. Where
    weights are distributed alike over time, the threshold at their quantile 0.3 removes as many.

    References
    ----------
    Mocanu, Mocanu, Stone, Nguyen, Gibescu, Liotta, "Scalable training of artificial neural
    networks with adaptive sparse connectivity inspired by network science", Nature Communications
    9, 2383, 2018.
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
