"""`Schedule`: what changes a parameter of a population at steps that are known beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["NEVER", "Current", "Schedule"]

NEVER = 2**63 - 1
"""A step that no run reaches."""


class Schedule(Protocol):
    """What is added to a parameter of a population, constant from one change to the next."""

    @property
    def target(self) -> str:
        """Name of the population."""
        ...

    @property
    def parameter(self) -> str:
        """Name of the parameter."""
        ...

    def added(self, step: int, neurons: slice) -> float | NDArray[np.float64]:
        """Return what is added in `step` [unit of the parameter] to these neurons.

        One number, or one for each of them.
        """
        ...

    def next_change(self, step: int) -> int:
        """Return the first step after `step` from which something else is added, or `NEVER`."""
        ...


@dataclass(frozen=True)
class Current:
    """A `StepCurrent` in steps: `amplitude` [pA] acts in ``start <= step < stop``."""

    target: str
    amplitude: float
    start: int
    stop: int
    parameter: str = "I_e"

    def added(self, step: int, neurons: slice) -> float:
        """Return the current [pA] that flows in `step`."""
        return self.amplitude if self.start <= step < self.stop else 0.0

    def next_change(self, step: int) -> int:
        """Return when it begins or ends."""
        return min((s for s in (self.start, self.stop) if s > step), default=NEVER)
