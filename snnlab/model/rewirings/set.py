"""Rewiring that replaces the weakest fraction of the synapses."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["SET"]


class SET(RewiringRule):
    """The weakest synapses go, random ones take their place (Mocanu et al. 2018).

    At each call a fraction `zeta` of the positive weights and the same fraction of the negative
    ones go, those nearest to zero; as many random pairs that are not connected get a synapse, which
    starts from the rewiring's `weight`. The number of synapses stays the same.

    Notes
    -----
    The paper rewires after each epoch of training, `every` is that here, and draws the new weights
    at random, which a subclass may do::

        class DrawnSET(SET):
            @staticmethod
            def initial(pair, p):
                return p.weight * normal()

    References
    ----------
    Mocanu, Mocanu, Stone, Nguyen, Gibescu, Liotta, "Scalable training of artificial neural
    networks with adaptive sparse connectivity inspired by network science", Nature Communications
    9, 2383, 2018.
    """

    ranks = "projection"
    signs_apart = True

    zeta = Parameter(
        0.3, "1", "fraction of the synapses that goes at each call", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    )  # fmt: skip

    @staticmethod
    def score(syn: Any, pair: Any, p: Any) -> Any:
        """Rank by the weight, signs apart."""
        return syn.weight

    @staticmethod
    def n_going(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Let a fraction go."""
        return float(p.zeta * group.n)
