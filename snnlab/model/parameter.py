"""Declarations: a number of a model with its unit, its bounds and what it means.

Forms, sliders, validation, units in files and the documentation are all made from these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from snnlab.errors import SpecError
from snnlab.units import format_quantity, to_canonical

__all__ = ["Parameter", "Receptor", "State"]


@dataclass(frozen=True)
class Parameter:
    """A number that the user sets, and may change while the network runs.

    Parameters
    ----------
    default : float [unit]
        Value when the user gives none.
    unit : str
        Canonical unit (``"ms"``, ``"mV"``, ``"pA"``, ``"nS"``, ``"pF"``, ``"Hz"``, ``"1"``).
    doc : str
        What the number means, as a noun phrase.
    above, below : float [unit], optional
        Open bounds: the value must be greater (less) than this.
    low, high : float [unit], optional
        Closed bounds.
    slider : tuple of float [unit], optional
        Sensible range for a slider; derived from the default when not given.
    """

    default: float
    unit: str = "1"
    doc: str = ""
    above: float | None = None
    below: float | None = None
    low: float | None = None
    high: float | None = None
    slider: tuple[float, float] | None = None

    def check(self, value: float | str, *, where: str, context: str = "") -> float:
        """Convert `value` to the canonical unit and hold it against the bounds.

        Returns
        -------
        float [unit]

        Raises
        ------
        UnitError
            The unit is of another dimension.
        SpecError
            The value is not finite or out of bounds.
        """
        number = to_canonical(value, self.unit, where=where)
        if math.isfinite(number) and self._inside(number):
            return number
        low, high = self.slider_range()
        raise SpecError(
            where,
            f"must be {self.bounds()}",
            got=format_quantity(number, self.unit),
            context=context,
            remedy=f"Try a value between {low:g} and {format_quantity(high, self.unit)}.",
        )

    def _inside(self, number: float) -> bool:
        return (
            (self.above is None or number > self.above)
            and (self.below is None or number < self.below)
            and (self.low is None or number >= self.low)
            and (self.high is None or number <= self.high)
        )

    def bounds(self) -> str:
        """Return the bounds as a phrase: ``"> 0 ms"``, ``">= 0 and <= 1"``, ``"finite"``."""
        signs = ((">", self.above), (">=", self.low), ("<", self.below), ("<=", self.high))
        parts = [f"{s} {format_quantity(b, self.unit)}" for s, b in signs if b is not None]
        return " and ".join(parts) if parts else "a finite number"

    def slider_range(self) -> tuple[float, float]:
        """Return the (low, high) range [unit] that a slider should offer; inside the bounds."""
        if self.slider is not None:
            return self.slider
        span = abs(self.default) or 1.0
        low, high = self.default - span, self.default + span
        floor = self.low if self.low is not None else self.above
        ceiling = self.high if self.high is not None else self.below
        if floor is not None and low <= floor:
            low = floor if self.low is not None else floor + span / 100
        if ceiling is not None and high >= ceiling:
            high = ceiling if self.high is not None else ceiling - span / 100
        return low, high


@dataclass(frozen=True)
class State:
    """A variable of a neuron that the model's `update` advances.

    Parameters
    ----------
    initial : float or str [unit]
        Start value, or the name of the parameter whose value it starts from.
    unit : str
        Canonical unit.
    doc : str
        What the variable is.
    low, high : float [unit], optional
        Plausible range, bounds included: what lies outside says that the run has gone wrong, so
        it is paused. Wide enough for anything that can be meant. Not given: any finite number.
    """

    initial: float | str = 0.0
    unit: str = "1"
    doc: str = ""
    low: float | None = None
    high: float | None = None

    def bounds(self) -> str:
        """Return the plausible range as a phrase: ``">= 0 nS"``, ``"a finite number"``."""
        signs = ((">=", self.low), ("<=", self.high))
        parts = [f"{s} {format_quantity(b, self.unit)}" for s, b in signs if b is not None]
        return " and ".join(parts) if parts else "a finite number"


@dataclass(frozen=True)
class Receptor:
    """A place on a neuron where synapses arrive.

    Parameters
    ----------
    unit : str
        Unit of the weights that arrive here (``"pA"``, ``"nS"``, ``"mV"``).
    sign : int
        +1: weights must be >= 0; -1: weights must be <= 0; 0: any.
    port : str
        Name under which `update` reads the summed input, ``input.<port>``. Receptors with the
        same port share one sum. Default: the receptor's own name.
    doc : str
        What arrives here.
    """

    unit: str
    sign: int = 0
    port: str = ""
    doc: str = ""
