"""Where weights, delays and start values come from: constant, normal, lognormal, uniform.

A distribution is its quantile function. Drawing is ``quantile(u)`` of a counter-based uniform, so
the same synapse gets the same weight whatever computes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from snnlab.errors import SpecError
from snnlab.model.expression import evaluate
from snnlab.units import format_quantity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "DISTRIBUTIONS",
    "ClippedNormal",
    "Constant",
    "Distribution",
    "LogNormal",
    "Normal",
    "Number",
    "Uniform",
    "as_distribution",
]

Number = float | str
"""A number, a quantity (``"20 ms"``) or an expression of knobs (``"-g * J"``)."""


@dataclass(frozen=True)
class Distribution:
    """Abstract: something that numbers are drawn from."""

    dimensionless: ClassVar[frozenset[str]] = frozenset()

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values below which a fraction `u` of the draws lies.

        Parameters
        ----------
        u : (n,) float64
            Probabilities in (0, 1).

        Returns
        -------
        (n,) float64 [unit of the parameters]
        """
        raise SpecError(type(self).__name__, "must be one of " + ", ".join(sorted(DISTRIBUTIONS)))

    def resolve(self, knobs: Mapping[str, float], unit: str, *, where: str) -> Distribution:
        """Return the same distribution with numbers in place of quantities and expressions.

        Raises
        ------
        SpecError
            A parameter that cannot be meant, e.g. a negative standard deviation.
        """
        numbers = {}
        for f in fields(self):
            value = getattr(self, f.name)
            own_unit = "1" if f.name in self.dimensionless else unit
            if value is not None:
                inner = where if isinstance(self, Constant) else f"{where}.{f.name}"
                value = evaluate(value, knobs, own_unit, where=inner)
            numbers[f.name] = value
        resolved = type(self)(**numbers)
        resolved._check(where, unit)
        return resolved

    def _check(self, where: str, unit: str) -> None:
        """Refuse numbers that cannot be meant; called on resolved distributions."""
        std = getattr(self, "std", None)
        if std is not None and not std >= 0:
            raise SpecError(
                f"{where}.std",
                "must be >= 0",
                got=format_quantity(std, unit),
                remedy="A standard deviation of 0 gives the constant mean.",
            )
        low, high = getattr(self, "low", None), getattr(self, "high", None)
        if low is not None and high is not None and not low < high:
            raise SpecError(
                f"{where}.low",
                f"must be < high = {format_quantity(high, unit)}",
                got=format_quantity(low, unit),
                remedy="Swap low and high, or use a constant.",
            )


@dataclass(frozen=True)
class Constant(Distribution):
    """The same value everywhere."""

    value: Number

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return `value` for every probability."""
        return 0.0 * u + float(self.value)


@dataclass(frozen=True)
class Normal(Distribution):
    """Normal distribution with `mean` and `std` [both in the unit of the quantity]."""

    mean: Number
    std: Number

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``mean + std * ndtri(u)``."""
        import numpy as np
        from scipy.special import ndtri

        return np.asarray(float(self.mean) + float(self.std) * ndtri(u))


@dataclass(frozen=True)
class ClippedNormal(Distribution):
    """Normal distribution, redrawn until it lies in [low, high] (a truncated normal)."""

    mean: Number
    std: Number
    low: Number | None = None
    high: Number | None = None

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the quantile of the truncated normal."""
        import numpy as np
        from scipy.special import ndtr, ndtri

        mean, std = float(self.mean), float(self.std)
        if std == 0.0:
            return np.full_like(u, mean)
        low = 0.0 if self.low is None else ndtr((float(self.low) - mean) / std)
        high = 1.0 if self.high is None else ndtr((float(self.high) - mean) / std)
        return np.asarray(mean + std * ndtri(low + (high - low) * u))

    def _check(self, where: str, unit: str) -> None:
        super()._check(where, unit)
        mean, std = float(self.mean), float(self.std)
        outside = (self.low is not None and float(self.low) > mean + 6 * std) or (
            self.high is not None and float(self.high) < mean - 6 * std
        )
        if outside:
            raise SpecError(
                where,
                "must leave room for the mean within [low, high] (6 standard deviations)",
                got=f"mean {mean:g}, std {std:g}, low {self.low}, high {self.high} {unit}",
                remedy="Widen the limits or move the mean.",
            )


@dataclass(frozen=True)
class LogNormal(Distribution):
    """exp of a normal: `mean` and `std` [dimensionless] are those of the logarithm, as in NEST.

    `scale` [unit of the quantity] multiplies the draw; its sign is the sign of the values.
    """

    dimensionless: ClassVar[frozenset[str]] = frozenset({"mean", "std"})

    mean: Number
    std: Number
    scale: Number = 1.0

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``scale * exp(mean + std * ndtri(u))``."""
        import numpy as np
        from scipy.special import ndtri

        logarithm = float(self.mean) + float(self.std) * ndtri(u)
        with np.errstate(over="ignore"):  # an infinite weight is refused where its name is known
            return np.asarray(float(self.scale) * np.exp(logarithm))


@dataclass(frozen=True)
class Uniform(Distribution):
    """Uniform between `low` and `high` [both in the unit of the quantity]."""

    low: Number
    high: Number

    def quantile(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``low + (high - low) u``."""
        return float(self.low) + (float(self.high) - float(self.low)) * u


DISTRIBUTIONS: dict[str, type[Distribution]] = {
    "constant": Constant,
    "normal": Normal,
    "clipped_normal": ClippedNormal,
    "lognormal": LogNormal,
    "uniform": Uniform,
}
"""Name in files -> class."""


def as_distribution(value: Any, *, where: str) -> Distribution:
    """Return `value` as a distribution: numbers and expressions become `Constant`.

    Raises
    ------
    SpecError
        Neither a number, a string nor a distribution.
    """
    if isinstance(value, Distribution):
        return value
    if isinstance(value, str) or (isinstance(value, (int, float)) and not isinstance(value, bool)):
        return Constant(value)
    try:
        return Constant(float(value))  # numpy scalars
    except (TypeError, ValueError):
        raise SpecError(
            where,
            "must be a number, a quantity, an expression or a distribution",
            got=f"{value!r} ({type(value).__name__})",
            remedy="Write for example 1.5, Normal(1.5, 0.75) or Uniform(0, 20).",
        ) from None
