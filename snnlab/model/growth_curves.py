"""Growth curves: how fast synaptic elements grow or retract at a concentration of calcium.

Names, formulas and defaults are NEST's; see `snnlab.model.synaptic_elements`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from snnlab.errors import SpecError
from snnlab.model.distribution import Number
from snnlab.model.expression import evaluate
from snnlab.model.parameter import Parameter

__all__ = [
    "GROWTH_CURVES",
    "GaussianGrowth",
    "GrowthCurve",
    "LinearGrowth",
    "SigmoidGrowth",
]


@dataclass(frozen=True)
class GrowthCurve:
    """Abstract: synaptic elements of one kind, and the curve that they grow by."""

    declared: ClassVar[Mapping[str, Parameter]] = {}
    """What each number is; made from `_COMMON` and what the curve adds."""

    starts_from: ClassVar[tuple[str, ...]] = ("z",)
    """Numbers that only say what a run starts from."""

    def resolve(self, knobs: Mapping[str, float], *, where: str) -> dict[str, float]:
        """Return every number [canonical unit], checked.

        Parameters
        ----------
        knobs : mapping
            Name -> value, for expressions.
        where : str
            Whose numbers these are.

        Raises
        ------
        SpecError
            Not a number, or out of bounds.
        """
        values = {}
        for field in fields(self):
            parameter = self.declared[field.name]
            given = evaluate(
                getattr(self, field.name), knobs, parameter.unit, where=f"{where}.{field.name}"
            )
            values[field.name] = parameter.check(given, where=f"{where}.{field.name}")
        self._check(values, where)
        return values

    def _check(self, values: Mapping[str, float], where: str) -> None:
        """Refuse numbers that do not go together."""

    def rate(self, Ca: float, **given: float) -> float:
        """Return dz/dt [1/ms] at a concentration of calcium, for curves and plots.

        Parameters
        ----------
        Ca : float
        **given : float
            The numbers, if they are written as expressions.
        """
        raise SpecError(type(self).__name__, "must be one of " + ", ".join(sorted(GROWTH_CURVES)))

    def _numbers(self, given: Mapping[str, float]) -> dict[str, float]:
        return dict(given) or self.resolve({}, where=type(self).__name__)


_COMMON = {
    "growth_rate": Parameter(
        1e-4, "1/ms", "elements that grow in a ms, at most", low=-1e6, high=1e6, slider=(0.0, 1e-3)
    ),
    "z": Parameter(0.0, "1", "elements at the start", low=0.0, high=1e9),
    "tau_vacant": Parameter(
        0.1, "1", "part of the vacant elements that an update removes", low=0.0, high=1.0,
        slider=(0.0, 1.0),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class LinearGrowth(GrowthCurve):
    """Grow as ``dz/dt = growth_rate (1 - Ca / eps)``: up below the target, down above it.

    Parameters
    ----------
    growth_rate : number [1/ms]
        Elements that grow in a ms without calcium.
    eps : number
        Target concentration of calcium: there nothing grows or retracts.
    z : number
        Elements at the start.
    tau_vacant : number
        Part of the vacant elements that every update removes.
    """

    growth_rate: Number
    eps: Number
    z: Number = 0.0
    tau_vacant: Number = 0.1

    declared = _COMMON | {"eps": Parameter(0.7, "1", "target calcium", above=0.0)}

    def rate(self, Ca: float, **given: float) -> float:
        """Return dz/dt [1/ms]."""
        p = self._numbers(given)
        return p["growth_rate"] * (1.0 - Ca / p["eps"])


@dataclass(frozen=True)
class GaussianGrowth(GrowthCurve):
    """Grow between `eta` and `eps`, retract outside: an element needs some calcium to grow.

    ``dz/dt = growth_rate (2 exp(-((Ca - xi) / zeta)^2) - 1)`` with ``xi = (eta + eps) / 2`` and
    ``zeta = (eta - eps) / (2 sqrt(ln 2))``.

    Parameters
    ----------
    growth_rate : number [1/ms]
        Elements that grow in a ms halfway between `eta` and `eps`.
    eta, eps : number
        Least concentration of calcium at which elements grow, and the target, where growth ends.
    z : number
        Elements at the start.
    tau_vacant : number
        Part of the vacant elements that every update removes.

    References
    ----------
    Butz, van Ooyen, "A simple rule for dendritic spine and axonal bouton formation can account for
    cortical reorganization after focal retinal lesions", PLOS Computational Biology 9, 2013.
    """

    growth_rate: Number
    eta: Number
    eps: Number
    z: Number = 0.0
    tau_vacant: Number = 0.1

    declared = _COMMON | {
        "eta": Parameter(0.1, "1", "least calcium at which elements grow", slider=(0.0, 1.0)),
        "eps": Parameter(0.7, "1", "target calcium", slider=(0.0, 1.0)),
    }

    def _check(self, values: Mapping[str, float], where: str) -> None:
        if not values["eta"] < values["eps"]:
            raise SpecError(
                f"{where}.eta", "must be less than eps, the target",
                got=f"eta {values['eta']:g}, eps {values['eps']:g}",
                remedy="Elements grow between the two.",
            )  # fmt: skip

    def rate(self, Ca: float, **given: float) -> float:
        """Return dz/dt [1/ms]."""
        p = self._numbers(given)
        xi = (p["eta"] + p["eps"]) / 2.0
        zeta = (p["eta"] - p["eps"]) / (2.0 * math.sqrt(math.log(2.0)))
        return p["growth_rate"] * (2.0 * math.exp(-(((Ca - xi) / zeta) ** 2)) - 1.0)


@dataclass(frozen=True)
class SigmoidGrowth(GrowthCurve):
    """Grow as ``dz/dt = growth_rate (2 / (1 + exp((Ca - eps) / psi)) - 1)``.

    Parameters
    ----------
    growth_rate : number [1/ms]
        Elements that grow in a ms far below the target.
    eps : number
        Target concentration of calcium: there nothing grows or retracts.
    psi : number
        Width of the step between growing and retracting.
    z : number
        Elements at the start.
    tau_vacant : number
        Part of the vacant elements that every update removes.
    """

    growth_rate: Number
    eps: Number
    psi: Number = 0.1
    z: Number = 0.0
    tau_vacant: Number = 0.1

    declared = _COMMON | {
        "eps": Parameter(0.7, "1", "target calcium", slider=(0.0, 1.0)),
        "psi": Parameter(0.1, "1", "width of the step", above=0.0),
    }

    def rate(self, Ca: float, **given: float) -> float:
        """Return dz/dt [1/ms]."""
        p = self._numbers(given)
        step = min((Ca - p["eps"]) / p["psi"], 700.0)
        return p["growth_rate"] * (2.0 / (1.0 + math.exp(step)) - 1.0)


GROWTH_CURVES: dict[str, type[Any]] = {
    "linear_growth": LinearGrowth,
    "gaussian_growth": GaussianGrowth,
    "sigmoid_growth": SigmoidGrowth,
}
"""Name in files -> class."""
