"""Rewiring that refines a topographic map: near pairs connect, weak synapses go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule
from snnlab.rules.intrinsics import exp, uniform

__all__ = ["Topographic"]


class Topographic(RewiringRule):
    """Synapses form by distance and go by weight (Bamford, Murray, Willshaw 2010).

    A pair at distance d is connected with probability ``p_form exp(-d^2 / (2 sigma_form^2))``. A
    synapse goes with probability ``p_elim_dep`` where its weight is nearer to 0 than
    ``w_threshold``, else with ``p_elim_pot``.

    Notes
    -----
    Distances are in um; the published maps lie on grids of unit spacing, which is 1 um here:
    ``Grid((16, 16), True, (16, 16))``. The defaults are those of the feed-forward projection of
    Bamford et al.; their lateral one has p_form = 1 and sigma_form = 1. `w_threshold` is half of
    the largest weight there, whose unit depends on the receptor: set it together with the weights.
    Knight et al. raise both elimination probabilities 50 times, so that p_elim_dep = 1 (1.225
    there) and p_elim_pot = 0.0068, with attempts = 10 every 1 ms for 256 neurons.

    References
    ----------
    Bamford, Murray, Willshaw, "Synaptic rewiring for topographic mapping and receptive field
    development", Neural Networks 23, 2010.
    Knight, Senk, Nowotny, "A flexible framework for structural plasticity in GPU-accelerated
    sparse spiking neural networks", arXiv 2510.19764, 2025.
    """

    p_form = Parameter(
        0.16, "1", "probability that a pair at distance 0 connects", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    )  # fmt: skip
    sigma_form = Parameter(
        2.5, "um", "standard deviation of the formation kernel", above=0.0, slider=(0.5, 10.0)
    )
    p_elim_dep = Parameter(
        0.0245, "1", "probability that a depressed synapse goes", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    )  # fmt: skip
    p_elim_pot = Parameter(
        1.36e-4, "1", "probability that a potentiated synapse goes", low=0.0, high=1.0,
        slider=(0.0, 0.1),
    )  # fmt: skip
    w_threshold = Parameter(
        0.1, "1", "size from which a weight counts as potentiated [unit of the weight]", low=0.0
    )

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return the factor of the squared distance."""
        return {"sharpness": 0.5 / (p.sigma_form * p.sigma_form)}

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Let depressed synapses go more often."""
        return uniform() < (p.p_elim_dep if abs(syn.weight) < p.w_threshold else p.p_elim_pot)

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Connect near pairs more often."""
        return uniform() < p.p_form * exp(-p.sharpness * pair.distance * pair.distance)
