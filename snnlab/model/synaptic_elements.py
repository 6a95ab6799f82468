"""Synaptic elements: where a neuron offers synapses, more of them the less active it is.

The model is that of Butz and van Ooyen (2013) as NEST has it (Diaz-Pier et al. 2016): calcium
follows the spikes of a neuron, growth curves turn it into numbers of elements, and the rewiring
rule `Homeostatic` connects vacant ones at random.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from snnlab.model.distribution import Number
from snnlab.model.growth_curves import GrowthCurve
from snnlab.model.parameter import Parameter

__all__ = ["SynapticElements"]


@dataclass(frozen=True)
class SynapticElements:
    """The synaptic elements of every neuron of a population, of one or more kinds.

    A spike adds `beta_Ca` to the neuron's calcium, which decays with `tau_Ca`; a neuron that
    fires at r per ms comes to ``Ca = r tau_Ca beta_Ca``.

    Parameters
    ----------
    population : str
        Whose neurons.
    elements : mapping of str to GrowthCurve
        Kind, e.g. ``"Den_ex"`` or ``"Axon_ex"`` -> how it grows. An `Homeostatic` rewiring names
        the kinds that it connects.
    tau_Ca : number [ms]
        Time constant of calcium.
    beta_Ca : number
        What a spike adds.
    Ca : number
        Calcium at the start.
    name : str
        Unique within the network; default ``"synaptic elements of <population>"``.

    Notes
    -----
    Elements are brought up to date at the neuron's spikes and at every update of the structure.
    Between two of these calcium decays by its exact propagator; within, the Gaussian and the
    sigmoid curve are integrated by forward Euler in time steps, the linear one exactly. All of it
    is in double precision, whatever the precision of the neurons.

    Synapses that are there at the start are connected elements: where a neuron has more of them
    than `z` says, it starts with as many elements.

    References
    ----------
    Butz, van Ooyen, "A simple rule for dendritic spine and axonal bouton formation can account for
    cortical reorganization after focal retinal lesions", PLOS Computational Biology 9, 2013.
    Diaz-Pier, Naveau, Butz-Ostendorf, Morrison, "Automatic generation of connectivity for
    large-scale neuronal network models through structural plasticity", Frontiers in Neuroanatomy
    10, 2016.
    """

    population: str
    elements: Mapping[str, GrowthCurve]
    tau_Ca: Number = 10000.0
    beta_Ca: Number = 0.001
    Ca: Number = 0.0
    name: str = ""

    declared: ClassVar[Mapping[str, Parameter]] = {
        "tau_Ca": Parameter(10000.0, "ms", "time constant of calcium", above=0.0),
        "beta_Ca": Parameter(0.001, "1", "calcium that a spike adds", low=0.0),
        "Ca": Parameter(0.0, "1", "calcium at the start", low=0.0),
    }
    """What each number is."""

    starts_from: ClassVar[tuple[str, ...]] = ("Ca",)
    """Numbers that only say what a run starts from."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "elements", MappingProxyType(dict(self.elements)))
        if not self.name:
            object.__setattr__(self, "name", f"synaptic elements of {self.population}")
