"""Lesions: neurons of a running network fall out, and live again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError
from snnlab.model.edit import Edit
from snnlab.model.indices import Ranges, as_ranges, covered, without

if TYPE_CHECKING:
    from snnlab.model.network import Network, Population

__all__ = ["Lesion", "Recover"]


@dataclass(frozen=True)
class Lesion(Edit):
    """Let neurons fall out: they do not spike, send nothing and receive nothing.

    Parameters
    ----------
    population : str
        Whose neurons; of sources of spikes (Poisson, given spikes), too.
    neurons : int, or iterable or array of int and of (start, stop) pairs
        Indices within the population: ``3``, ``[1, 5]``, ``range(40)``, ``[(0, 40), (100, 120)]``;
        kept as (start, stop) pairs. Those that are lesioned already stay so.

    Notes
    -----
    A lesioned neuron is held in the state from which it started; spikes that it sent before still
    arrive. `Population.lesioned` says who is lesioned.

    Where synapses come and go, those from and onto lesioned neurons are removed in the step at
    which the network goes on, as structural events that are told apart
    (`StructuralEvents.is_lesion`), and no rule forms one. They do not come back with the neuron:
    rules grow new ones. If the lesion is undone before the network has gone on, nothing happened.

    The synapses of other projections cannot grow again, so they stay, and nothing passes them:
    when their neurons recover they work as before, plastic ones with the weights that they have
    then.

    Examples
    --------
    >>> Lesion("source", range(40))
    Lesion(population='source', neurons=((0, 40),))
    """

    population: str
    neurons: Ranges

    def __init__(self, population: str, neurons: Any) -> None:
        _set(self, population, neurons)

    @property
    def is_structural(self) -> bool:
        """False: the neurons stay where they are."""
        return False

    def apply(self, network: Network) -> Network:
        """Return the network without these neurons."""
        population = _checked(self, network)
        return _with_lesioned(network, population, covered((*population.lesioned, *self.neurons)))

    def inverse(self, network: Network) -> Recover:
        """Return the recovery of those that are not lesioned yet."""
        lesioned = network.population(self.population).lesioned
        return Recover(self.population, without(self.neurons, lesioned))


@dataclass(frozen=True)
class Recover(Edit):
    """Let lesioned neurons live again, without the synapses that the lesion removed.

    Parameters
    ----------
    population : str
        Whose neurons.
    neurons : int, or iterable or array of int and of (start, stop) pairs
        As of `Lesion`. Those that are not lesioned stay as they are.
    """

    population: str
    neurons: Ranges

    def __init__(self, population: str, neurons: Any) -> None:
        _set(self, population, neurons)

    @property
    def is_structural(self) -> bool:
        """False: the neurons stay where they are."""
        return False

    def apply(self, network: Network) -> Network:
        """Return the network with these neurons."""
        population = _checked(self, network)
        return _with_lesioned(network, population, without(population.lesioned, self.neurons))

    def inverse(self, network: Network) -> Lesion:
        """Return the lesion of those that are lesioned now."""
        lesioned = network.population(self.population).lesioned
        alive = without(self.neurons, lesioned)
        return Lesion(self.population, without(self.neurons, alive))


def _set(edit: Lesion | Recover, population: str, neurons: Any) -> None:
    where = f"{type(edit).__name__}({population!r}).neurons"
    object.__setattr__(edit, "population", population)
    object.__setattr__(edit, "neurons", as_ranges(neurons, where))


def _checked(edit: Lesion | Recover, network: Network) -> Population:
    """The population of an edit, which has all of its neurons.

    Raises
    ------
    SpecError
        It has not.
    """
    population = network.population(edit.population)
    if edit.neurons and edit.neurons[-1][1] > population.size:
        raise SpecError(
            f"{type(edit).__name__}({population.name!r}).neurons",
            f"must be in 0 ... {population.size - 1}", got=str(edit.neurons[-1][1] - 1),
            remedy="Name neurons by their place in the population.",
        )  # fmt: skip
    return population


def _with_lesioned(network: Network, old: Population, lesioned: Ranges) -> Network:
    new = dataclasses.replace(old, lesioned=lesioned)
    return network.replace(populations=[new if p is old else p for p in network.populations])
