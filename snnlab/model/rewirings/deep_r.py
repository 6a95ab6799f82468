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
    """Synapses at or beyond zero go, random ones take their place (Bellec et al. 2018).

    The number of synapses stays the same. A new one joins any pair that is not connected and starts
    from the rewiring's `weight`.

    Notes
    -----
    DEEP R is a rule of learning and of rewiring: the synapse model learns, and at each call of this
    rule weights drift towards zero and, at a temperature above 0, walk at random, as the paper has
    it after each step of learning; those that are not needed reach zero. In the paper each
    connection, active or dormant, has a fixed sign; here all of a projection have the one of
    `sign`, so that excitatory and inhibitory synapses are two projections. The paper starts a
    connection at 0 and takes one step of learning before it looks again; here a start weight of
    0 would let a synapse go at the next call unless it has grown by then.

    References
    ----------
    Bellec, Kappel, Maass, Legenstein, "Deep rewiring: training very sparse deep networks",
    International Conference on Learning Representations, 2018; arXiv 1711.05136.
    """

    replaces = True

    sign = Parameter(
        1.0, "1", "sign of the weights of the projection: positive unless below 0", low=-1.0,
        high=1.0, slider=(-1.0, 1.0),
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
        """Return the standard deviation of the noise."""
        return {"noise": math.sqrt(2.0 * p.temperature)}

    @staticmethod
    def adjust(syn: Any, pair: Any, p: Any) -> Any:
        """Let weights drift towards zero, and walk."""
        drift = p.drift if p.sign >= 0.0 else -p.drift
        return syn.weight - drift + p.noise * normal()

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Let synapses go whose weight is zero or has the wrong sign."""
        return syn.weight <= 0.0 if p.sign >= 0.0 else syn.weight >= 0.0

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Connect any pair."""
        return True
