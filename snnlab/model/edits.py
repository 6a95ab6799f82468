"""`Edit`: the only verb. A frozen, reversible change of a `Network`.

Sliders, code, undo, redo, history and replay are all lists of edits.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.errors import unknown_name
from snnlab.model.edit import Edit
from snnlab.model.element_edits import (
    AddSynapticElements,
    RemoveSynapticElements,
    SetSynapticElements,
)
from snnlab.model.lesions import Lesion, Recover
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.recorders import SynapseRecorder
from snnlab.model.rewiring import Rewiring

if TYPE_CHECKING:
    from snnlab.model.recorders import Recorder
    from snnlab.model.stimuli import Stimulus

__all__ = [
    "EDITS",
    "AddPopulation",
    "AddProjection",
    "AddRecorder",
    "AddRewiring",
    "AddStimulus",
    "AddSynapticElements",
    "Edit",
    "Lesion",
    "Recover",
    "RemovePopulation",
    "RemoveProjection",
    "RemoveRecorder",
    "RemoveRewiring",
    "RemoveStimulus",
    "RemoveSynapticElements",
    "Restore",
    "SetParameter",
    "SetSynapticElements",
    "Several",
]


@dataclass(frozen=True)
class SetParameter(Edit):
    """Give one number of one thing a new value.

    Parameters
    ----------
    target : str
        Name of a population, projection, stimulus, recorder or rewiring; empty for a knob of the
        network.
    name : str
        Parameter of the neuron or synapse model or of the rewiring rule, field of the projection
        (``"weight"``, ``"delay"``), stimulus (``"rate"``, ``"weight"``, ``"amplitude"``) or
        rewiring (``"every"``, ``"attempts"``, ``"weight"``), or the knob.
    value : number, quantity, expression, Distribution or None
        The new value; None gives a model's parameter back its default.
    """

    target: str
    name: str
    value: Any

    @property
    def is_structural(self) -> bool:
        """False: engines change numbers in place where they can."""
        return False

    def apply(self, network: Network) -> Network:
        """Return the network with the new value."""
        if not self.target:
            return _replace_item(network, "knobs", self._new_knob(network))
        kind, item = _find(network, self.target)
        if self._is_of_model(kind, item):
            parameters = {**item.parameters, self.name: self.value}
            if self.value is None:
                del parameters[self.name]
            return _replace_item(network, kind, dataclasses.replace(item, parameters=parameters))
        return _replace_item(
            network, kind, dataclasses.replace(item, **{self._field(item): self.value})
        )

    def inverse(self, network: Network) -> SetParameter:
        """Return the edit that restores the value in `network`."""
        return dataclasses.replace(self, value=self._written(network))

    def current(self, network: Network) -> Any:
        """Return the value in `network`, as it was written (number, expression, distribution)."""
        if not self.target:
            return network.knob(self.name).value
        kind, item = _find(network, self.target)
        if self._is_of_model(kind, item):
            return item.parameters.get(self.name, item.model.parameters[self.name].default)
        return getattr(item, self._field(item))

    def _written(self, network: Network) -> Any:
        """The current value; None for a model's parameter that was left at its default."""
        value = self.current(network)
        if not self.target:
            return value
        kind, item = _find(network, self.target)
        is_default = self._is_of_model(kind, item) and self.name not in item.parameters
        return None if is_default else value

    def _new_knob(self, network: Network) -> Knob:
        knob = network.knob(self.name)
        value = knob.parameter.check(self.value, where=f"Knob {self.name!r}")
        return dataclasses.replace(knob, value=value)

    def _is_of_model(self, kind: str, item: Any) -> bool:
        """Whether the number is a parameter of a neuron or synapse model or a rewiring rule."""
        if kind in ("projections", "rewirings"):
            return self.name in item.model.parameters
        if kind == "populations" and self.name not in item.model.parameters:
            raise unknown_name(
                f"parameter of {item.model.__name__}", self.name, item.model.parameters,
                context=f"Population {item.name!r}.",
            )  # fmt: skip
        return kind == "populations"

    def _field(self, item: Any) -> str:
        fixed = {
            "name",
            "pre",
            "post",
            "target",
            "population",
            "projection",
            "parameters",
            "synapse",
        }
        if isinstance(item, Rewiring):
            fixed |= {"rule", "pre_synaptic_element", "post_synaptic_element"}
        names = [f.name for f in dataclasses.fields(item) if f.name not in fixed]
        names += getattr(getattr(item, "model", None), "parameters", ())
        if self.name not in names:
            raise unknown_name(f"parameter of {self.target!r}", self.name, names)
        return self.name


@dataclass(frozen=True)
class AddPopulation(Edit):
    """Add a population at the end."""

    population: Population

    def apply(self, network: Network) -> Network:
        """Return the network with the population."""
        return network.replace(populations=(*network.populations, self.population))

    def inverse(self, network: Network) -> Edit:
        """Return its removal."""
        return RemovePopulation(self.population.name)


@dataclass(frozen=True)
class RemovePopulation(Edit):
    """Remove a population with all that belongs to it, its synaptic elements too."""

    name: str

    def apply(self, network: Network) -> Network:
        """Return the network without it."""
        network.population(self.name)
        projections = tuple(p for p in network.projections if self.name not in (p.pre, p.post))
        return network.replace(
            populations=tuple(p for p in network.populations if p.name != self.name),
            projections=projections,
            stimuli=tuple(s for s in network.stimuli if s.target != self.name),
            recorders=tuple(
                r for r in _recorders_of(network, projections)
                if isinstance(r, SynapseRecorder) or r.population != self.name
            ),
            rewirings=_rewirings_of(network, projections),
            synaptic_elements=tuple(
                e for e in network.synaptic_elements if e.population != self.name
            ),
        )  # fmt: skip

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts everything back where it was."""
        return Restore(network)


@dataclass(frozen=True)
class AddProjection(Edit):
    """Add a projection."""

    projection: Projection

    def apply(self, network: Network) -> Network:
        """Return the network with the projection."""
        return network.replace(projections=(*network.projections, self.projection))

    def inverse(self, network: Network) -> Edit:
        """Return its removal."""
        return RemoveProjection(self.projection.name)


@dataclass(frozen=True)
class RemoveProjection(Edit):
    """Remove a projection with its recorders and rewirings."""

    name: str

    def apply(self, network: Network) -> Network:
        """Return the network without it."""
        network.projection(self.name)
        projections = tuple(p for p in network.projections if p.name != self.name)
        recorders = _recorders_of(network, projections)
        return network.replace(
            projections=projections,
            recorders=recorders,
            rewirings=_rewirings_of(network, projections),
        )

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts it back where it was."""
        return Restore(network)


@dataclass(frozen=True)
class AddStimulus(Edit):
    """Add a stimulus."""

    stimulus: Stimulus

    def apply(self, network: Network) -> Network:
        """Return the network with the stimulus."""
        return network.replace(stimuli=(*network.stimuli, self.stimulus))

    def inverse(self, network: Network) -> Edit:
        """Return its removal."""
        return RemoveStimulus(self.stimulus.name)


@dataclass(frozen=True)
class RemoveStimulus(Edit):
    """Remove a stimulus."""

    name: str

    def apply(self, network: Network) -> Network:
        """Return the network without it."""
        network.stimulus(self.name)
        return network.replace(stimuli=tuple(s for s in network.stimuli if s.name != self.name))

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts it back where it was."""
        return Restore(network)


@dataclass(frozen=True)
class AddRecorder(Edit):
    """Add a recorder, of neurons or of synapses."""

    recorder: Recorder

    def apply(self, network: Network) -> Network:
        """Return the network with the recorder."""
        return network.replace(recorders=(*network.recorders, self.recorder))

    def inverse(self, network: Network) -> Edit:
        """Return its removal."""
        return RemoveRecorder(self.recorder.name)


@dataclass(frozen=True)
class RemoveRecorder(Edit):
    """Remove a recorder."""

    name: str

    def apply(self, network: Network) -> Network:
        """Return the network without it."""
        network.recorder(self.name)
        return network.replace(recorders=tuple(r for r in network.recorders if r.name != self.name))

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts it back where it was."""
        return Restore(network)


@dataclass(frozen=True)
class AddRewiring(Edit):
    """Let synapses of a projection come and go from now on."""

    rewiring: Rewiring

    def apply(self, network: Network) -> Network:
        """Return the network with the rewiring."""
        return network.replace(rewirings=(*network.rewirings, self.rewiring))

    def inverse(self, network: Network) -> Edit:
        """Return its removal."""
        return RemoveRewiring(self.rewiring.name)


@dataclass(frozen=True)
class RemoveRewiring(Edit):
    """Remove a rewiring: no more synapses of its projection come and go."""

    name: str

    def apply(self, network: Network) -> Network:
        """Return the network without it."""
        network.rewiring(self.name)
        return network.replace(rewirings=tuple(r for r in network.rewirings if r.name != self.name))

    def inverse(self, network: Network) -> Edit:
        """Return the edit that puts it back where it was."""
        return Restore(network)


@dataclass(frozen=True)
class Several(Edit):
    """Several edits as one step of the history."""

    edits: tuple[Edit, ...]

    @property
    def is_structural(self) -> bool:
        """Whether any of them is."""
        return any(edit.is_structural for edit in self.edits)

    def apply(self, network: Network) -> Network:
        """Return the network after all of them, in order."""
        for edit in self.edits:
            network = edit.apply(network)
        return network

    def inverse(self, network: Network) -> Edit:
        """Return their inverses in reverse order."""
        inverses: list[Edit] = []
        for edit in self.edits:
            inverses.append(edit.inverse(network))
            network = edit.apply(network)
        return Several(tuple(reversed(inverses)))


@dataclass(frozen=True)
class Restore(Edit):
    """Go to a whole network: the inverse of a removal, which must also restore the order."""

    network: Network

    def apply(self, network: Network) -> Network:
        """Return the whole network that is restored."""
        return self.network

    def inverse(self, network: Network) -> Edit:
        """Return the edit that leads back to `network`."""
        return Restore(network)


EDITS: dict[str, type[Edit]] = {
    "set_parameter": SetParameter,
    "add_population": AddPopulation,
    "remove_population": RemovePopulation,
    "add_projection": AddProjection,
    "remove_projection": RemoveProjection,
    "add_stimulus": AddStimulus,
    "remove_stimulus": RemoveStimulus,
    "add_recorder": AddRecorder,
    "remove_recorder": RemoveRecorder,
    "add_rewiring": AddRewiring,
    "remove_rewiring": RemoveRewiring,
    "add_synaptic_elements": AddSynapticElements,
    "remove_synaptic_elements": RemoveSynapticElements,
    "set_synaptic_elements": SetSynapticElements,
    "lesion": Lesion,
    "recover": Recover,
    "several": Several,
    "restore": Restore,
}
"""Name in files -> class."""

_KINDS = ("populations", "projections", "stimuli", "recorders", "rewirings")


def _find(network: Network, name: str) -> tuple[str, Any]:
    for kind in _KINDS:
        for item in getattr(network, kind):
            if item.name == name:
                return kind, item
    names = [item.name for kind in _KINDS for item in getattr(network, kind)]
    raise unknown_name("part of the network", name, names)


def _recorders_of(network: Network, projections: tuple[Projection, ...]) -> tuple[Recorder, ...]:
    """The recorders of a network that need no other projections than these."""
    names = {p.name for p in projections}
    return tuple(
        r for r in network.recorders
        if not isinstance(r, SynapseRecorder) or r.projection in names
    )  # fmt: skip


def _rewirings_of(network: Network, projections: tuple[Projection, ...]) -> tuple[Rewiring, ...]:
    """The rewirings of a network that need no other projections than these."""
    names = {p.name for p in projections}
    return tuple(r for r in network.rewirings if r.projection in names)


def _replace_item(network: Network, kind: str, new: Any) -> Network:
    items = tuple(new if item.name == new.name else item for item in getattr(network, kind))
    return network.replace(**{kind: items})
