"""Rewiring that lets each target lose the synapses that are weak beside its others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule

__all__ = ["RelativeThreshold"]


class RelativeThreshold(RewiringRule):
    """Synapses below a fraction of their target's mean size go, random ones take their place.

    At each call and for each target: with w the mean of abs(weight) over its synapses, those whose
    abs(weight) is below ``fraction * w`` go, and as many random sources that are not connected with
    the target get one, which starts from the rewiring's `weight`. In-degrees stay the same.

    Notes
    -----
    `Threshold` has one threshold for all targets. Learning that keeps the total weight of a target,
    or a neuron's own drive, sets a different scale for each; here weights compete with those of
    their own target only.
    """

    rows = "target"

    fraction = Parameter(
        0.2, "1", "of the mean size of a target's synapses, below which one goes", low=0.0,
        high=1.0, slider=(0.0, 1.0),
    )  # fmt: skip

    @staticmethod
    def row(neuron: Any, synapses: Any, p: Any) -> None:
        """Let synapses go that are weak beside the others of their target."""
        total = 0.0
        for s in synapses:
            total += abs(s.weight)
        for s in synapses:
            if abs(s.weight) * neuron.n_synapses < p.fraction * total:
                s.remove()

    @staticmethod
    def n_coming(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Form as many as went."""
        return float(group.n_gone)
