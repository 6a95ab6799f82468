"""`Network`: the complete description of a model, frozen, without arrays and without a device.

A `Network` that exists is valid: every name is known, every number has the right unit and lies in
its bounds, every rule can be satisfied. Engines turn it into arrays; edits turn it into another
`Network`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from snnlab.errors import unknown_name
from snnlab.model import element_checks, rewiring_checks, validation
from snnlab.model import synapse as synapses
from snnlab.model.connectivity import Connectivity
from snnlab.model.distribution import Distribution, Number, as_distribution
from snnlab.model.expression import evaluate
from snnlab.model.indices import Ranges, as_ranges
from snnlab.model.neuron import Neuron, lookup
from snnlab.model.parameter import Parameter, State
from snnlab.model.recorders import Recorder, StateRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Space
from snnlab.model.stimuli import Stimulus
from snnlab.model.synapse import Synapse
from snnlab.model.synaptic_elements import SynapticElements

__all__ = ["Knob", "Network", "Population", "Projection"]

Value = Number | Distribution


def _frozen(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True)
class Knob:
    """One of the few numbers that a model is spoken about in, e.g. g, the relative inhibition.

    Parameters
    ----------
    name : str
        How expressions refer to it.
    value : float [unit]
        Its value now.
    parameter : Parameter
        Unit, bounds, meaning and slider range.
    """

    name: str
    value: float
    parameter: Parameter = field(default_factory=lambda: Parameter(0.0))


@dataclass(frozen=True)
class Population:
    """A group of like neurons.

    Parameters
    ----------
    name : str
        Unique within the network.
    size : int
        Number of neurons.
    neuron : type of Neuron or str
        The model, or the name of one.
    parameters : mapping
        Name -> number, quantity, expression of knobs, or distribution over the neurons.
        What is not named has the model's default.
    initial : mapping
        State name -> the same; what is not named starts from the model's initial value.
    space : Space, optional
        Where the neurons lie.
    reference_rate : float [Hz], optional
        Published mean rate, printed beside the measured one.
    lesioned : int, or iterable or array of int and of (start, stop) pairs
        Neurons that have fallen out; kept as (start, stop) pairs. See `snnlab.Lesion`.
    """

    name: str
    size: int
    neuron: type[Neuron] | str = "LIFExp"
    parameters: Mapping[str, Value] = field(default_factory=dict)
    initial: Mapping[str, Value] = field(default_factory=dict)
    space: Space | None = None
    reference_rate: float | None = None
    lesioned: Ranges = ()

    def __post_init__(self) -> None:
        if not isinstance(self.lesioned, tuple) or self.lesioned:
            where = f"Population {self.name!r}.lesioned"
            object.__setattr__(self, "lesioned", as_ranges(self.lesioned, where))
        object.__setattr__(self, "parameters", _frozen(self.parameters))
        object.__setattr__(self, "initial", _frozen(self.initial))
        if isinstance(self.neuron, type):
            lookup(self.neuron.__name__)
            object.__setattr__(self, "neuron", self.neuron.__name__)

    @property
    def model(self) -> type[Neuron]:
        """The neuron model's class."""
        return lookup(str(self.neuron))


@dataclass(frozen=True)
class Projection:
    """A bundle of synapses of one kind from one population to another.

    Parameters
    ----------
    pre, post : str
        Names of the source and the target population.
    rule : Connectivity
        Who connects to whom.
    weight : number or Distribution [unit of the receptor]
        Effect of one spike: pA (current), nS (conductance), mV (delta). Plastic synapses start
        from it.
    delay : number or Distribution [ms]
        At least one time step; rounded to the grid.
    receptor : str
        Where the synapses arrive; empty: the first receptor that takes the sign of the weight.
    name : str
        Unique within the network; default ``"pre->post"``.
    synapse : type of Synapse or str
        The model, or the name of one; default: weights stay as they are.
    parameters : mapping
        Of the synapse model: name -> number, quantity or expression of knobs. What is not named
        has the model's default.
    modulator : str
        Population whose spikes `mod_spike` of the synapse model receives, e.g. dopamine neurons.
    dendritic_fraction : float
        Part of the delay that lies in the dendrite, 0.5 ... 1; the rest lies in the axon. A
        plastic synapse sees its neurons' spikes after these parts. 1 is NEST's convention.
    """

    pre: str
    post: str
    rule: Connectivity
    weight: Value = 1.0
    delay: Value = 1.0
    receptor: str = ""
    name: str = ""
    synapse: type[Synapse] | str = "Static"
    parameters: Mapping[str, Number] = field(default_factory=dict)
    modulator: str = ""
    dendritic_fraction: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", _frozen(self.parameters))
        if isinstance(self.synapse, type):
            synapses.lookup(self.synapse.__name__)
            object.__setattr__(self, "synapse", self.synapse.__name__)
        if not self.name:
            object.__setattr__(self, "name", f"{self.pre}->{self.post}")

    @property
    def model(self) -> type[Synapse]:
        """The synapse model's class."""
        return synapses.lookup(str(self.synapse))


@dataclass(frozen=True)
class Network:
    """A complete model: who is there, who connects to whom, what drives it, what is recorded.

    Parameters
    ----------
    populations : iterable of Population
        Their order fixes the global ids: the first population has ids 0 ... size - 1.
    projections : iterable of Projection
    stimuli : iterable of Stimulus
    recorders : iterable of StateRecorder and SynapseRecorder
    rewirings : iterable of Rewiring
        What creates and removes synapses while the network runs.
    synaptic_elements : iterable of SynapticElements
        Where neurons offer synapses to the rewiring rule `Homeostatic`.
    knobs : iterable of Knob
        Numbers that expressions refer to.
    dt : float [ms]
        Time step.
    seed : int
        Names every random number of the network together with its purpose.
    name, description, source : str
        For people; `source` cites where the numbers come from.

    Raises
    ------
    SpecError
        Anything that cannot be meant; says where, got, expected and what to try.

    Examples
    --------
    >>> from snnlab.model.connectivity import FixedIndegree
    >>> exc = Population("exc", 100, "LIFDelta", initial={"V_m": 0.0})
    >>> net = Network([exc], [Projection("exc", "exc", FixedIndegree(10), weight=0.1, delay=1.5)])
    >>> net.n_neurons
    100
    """

    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    recorders: tuple[Recorder, ...] = ()
    rewirings: tuple[Rewiring, ...] = ()
    synaptic_elements: tuple[SynapticElements, ...] = ()
    knobs: tuple[Knob, ...] = ()
    dt: float = 0.1
    seed: int = 1
    name: str = "network"
    description: str = ""
    source: str = ""

    def __init__(  # noqa: PLR0913  (a network has twelve parts, all but two by keyword)
        self,
        populations: Iterable[Population] = (),
        projections: Iterable[Projection] = (),
        *,
        stimuli: Iterable[Stimulus] = (),
        recorders: Iterable[Recorder] = (),
        rewirings: Iterable[Rewiring] = (),
        synaptic_elements: Iterable[SynapticElements] = (),
        knobs: Iterable[Knob] = (),
        dt: Number = 0.1,
        seed: int = 1,
        name: str = "network",
        description: str = "",
        source: str = "",
    ) -> None:
        values = {
            "populations": tuple(populations),
            "projections": tuple(projections),
            "stimuli": tuple(stimuli),
            "recorders": tuple(recorders),
            "rewirings": tuple(rewirings),
            "synaptic_elements": tuple(synaptic_elements),
            "knobs": tuple(knobs),
            "dt": evaluate(dt, {}, "ms", where="Network.dt"),
            "seed": seed,
            "name": name,
            "description": description,
            "source": source,
        }
        for key, value in values.items():
            object.__setattr__(self, key, value)
        validation.validate(self)
        rewiring_checks.validate(self)
        element_checks.validate(self)

    def replace(self, **changes: Any) -> Network:
        """Return a network with some fields changed; the result is validated anew."""
        return dataclasses.replace(self, **changes)

    @property
    def n_neurons(self) -> int:
        """Number of neurons of all populations."""
        return sum(p.size for p in self.populations)

    @property
    def knob_values(self) -> dict[str, float]:
        """Knob name -> value [its unit]."""
        return {knob.name: knob.value for knob in self.knobs}

    def first_id(self, population: str) -> int:
        """Return the global id of the first neuron of `population`."""
        first = 0
        for p in self.populations:
            if p.name == population:
                return first
            first += p.size
        raise unknown_name("population", population, (p.name for p in self.populations))

    def population_index(self, name: str) -> int:
        """Return the place of a population; SpecError with the nearest names otherwise."""
        if name not in self._population_places:
            raise unknown_name("population", name, self._population_places)
        return self._population_places[name]

    def population(self, name: str) -> Population:
        """Return the population of this name; SpecError with the nearest names otherwise."""
        return self.populations[self.population_index(name)]

    def projection(self, name: str) -> Projection:
        """Return the projection of this name; SpecError with the nearest names otherwise."""
        return _by_name("projection", name, self.projections)

    # Networks have tens of thousands of projections that name a few hundred populations and draw
    # from a few dozen distributions: what is looked up for each of them is worked out once.

    @cached_property
    def _population_places(self) -> dict[str, int]:
        return {p.name: k for k, p in reversed([*enumerate(self.populations)])}

    @cached_property
    def _resolved(self) -> dict[tuple[Distribution, str], Distribution]:
        return {}

    def resolve(self, given: Any, unit: str, *, where: str) -> Distribution:
        """Return a number, quantity, expression or distribution with numbers in place of knobs.

        Parameters
        ----------
        given : number, str or Distribution
        unit : str
            Unit of what is drawn.
        where : str
            Name of the quantity for error messages.

        Raises
        ------
        SpecError
            Something that cannot be meant.
        """
        distribution = as_distribution(given, where=where)
        try:
            known = self._resolved.get((distribution, unit))
        except TypeError:  # it holds a list or the like, which is refused with its name
            return distribution.resolve(self.knob_values, unit, where=where)
        if known is None:
            known = distribution.resolve(self.knob_values, unit, where=where)
            self._resolved[distribution, unit] = known
        return known

    def stimulus(self, name: str) -> Stimulus:
        """Return the stimulus of this name; SpecError with the nearest names otherwise."""
        return _by_name("stimulus", name, self.stimuli)

    def recorder(self, name: str) -> Recorder:
        """Return the recorder of this name; SpecError with the nearest names otherwise."""
        return _by_name("recorder", name, self.recorders)

    def rewiring(self, name: str) -> Rewiring:
        """Return the rewiring of this name; SpecError with the nearest names otherwise."""
        return _by_name("rewiring", name, self.rewirings)

    def elements_of(self, population: str) -> SynapticElements:
        """Return the synaptic elements of a population; SpecError if it has none."""
        self.population(population)
        for elements in self.synaptic_elements:
            if elements.population == population:
                return elements
        owners = (elements.population for elements in self.synaptic_elements)
        raise unknown_name("population with synaptic elements", population, owners)

    def calcium_of(self, elements: SynapticElements) -> dict[str, float]:
        """Return `tau_Ca` [ms], `beta_Ca` and `Ca` of synaptic elements, resolved."""
        return element_checks.resolve_calcium(self, elements)

    def growth_of(self, elements: SynapticElements) -> dict[str, dict[str, float]]:
        """Return kind -> number of its growth curve -> value [canonical unit], resolved."""
        return element_checks.resolve_growth(self, elements)

    def knob(self, name: str) -> Knob:
        """Return the knob of this name; SpecError with the nearest names otherwise."""
        return _by_name("knob", name, self.knobs)

    def parameters_of(self, population: Population) -> dict[str, float | Distribution]:
        """Return every parameter [canonical unit] of a population, resolved: no expressions.

        A parameter that is the same for all neurons is a float, else a `Distribution`.
        """
        return validation.resolve_values(
            population, population.model.parameters, population.parameters, self.knob_values
        )

    def initial_of(self, population: Population) -> dict[str, float | Distribution]:
        """Return the start value [canonical unit] of every state variable, resolved."""
        return validation.resolve_initial(population, self.knob_values)

    def receptor_of(self, item: Any) -> str:
        """Return the receptor that a projection or a Poisson input arrives at."""
        return validation.receptor_of(self, item)

    def weight_of(self, item: Any) -> Distribution:
        """Return the resolved weight [unit of the receptor] of a projection or Poisson input."""
        return validation.weight_of(self, item)

    def delay_of(self, projection: Projection) -> Distribution:
        """Return the resolved delay [ms] of a projection."""
        where = f"Projection {projection.name!r}.delay"
        return self.resolve(projection.delay, "ms", where=where)

    def synapse_parameters_of(self, projection: Projection) -> dict[str, float]:
        """Return every parameter [canonical unit] of a projection's synapses, resolved."""
        return validation.resolve_numbers(projection, self.knob_values)

    def is_rewired(self, projection: str) -> bool:
        """Return whether synapses of a projection come and go."""
        return bool(self.rewirings_of(projection))

    def rewirings_of(self, projection: str) -> tuple[Rewiring, ...]:
        """Return the rewirings that create and remove synapses of a projection."""
        return tuple(r for r in self.rewirings if r.projection == projection)

    def rewiring_parameters_of(self, rewiring: Rewiring) -> dict[str, float]:
        """Return every parameter [canonical unit] of a rewiring's rule, resolved."""
        return rewiring_checks.resolve_parameters(rewiring, self.knob_values)

    def rewiring_weight_of(self, rewiring: Rewiring) -> float:
        """Return what a new synapse of a rewiring starts from [unit of the receptor]."""
        return rewiring_checks.weight_of(self, rewiring)

    def rewiring_steps_of(self, rewiring: Rewiring) -> int:
        """Return the number of time steps between two calls of a rewiring's rule."""
        return rewiring_checks.steps_of(self, rewiring)

    def rewiring_attempts_of(self, rewiring: Rewiring) -> int:
        """Return the number of pairs that a rewiring draws at each call."""
        return rewiring_checks.attempts_of(self, rewiring)

    def synapse_states_of(self, projection: Projection) -> dict[str, State]:
        """Return every state variable of a projection's synapses, the weight first."""
        receptor = self.population(projection.post).model.receptors[self.receptor_of(projection)]
        weight = State(unit=receptor.unit, doc="effect of a spike")
        return {"weight": weight, **projection.model.states}

    def recorded_states_of(self, recorder: Recorder) -> Mapping[str, State]:
        """Return every state variable that a recorder could sample where it does."""
        if isinstance(recorder, StateRecorder):
            return self.population(recorder.population).model.states
        return self.synapse_states_of(self.projection(recorder.projection))

    def number(self, value: Number, unit: str, *, where: str) -> float:
        """Return what a number, quantity or expression of this network's knobs stands for."""
        return evaluate(value, self.knob_values, unit, where=where)

    def expected_synapses(self) -> float:
        """Return the mean number of synapses of the network."""
        return sum(
            p.rule.expected_synapses(
                self.population(p.pre).size,
                self.population(p.post).size,
                is_recurrent=p.pre == p.post,
            )
            for p in self.projections
        )


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Item = TypeVar("_Item", bound=_Named)


def _by_name(kind: str, name: str, items: Sequence[_Item]) -> _Item:
    for item in items:
        if item.name == name:
            return item
    raise unknown_name(kind, name, (item.name for item in items))
