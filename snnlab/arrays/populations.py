"""The numbers of each population: parameters, derived constants, start values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.random import stream_id, uniforms
from snnlab.model.distribution import Distribution
from snnlab.model.network import Network, Population
from snnlab.model.stimuli import StepCurrent

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Current",
    "Numbers",
    "initial_state",
    "numbers_of",
    "step_currents",
]


@dataclass(frozen=True)
class Numbers:
    """Parameters and derived constants of one population [canonical units].

    Parameters
    ----------
    scalars : mapping
        Name -> float, the same for all neurons.
    varying : mapping
        Name -> (n,) float64, one value a neuron.
    """

    scalars: Mapping[str, float]
    varying: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Current:
    """A `StepCurrent` in steps: `amplitude` [pA] acts in ``start <= step < stop``."""

    target: str
    amplitude: float
    start: int
    stop: int

    def at(self, step: int) -> float:
        """Return the current [pA] that flows in `step`."""
        return self.amplitude if self.start <= step < self.stop else 0.0


def step_currents(network: Network) -> tuple[Current, ...]:
    """Return the step currents of a network, times in steps."""
    found = []
    for stimulus in network.stimuli:
        if isinstance(stimulus, StepCurrent):
            where = f"Stimulus {stimulus.name!r}"
            start = network.number(stimulus.start, "ms", where=where)
            stop = network.number(stimulus.stop, "ms", where=where)
            amplitude = network.number(stimulus.amplitude, "pA", where=where)
            steps = [int(np.ceil(t / network.dt - 1e-6)) for t in (start, stop)]
            found.append(Current(stimulus.target, amplitude, *steps))
    return tuple(found)


def _drawn(
    network: Network, population: Population, purpose: str, name: str, value: float | Distribution
) -> Any:
    """A float as it is; a distribution as one draw a neuron from the stream of this name."""
    if not isinstance(value, Distribution):
        return float(value)
    stream = stream_id(purpose, population.name, name)
    return value.quantile(uniforms(population.size, network.seed, stream))


def numbers_of(network: Network, population: Population, extra_current: float = 0.0) -> Numbers:
    """Return all numbers of a population, derived constants included.

    Parameters
    ----------
    network : Network
    population : Population
    extra_current : float [pA]
        What step currents add to ``I_e`` now.
    """
    values = {
        name: _drawn(network, population, "parameter", name, value)
        for name, value in network.parameters_of(population).items()
    }
    if extra_current:
        values["I_e"] = values["I_e"] + extra_current
    derived = population.model.derive(SimpleNamespace(**values), network.dt)
    values |= {name: np.asarray(value, np.float64)[()] for name, value in derived.items()}
    return Numbers(
        {name: float(v) for name, v in values.items() if np.ndim(v) == 0},
        {name: np.asarray(v) for name, v in values.items() if np.ndim(v) > 0},
    )


def initial_state(network: Network, population: Population) -> NDArray[np.float64]:
    """Return the start values of all states, shape (n_states, n_neurons) [canonical units]."""
    values = network.initial_of(population)
    rows = [
        np.broadcast_to(_drawn(network, population, "initial", name, value), population.size)
        for name, value in values.items()
    ]
    return np.array(rows, np.float64).reshape(len(values), population.size)
