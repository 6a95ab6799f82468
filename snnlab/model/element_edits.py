"""Edits of synaptic elements."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.errors import unknown_name
from snnlab.model.edit import Edit
from snnlab.model.synaptic_elements import SynapticElements

if TYPE_CHECKING:
    from snnlab.model.growth_curves import GrowthCurve
    from snnlab.model.network import Network

__all__ = ["AddSynapticElements", "RemoveSynapticElements", "SetSynapticElements"]


@dataclass(frozen=True)
class AddSynapticElements(Edit):
    """Let the neurons of a population have synaptic elements from now on."""

    elements: SynapticElements

    def apply(self, network: Network) -> Network:
        """Return the network with the elements."""
        return network.replace(synaptic_elements=(*network.synaptic_elements, self.elements))

    def inverse(self, network: Network) -> Edit:
        """Return their removal."""
        return RemoveSynapticElements(self.elements.population)


@dataclass(frozen=True)
class RemoveSynapticElements(Edit):
    """Remove the synaptic elements of a population; no rewiring may connect them any more."""

    population: str

    def apply(self, network: Network) -> Network:
        """Return the network without them."""
        gone = network.elements_of(self.population)
        return network.replace(
            synaptic_elements=tuple(e for e in network.synaptic_elements if e != gone)
        )

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts them back where they were."""
        from snnlab.model.edits import Restore  # which imports this module

        return Restore(network)


@dataclass(frozen=True)
class SetSynapticElements(Edit):
    """Give one number of synaptic elements a new value.

    Parameters
    ----------
    population : str
        Whose elements.
    element : str
        The kind, or empty for what all kinds of a neuron share: ``"tau_Ca"``, ``"beta_Ca"``.
    name : str
        Number of the growth curve: ``"growth_rate"``, ``"eta"``, ``"eps"``, ``"psi"``,
        ``"tau_vacant"``.
    value : number, quantity or expression
        The new value. What has grown until now has grown by the old one.
    """

    population: str
    element: str
    name: str
    value: Any

    @property
    def is_structural(self) -> bool:
        """False: engines change numbers in place."""
        return False

    def apply(self, network: Network) -> Network:
        """Return the network with the new value."""
        elements = network.elements_of(self.population)
        self.current(network)
        if not self.element:
            new = dataclasses.replace(elements, **{self.name: self.value})
        else:
            curve: GrowthCurve = dataclasses.replace(
                elements.elements[self.element], **{self.name: self.value}
            )
            new = dataclasses.replace(elements, elements={**elements.elements, self.element: curve})
        return network.replace(
            synaptic_elements=[new if e is elements else e for e in network.synaptic_elements]
        )

    def inverse(self, network: Network) -> SetSynapticElements:
        """Return the edit that restores the value in `network`."""
        return dataclasses.replace(self, value=self.current(network))

    def current(self, network: Network) -> Any:
        """Return the value in `network`, as it was written."""
        owner: Any = network.elements_of(self.population)
        if self.element:
            if self.element not in owner.elements:
                raise unknown_name(
                    f"synaptic element of {self.population!r}", self.element, owner.elements
                )
            owner = owner.elements[self.element]
        names = [name for name in owner.declared if name not in owner.starts_from]
        if self.name not in names:
            raise unknown_name(f"number of {type(owner).__name__}", self.name, names)
        return getattr(owner, self.name)
