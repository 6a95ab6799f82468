"""What is kept of a run, as frozen values. Spikes of all neurons are always recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from snnlab.errors import SpecError
from snnlab.model.distribution import Number

__all__ = ["StateRecorder"]


@dataclass(frozen=True)
class StateRecorder:
    """Samples state variables of any neurons of a population, as often as one likes.

    Parameters
    ----------
    name : str
        Unique within the network.
    population : str
        Whose neurons.
    variables : str or sequence of str
        Names of `State` declarations, e.g. ``("V_m",)``; kept as a tuple.
    neurons : int, or sequence or array of int
        Indices within the population: ``3``, ``[1, 5]``, every tenth as ``range(0, 1000, 10)``;
        kept as a tuple.
    interval : number [ms]
        Time between samples; a multiple of the time step. 0 means every step.
    """

    name: str
    population: str
    variables: tuple[str, ...] = ("V_m",)
    neurons: tuple[int, ...] = (0,)
    interval: Number = 0.0

    def __post_init__(self) -> None:
        given: Any = self.variables
        variables = (given,) if isinstance(given, str) else tuple(given)
        object.__setattr__(self, "variables", variables)
        object.__setattr__(self, "neurons", _indices(self.neurons, f"Recorder {self.name!r}"))


def _indices(neurons: Any, where: str) -> tuple[int, ...]:
    """Indices as plain numbers, whatever kind of whole number and of sequence they came as."""
    given = list(neurons) if isinstance(neurons, Iterable) else [neurons]
    for neuron in given:
        if isinstance(neuron, bool) or not isinstance(neuron, Integral):
            raise SpecError(
                f"{where}.neurons",
                "must be whole numbers",
                got=repr(neuron),
                remedy="Write for example 3, [1, 5] or range(0, 1000, 10).",
            )
    return tuple(int(neuron) for neuron in given)
