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
from snnlab.model.neuron import Neuron

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "Numbers",
    "drawn_parameters",
    "initial_state",
    "numbers",
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


def _drawn(
    network: Network, population: Population, purpose: str, name: str,
    value: float | Distribution, neurons: slice | None = None,
) -> Any:  # fmt: skip
    """A float as it is; a distribution as one draw a neuron from the stream of this name."""
    if not isinstance(value, Distribution):
        return float(value)
    first, stop, _ = (neurons or slice(None)).indices(population.size)
    stream = stream_id(purpose, population.name, name)
    return value.quantile(uniforms(stop - first, network.seed, stream, first))


def drawn_parameters(
    network: Network, population: Population, neurons: slice | None = None
) -> dict[str, Any]:
    """Return the parameters of a population: name -> float, or (n,) float64 where they differ.

    Parameters
    ----------
    network : Network
    population : Population
    neurons : slice, optional
        Those whose values are wanted, without a step; default: all.
    """
    return {
        name: _drawn(network, population, "parameter", name, value, neurons)
        for name, value in network.parameters_of(population).items()
    }


def numbers(model: type[Neuron], parameters: Mapping[str, Any], dt: float) -> Numbers:
    """Return all numbers of a population, derived constants included.

    Parameters
    ----------
    model : type of Neuron
    parameters : mapping
        Name -> float, or (n,) float64 [canonical units].
    dt : float [ms]
    """
    values = dict(parameters)
    derived = model.derive(SimpleNamespace(**values), dt)
    values |= {name: np.asarray(value, np.float64)[()] for name, value in derived.items()}
    return Numbers(
        {name: float(v) for name, v in values.items() if np.ndim(v) == 0},
        {name: np.asarray(v) for name, v in values.items() if np.ndim(v) > 0},
    )


def initial_state(
    network: Network, population: Population, neurons: slice | None = None
) -> NDArray[np.float64]:
    """Return the start values of all states, shape (n_states, n_neurons) [canonical units].

    Parameters
    ----------
    network : Network
    population : Population
    neurons : slice, optional
        Those whose values are wanted, without a step; default: all.
    """
    first, stop, _ = (neurons or slice(None)).indices(population.size)
    values = network.initial_of(population)
    rows = [
        np.broadcast_to(_drawn(network, population, "initial", name, value, neurons), stop - first)
        for name, value in values.items()
    ]
    return np.array(rows, np.float64).reshape(len(values), stop - first)
