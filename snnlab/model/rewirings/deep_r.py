"""Rewiring that replaces every synapse whose weight has reached zero."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule
from snnlab.rules.intrinsics import normal

__all__ = ["DeepR"]


class DeepR(RewiringRule):
    """Synapses that reach zero go, random ones take their place (Bellec et al. 2018).

    The number of synapses stays the same. A new one joins any pair that is not connected, and its
    size is that of the rewiring's `weight`.

    Notes
    -----
    DEEP R is a rule of learning and of rewiring: the synapse model learns, and at each call of this
    rule weights drift towards zero and, at a temperature above 0, walk at random, as the paper has
    it after each step of learning; those that are not needed reach zero.

    With ``sign = 1`` or ``-1`` all connections of the projection have one sign, so that excitatory
    and inhibitory synapses are two projections. A synapse goes at zero or beyond: learning rules
    with bounds stop there.

    With a `sign` in between, as in the paper, each connection has a sign of its own: it is drawn
    for every pair, active or dormant, from ``pair.mark``, and stays the same when a synapse goes
    and comes back. A synapse goes beyond zero, so that a new one may start from 0, which is the
    paper's ``weight = 0``, and has one step of learning before it is looked at. The synapses that a
    network starts with have the size of the projection's weight and the sign of their connection.
    The synapse model and the receptor must take weights of both signs.

    References
    ----------
    Bellec, Kappel, Maass, Legenstein, "Deep rewiring: training very sparse deep networks",
    International Conference on Learning Representations, 2018; arXiv 1711.05136.
    """

    replaces = True
    weighs_first = True

    sign = Parameter(
        1.0, "1", "mean sign of the connections: 1 all are positive, -1 all are negative, 0 each "
        "has a sign of its own, as likely the one as the other", low=-1.0, high=1.0,
        slider=(-1.0, 1.0),
    )  # fmt: skip

    drift = Parameter(
        0.0, "1", "way that each weight goes towards zero at each call [unit of the weight]: the "
        "paper's learning rate times alpha", low=0.0,
    )  # fmt: skip
    temperature = Parameter(
        0.0, "1", "half the variance of what is added to each weight at each call [square of the "
        "unit of the weight]: the paper's learning rate times T", low=0.0,
    )  # fmt: skip

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the standard deviation of the noise, and how many connections are positive."""
        return {
            "noise": math.sqrt(2.0 * p.temperature),
            "positive": 0.5 * (1.0 + p.sign),
            "is_mixed": float(abs(p.sign) < 1.0),
        }

    @staticmethod
    def initial(pair: Any, p: Any) -> Any:
        """Give new synapses the sign of their connection, if it has one of its own."""
        own = abs(p.weight) if pair.mark < p.positive else -abs(p.weight)
        return own if p.is_mixed > 0.5 else p.weight

    @staticmethod
    def adjust(syn: Any, pair: Any, p: Any) -> Any:
        """Let weights drift towards zero, and walk."""
        drift = p.drift if pair.mark < p.positive else -p.drift
        return syn.weight - drift + p.noise * normal()

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Let synapses go whose weight is zero or has the wrong sign."""
        size = syn.weight if pair.mark < p.positive else -syn.weight
        return size < 0.0 if p.is_mixed > 0.5 else size <= 0.0

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Connect any pair."""
        return True
