"""What is kept of a run, as frozen values. Spikes of all neurons are always recorded."""

from __future__ import annotations

from dataclasses import dataclass

from snnlab.model.distribution import Number

__all__ = ["StateRecorder"]


@dataclass(frozen=True)
class StateRecorder:
    """Samples state variables of a few neurons.

    Parameters
    ----------
    name : str
        Unique within the network.
    population : str
        Whose neurons.
    variables : tuple of str
        Names of `State` declarations, e.g. ``("V_m",)``.
    neurons : tuple of int
        Indices within the population.
    interval : number [ms]
        Time between samples; a multiple of the time step. 0 means every step.
    """

    name: str
    population: str
    variables: tuple[str, ...] = ("V_m",)
    neurons: tuple[int, ...] = (0,)
    interval: Number = 0.0
