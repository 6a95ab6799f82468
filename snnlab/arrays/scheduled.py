"""The populations whose numbers change while a network runs, and when they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from snnlab.arrays.blob_rates import blob_rates
from snnlab.arrays.populations import Numbers, drawn_parameters, numbers
from snnlab.arrays.schedule import NEVER, Current, Schedule
from snnlab.model.network import Network, Population
from snnlab.model.stimuli import MovingBlob, StepCurrent

__all__ = ["Scheduled", "numbers_at_start", "scheduled_populations"]


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A population with schedules.

    Parameters
    ----------
    k : int
        Number of the population in the network.
    population : Population
    neurons : slice
        Those of its neurons whose numbers are wanted.
    drawn : mapping
        Their parameters without what schedules add: name -> float, or (n,) float64.
    schedules : tuple of Schedule
        In the order of the stimuli.
    dt : float [ms]
    """

    k: int
    population: Population
    neurons: slice
    drawn: Mapping[str, Any]
    schedules: tuple[Schedule, ...]
    dt: float

    def numbers(self, step: int) -> Numbers:
        """Return all numbers of the neurons as they are in `step`."""
        values = dict(self.drawn)
        for schedule in self.schedules:
            added = schedule.added(step, self.neurons)
            if np.ndim(added) or added:
                values[schedule.parameter] = values[schedule.parameter] + added
        return numbers(self.population.model, values, self.dt)

    def next_change(self, step: int) -> int:
        """Return the first step after `step` in which the numbers are others, or `NEVER`."""
        return min((s.next_change(step) for s in self.schedules), default=NEVER)

    def changes_at(self, step: int) -> bool:
        """Tell whether the numbers in `step` are not those of the step before."""
        return self.next_change(step - 1) == step


def scheduled_populations(network: Network, owned: Sequence[slice]) -> tuple[Scheduled, ...]:
    """Return the populations that a stimulus with a schedule acts on.

    Parameters
    ----------
    network : Network
    owned : sequence of slice
        Neurons of each population whose numbers are wanted.
    """
    schedules = _schedules(network)
    found = []
    for k, population in enumerate(network.populations):
        own = tuple(s for s in schedules if s.target == population.name)
        if own:
            drawn = drawn_parameters(network, population, owned[k])
            found.append(Scheduled(k, population, owned[k], drawn, own, network.dt))
    return tuple(found)


def numbers_at_start(network: Network) -> list[Numbers]:
    """Return the numbers in step 0 of every population's first neuron.

    They tell which numbers are the same for all neurons, and which vary: those that do then always
    do.
    """
    first = [slice(0, 1)] * len(network.populations)
    scheduled = {s.k: s for s in scheduled_populations(network, first)}
    return [
        scheduled[k].numbers(0)
        if k in scheduled
        else numbers(p.model, drawn_parameters(network, p, first[k]), network.dt)
        for k, p in enumerate(network.populations)
    ]


def _schedules(network: Network) -> list[Schedule]:
    found: list[Schedule] = []
    for stimulus in network.stimuli:
        if isinstance(stimulus, StepCurrent):
            found.append(_current(network, stimulus))
        elif isinstance(stimulus, MovingBlob):
            found.append(blob_rates(network, stimulus))
    return found


def _current(network: Network, stimulus: StepCurrent) -> Current:
    where = f"Stimulus {stimulus.name!r}"
    times = (network.number(t, "ms", where=where) for t in (stimulus.start, stimulus.stop))
    start, stop = (int(np.ceil(t / network.dt - 1e-6)) for t in times)
    amplitude = network.number(stimulus.amplitude, "pA", where=where)
    return Current(stimulus.target, amplitude, start, stop)
