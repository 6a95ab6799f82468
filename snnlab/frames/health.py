"""`Trouble`: what is wrong with a run, where and since when; a frame carries it to its readers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from snnlab.errors import NumericalInstability
from snnlab.units import format_quantity

__all__ = ["Kind", "Trouble"]


class Kind(Enum):
    """What sort of trouble it is."""

    NOT_FINITE = "not finite"
    """A state variable is no number any more, or infinite."""
    OUT_OF_BOUNDS = "out of bounds"
    """A state variable left the range that its model declares as plausible."""
    SATURATION = "saturation"
    """Synaptic input was limited, so that its integer sum could not overflow."""
    RUNAWAY = "runaway"
    """A population fires about as fast as it can."""
    SILENCE = "silence"
    """A population that used to fire does not fire any more."""
    SHORTAGE = "shortage"
    """A rewiring did not find places for as many synapses as went."""


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong with a run.

    Parameters
    ----------
    kind : Kind
    population : str
        Where; empty for the network as a whole.
    neuron : int or None
        Index within the population of the first neuron that is concerned; None: all of them.
    variable : str
        Which number: a state variable, a port, or ``"rate"``.
    value : float [unit]
        What it was.
    unit : str
        Canonical unit of `value`.
    expected : str
        What would have been right, as a phrase: ``"must be a finite number"``.
    t_start, t_stop : int [steps]
        Between which it happened; it was found at `t_stop`.
    dt : float [ms]
        Time step.
    remedy : str
        What to try, as a sentence.
    n_neurons : int
        How many neurons are concerned.
    state : mapping
        Name -> value [canonical unit] of all state variables of `neuron`, as text.
    largest_input : float or None [unit of the port]
        Largest synaptic input that is under way to `neuron`; None where it was not looked for.
    input_name : str
        Port and unit of the largest input: ``"pA at 'exc'"``.
    """

    kind: Kind
    population: str
    neuron: int | None
    variable: str
    value: float
    unit: str
    expected: str
    t_start: int
    t_stop: int
    dt: float
    remedy: str
    n_neurons: int = 0
    state: Mapping[str, str] = field(default_factory=dict)
    largest_input: float | None = None
    input_name: str = ""

    @property
    def t(self) -> float:
        """Model time [ms] at which it was found."""
        return self.t_stop * self.dt

    @property
    def where(self) -> str:
        """The place in words: ``"Population 'exc', neuron 17"``."""
        if not self.population:
            return "Network"
        place = f"Population {self.population!r}"
        return place if self.neuron is None else f"{place}, neuron {self.neuron}"

    @property
    def text(self) -> str:
        """All of it in words, at most three lines."""
        return str(self.as_error())

    def as_error(self) -> NumericalInstability:
        """Return it as the error that a run without anybody to watch it ends with."""
        got = format_quantity(self.value, self.unit)
        return NumericalInstability(
            f"{self.where}: {self.variable}", self.expected,
            got=got, context=self._context(), remedy=self.remedy,
        )  # fmt: skip

    def _context(self) -> str:
        since, found = self.t_start * self.dt, format_quantity(self.t, "ms")
        is_moment = self.t_start == self.t_stop
        parts = [f"At t = {found}" if is_moment else f"Between t = {since:g} and {found}"]
        if self.n_neurons > 1:
            parts.append(f"{self.n_neurons} neurons")
        parts += [f"{name} = {value}" for name, value in self.state.items()]
        if self.largest_input is not None:
            parts.append(f"largest input under way {self.largest_input:.6g} {self.input_name}")
        return "; ".join(parts) + "."
