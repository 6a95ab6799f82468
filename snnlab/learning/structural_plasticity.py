"""Rewiring while learning: which rule replaces the synapses of a projection, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from snnlab.errors import SpecError, unknown_name
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import RewiringRule, lookup
from snnlab.model.rewirings.deep_r import DeepR
from snnlab.model.rewirings.rig_l import RigL

__all__ = ["StructuralPlasticity"]

_L1 = Parameter(
    2.5e-5, "1", "pull of each weight towards 0, inside the gradient, for each trial and time step",
    low=0.0, slider=(0.0, 1e-3),
)  # fmt: skip
_MOST = Parameter(
    0.01, "1", "part of the synapses that may be replaced for each update", above=0.0, high=1.0
)
_WEIGHT = Parameter(0.0, "1", "size that a new synapse starts from", low=0.0)


@dataclass(frozen=True)
class StructuralPlasticity:
    """Synapses of a sparse projection are replaced while it learns; their number stays the same.

    Parameters
    ----------
    rule : type of RewiringRule or str
        A rule that replaces (`DeepR`, `Threshold`, one's own) or ranks and lets as many come as go
        (`SET`, `RigL`, one's own).
    every : int
        Updates of the weights between two calls of the rule. More take less time, and change no
        accuracy that was seen up to 4; with batches of less than about eight trials few replace
        by noise.
    parameters : mapping
        Of the rule: name -> number or quantity; what is not named has the rule's default. `DeepR`
        has ``sign = 0`` here: each connection has a sign of its own.
    l1 : float, optional
        Added to the gradient for each trial and time step, times the sign of the synapse. Default:
        2.5e-5 for rules that replace, 0 for others.
    weight : float
        Size that new synapses start from; their sign is that of their connection.
    most : float
        Part of the synapses that l1 may have replaced for each update of the weights, when the
        learning rate is the optimiser's; less as it falls. While more are replaced, l1 falls by 1 %
        each update, and comes back as slowly. 1: l1 stays.

    Raises
    ------
    SpecError
        The rule does not keep the number of synapses, or needs what learning networks have not.

    Notes
    -----
    A pair that loses its synapse gets none in the same call. With Adam any l1 moves a weight that
    has no other gradient by a learning rate each update, so that l1 decides which synapses are idle
    rather than how fast they go; too much of it replaces those that have learnt something. Once the
    training set is learnt by heart its gradients are small, and any l1 is too much: `most` is for
    that.

    `RigL` lets those pairs come whose weight has the largest gradient, summed over the batch.
    Times of rules (``t_stop``) are updates times the length of a trial.

    References
    ----------
    Bellec, Kappel, Maass, Legenstein, "Deep rewiring: training very sparse deep networks",
    International Conference on Learning Representations, 2018; arXiv 1711.05136.
    Knight, Senk, Nowotny, "A flexible framework for structural plasticity in GPU-accelerated
    sparse spiking neural networks", arXiv 2510.19764, 2025: l1 inside the gradient.
    """

    rule: type[RewiringRule] | str = "DeepR"
    every: int = 2
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    l1: float | None = None
    weight: float = 0.0
    most: float = 0.01

    def __post_init__(self) -> None:
        model = self.rule if isinstance(self.rule, type) else lookup(self.rule)
        object.__setattr__(self, "rule", model.__name__)
        if isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            raise SpecError(
                "StructuralPlasticity.every", "must be a whole number of updates >= 1",
                got=repr(self.every), remedy="1 asks the rule after every batch.",
            )  # fmt: skip
        l1 = self.l1
        if l1 is None:
            l1 = _L1.default if model.replaces else 0.0
        object.__setattr__(self, "l1", _L1.check(l1, where="StructuralPlasticity.l1"))
        most = _MOST.check(self.most, where="StructuralPlasticity.most")
        object.__setattr__(self, "most", most)
        weight = _WEIGHT.check(self.weight, where="StructuralPlasticity.weight")
        object.__setattr__(self, "weight", weight)
        _check_rule(model)
        object.__setattr__(self, "parameters", MappingProxyType(self._values(model)))

    def _values(self, model: type[RewiringRule]) -> dict[str, float | str]:
        """Every parameter of the rule."""
        for name in self.parameters:
            if name not in model.parameters:
                raise unknown_name(f"parameter of {model.__name__}", name, model.parameters)
        here = {"sign": 0.0} if issubclass(model, DeepR) else {}
        found: dict[str, float | str] = {}
        for name, parameter in model.parameters.items():
            value = self.parameters.get(name, here.get(name, parameter.default))
            found[name] = parameter.check(value, where=f"{model.__name__}.{name}")
        return found

    @property
    def model(self) -> type[RewiringRule]:
        """The rule's class."""
        return lookup(str(self.rule))


def _check_rule(model: type[RewiringRule]) -> None:
    if not model.replaces and not model.ranks:
        raise SpecError(
            "StructuralPlasticity.rule", "must replace synapses, or rank them",
            got=model.__name__, remedy="DeepR, SET and RigL do; the number of synapses stays.",
        )  # fmt: skip
    if model.ranks and model.n_coming is not RewiringRule.n_coming:
        raise SpecError(
            "StructuralPlasticity.rule", "must let as many synapses come as go",
            got=model.__name__, remedy="Leave n_coming out.",
        )  # fmt: skip
    if model.ranks_pairs() and model.gain is not RigL.gain:
        raise SpecError(
            "StructuralPlasticity.rule", "must rank pairs by the gradient of the loss alone",
            got=f"{model.__name__}.gain", remedy="Derive the rule from RigL, without a gain.",
        )  # fmt: skip
