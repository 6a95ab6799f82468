"""Rewiring that grows synapses where a gradient is largest."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["RigL"]


class RigL(RewiringRule):
    """The weakest synapses go, those with the largest gradient come (Evci et al. 2020).

    At each call a fraction of the synapses goes, those whose weight is nearest to zero, and as many
    come where the gradient of the weight that is not there would be largest. The fraction falls as
    ``alpha / 2 (1 + cos(pi t / t_stop))`` and is 0 from `t_stop` on. A new synapse starts from the
    rewiring's `weight`; 0 is the paper's.

    Notes
    -----
    The gradient of a weight is a number of the source times a number of the target, at the moment
    of the call as in the paper: what goes in times the error. Which numbers these are depends on
    the network, so `gain` is to be written anew where others are meant. Here they are the traces
    of STDP, ``pre.K_plus`` and ``post.K_minus``: synapses grow between neurons that were active
    lately. In a network whose targets have a state variable ``error`` that is the derivative of a
    loss, the rule of the paper is::

        class RigLByError(RigL):
            @staticmethod
            def gain(pre, post, pair, p):
                return abs(pre.K_plus * post.error)

    ``pre.<name>`` and ``post.<name>`` are state variables of the neuron models of both populations
    and traces of the projection's synapse model; an error lists them. All pairs are looked at,
    which costs as much as a dense matrix; with ``candidates = 20`` a rule looks at 20 random pairs
    for each synapse that comes.

    References
    ----------
    Evci, Gale, Menick, Castro, Elsen, "Rigging the lottery: making all tickets winners",
    International Conference on Machine Learning, 2020; arXiv 1911.11134.
    """

    ranks = "projection"

    alpha = Parameter(
        0.3, "1", "fraction of the synapses that goes at first", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    )  # fmt: skip
    t_stop = Parameter(10_000.0, "ms", "model time from which on none goes", above=0.0)

    @staticmethod
    def score(syn: Any, pair: Any, p: Any) -> Any:
        """Rank by the size of the weight."""
        return abs(syn.weight)

    @staticmethod
    def gain(pre: Any, post: Any, pair: Any, p: Any) -> Any:
        """Rank by the size of the gradient."""
        return abs(pre.K_plus * post.K_minus)

    @staticmethod
    def n_going(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Let a fraction go that falls with time."""
        if group.time >= p.t_stop:
            return 0.0
        fraction = 0.5 * p.alpha * (1.0 + math.cos(math.pi * group.time / p.t_stop))
        return float(fraction * group.n)
