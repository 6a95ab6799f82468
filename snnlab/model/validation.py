"""What must hold before a `Network` may exist; each check says where, got, expected, remedy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError, unknown_name
from snnlab.model.blob_check import check_moving_blob
from snnlab.model.connectivity import Connectivity, DistanceDependent
from snnlab.model.distribution import Constant, Distribution, Number, as_distribution
from snnlab.model.expression import evaluate
from snnlab.model.parameter import Parameter, Receptor
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import MovingBlob, PoissonInput, SpikeTrains, StepCurrent, Volley
from snnlab.model.time_step import check_time_step
from snnlab.units import format_quantity

if TYPE_CHECKING:
    from snnlab.model.network import Network, Population, Projection
    from snnlab.model.neuron import Neuron
    from snnlab.model.recorders import Recorder, SynapseRecorder
    from snnlab.model.synapse import Synapse

__all__ = [
    "corners",
    "receptor_of",
    "resolve_initial",
    "resolve_numbers",
    "resolve_values",
    "validate",
    "weight_at",
    "weight_of",
]

_SMALLEST_U = 0.5 / 65536
"""Quantile tables have 65536 entries: nothing more extreme than this is ever drawn."""

_MOST_NEURONS = 2**31 - 1

_LARGEST_WEIGHT = 1e9
"""In any unit; sums of a billion of them still fit the coarsest fixed point."""

_HIGHEST_RATE = 1e7
"""Of a Poisson input [Hz]: 1000 events in 0.1 ms."""

_MOST_CORNERS = 8


def validate(network: Network) -> None:
    """Check a network as a whole.

    Raises
    ------
    SpecError
        The first thing that cannot be meant.
    """
    if not (math.isfinite(network.dt) and network.dt > 0):
        raise SpecError(
            "Network.dt", "must be > 0 ms", got=f"{network.dt:g} ms", remedy="0.1 ms is usual."
        )
    if (
        isinstance(network.seed, bool)
        or not isinstance(network.seed, int)
        or not (0 <= network.seed < 2**32)
    ):
        raise SpecError(
            "Network.seed", "must be a whole number in 0 ... 2^32 - 1", got=repr(network.seed)
        )
    for kind in (
        "populations",
        "projections",
        "stimuli",
        "recorders",
        "rewirings",
        "synaptic_elements",
        "knobs",
    ):
        _unique_names(kind, getattr(network, kind))
    for knob in network.knobs:
        knob.parameter.check(knob.value, where=f"Knob {knob.name!r}")
    for population in network.populations:
        _check_population(network, population)
    if network.n_neurons > _MOST_NEURONS:
        raise SpecError(
            "Network.populations",
            f"must hold at most {_MOST_NEURONS} neurons",
            got=str(network.n_neurons),
            remedy="Use a smaller scale: a neuron has a number of 31 bits on all ranks together. "
            "Synapses are not limited.",
        )
    for projection in network.projections:
        _check_projection(network, projection)
    for stimulus in network.stimuli:
        _check_stimulus(network, stimulus)
    for recorder in network.recorders:
        _check_recorder(network, recorder)


def _unique_names(kind: str, items: tuple[Any, ...]) -> None:
    seen: set[str] = set()
    for item in items:
        if not isinstance(item.name, str) or not item.name:
            raise SpecError(f"Network.{kind}", "must have names", got=repr(item.name))
        if item.name in seen:
            raise SpecError(
                f"Network.{kind}",
                "must have different names",
                got=f"{item.name!r} twice",
                remedy="Give the second one a name of its own with name=...",
            )
        seen.add(item.name)


# --- populations --------------------------------------------------------------------------------


def resolve_values(
    population: Population,
    declarations: Mapping[str, Parameter],
    given: Mapping[str, Any],
    knobs: Mapping[str, float],
) -> dict[str, float | Distribution]:
    """Return a value for every declaration: the given one, resolved and checked, or the default.

    Raises
    ------
    SpecError
        A name that is not declared, a wrong unit, a value out of bounds.
    """
    model = population.model.__name__
    context = f"Population {population.name!r}."
    for name in given:
        if name not in declarations:
            raise unknown_name(f"parameter of {model}", name, declarations, context=context)
    values: dict[str, float | Distribution] = {}
    for name, parameter in declarations.items():
        where = f"{model}.{name}"
        value = as_distribution(given.get(name, parameter.default), where=where)
        resolved = value.resolve(knobs, parameter.unit, where=where)
        if isinstance(resolved, Constant):
            values[name] = parameter.check(resolved.value, where=where, context=context)
        else:
            for extreme in _range(resolved):
                parameter.check(extreme, where=where, context=context)
            values[name] = resolved
    return values


def resolve_initial(
    population: Population, knobs: Mapping[str, float]
) -> dict[str, float | Distribution]:
    """Return the start value of every state variable; names of parameters are looked up.

    Raises
    ------
    SpecError
        A name that is not a state variable, a wrong unit.
    """
    model = population.model
    context = f"Population {population.name!r}."
    for name in population.initial:
        if name not in model.states:
            raise unknown_name(f"state of {model.__name__}", name, model.states, context=context)
    parameters = resolve_values(population, model.parameters, population.parameters, knobs)
    values: dict[str, float | Distribution] = {}
    for name, state in model.states.items():
        if name not in population.initial and isinstance(state.initial, str):
            values[name] = parameters[state.initial]
            continue
        where = f"{model.__name__}.{name}.initial"
        given = as_distribution(population.initial.get(name, state.initial), where=where)
        resolved = given.resolve(knobs, state.unit, where=where)
        values[name] = float(resolved.value) if isinstance(resolved, Constant) else resolved
    return values


@lru_cache(maxsize=4096)
def _range(distribution: Distribution) -> tuple[float, float]:
    """Smallest and largest value that can be drawn."""
    import numpy as np

    low, high = distribution.quantile(np.array([_SMALLEST_U, 1.0 - _SMALLEST_U]))
    return min(float(low), float(high)), max(float(low), float(high))


def _check_population(network: Network, population: Population) -> None:
    where = f"Population {population.name!r}"
    size = population.size
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise SpecError(f"{where}.size", "must be a whole number >= 1", got=repr(size))
    for corner in corners(network.parameters_of(population)):
        population.model.check(corner, network.dt, context=f"{where}.")
        check_time_step(population.model, corner, network.dt, context=f"{where}.")
    _check_initial(network, population)
    if population.space is not None:
        population.space.check(size, where=where)
    if population.lesioned and population.lesioned[-1][1] > size:
        raise SpecError(
            f"{where}.lesioned", f"must be in 0 ... {size - 1}",
            got=str(population.lesioned[-1][1] - 1),
        )  # fmt: skip


def corners(values: Mapping[str, float | Distribution]) -> Iterator[dict[str, float]]:
    """Values that one neuron may have: every combination of the extremes of what is drawn.

    Of more than eight that are drawn, the others take their lower extreme.
    """
    choices = {n: _range(v) if isinstance(v, Distribution) else (v,) for n, v in values.items()}
    drawn = [name for name, extremes in choices.items() if len(extremes) > 1]
    for name in drawn[_MOST_CORNERS:]:
        choices[name] = choices[name][:1]
    for combination in product(*choices.values()):
        yield dict(zip(choices, combination, strict=True))


def _check_initial(network: Network, population: Population) -> None:
    """Start values must be plausible, or the run would be paused at once."""
    for name, value in network.initial_of(population).items():
        state = population.model.states[name]
        for number in _range(value) if isinstance(value, Distribution) else (value,):
            low = -math.inf if state.low is None else state.low
            high = math.inf if state.high is None else state.high
            if not (math.isfinite(number) and low <= number <= high):
                raise SpecError(
                    f"{population.model.__name__}.{name}.initial",
                    f"must be {state.bounds()}",
                    got=format_quantity(number, state.unit),
                    context=f"Population {population.name!r}.",
                    remedy="A start value outside would pause the run at once.",
                )


# --- projections --------------------------------------------------------------------------------


def _post_of(item: Any) -> str:
    return str(getattr(item, "post", "") or getattr(item, "target", ""))


def _label(item: Any) -> str:
    kind = "Projection" if hasattr(item, "post") else "Stimulus"
    return f"{kind} {item.name!r}"


def weight_of(network: Network, item: Any) -> Distribution:
    """Return the resolved weight of a projection or a Poisson input; its sign is checked."""
    return weight_at(network, item, item.weight, where=f"{_label(item)}.weight")


def weight_at(network: Network, item: Any, given: Any, *, where: str) -> Distribution:
    """Return a weight, resolved, at the receptor of a projection or a Poisson input."""
    receptor_name = receptor_of(network, item)
    receptor = network.population(_post_of(item)).model.receptors[receptor_name]
    weight = network.resolve(given, receptor.unit, where=where)
    _check_sign(weight, receptor, receptor_name, where)
    return weight


def receptor_of(network: Network, item: Any) -> str:
    """Return the named receptor, or the first one that takes the sign of the weight.

    Raises
    ------
    SpecError
        The target has no such receptor, or none that takes this sign.
    """
    model = network.population(_post_of(item)).model
    if item.receptor:
        if item.receptor not in model.receptors:
            raise unknown_name(
                f"receptor of {model.__name__}",
                item.receptor,
                model.receptors,
                context=f"{_label(item)}.",
            )
        return str(item.receptor)
    where = f"{_label(item)}.weight"
    for name, receptor in model.receptors.items():
        low, high = _range(network.resolve(item.weight, receptor.unit, where=where))
        if (receptor.sign >= 0 or high <= 0) and (receptor.sign <= 0 or low >= 0):
            return name
    if not model.receptors:
        raise SpecError(
            f"{_label(item)}.post",
            "must be a population that takes synapses",
            got=f"{_post_of(item)!r} ({model.__name__})",
            remedy="Sources such as PoissonSource only send spikes.",
        )
    raise SpecError(
        where,
        "must keep one sign",
        got=repr(item.weight),
        remedy="Use ClippedNormal with low=0 or high=0, or name the receptor.",
    )


def _check_sign(weight: Distribution, receptor: Receptor, name: str, where: str) -> None:
    low, high = _range(weight)
    wrong = (receptor.sign > 0 and low < 0) or (receptor.sign < 0 and high > 0)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise SpecError(where, "must be finite", got=f"{low:g} ... {high:g} {receptor.unit}")
    largest = max(abs(low), abs(high))
    if largest > _LARGEST_WEIGHT:
        raise SpecError(
            where,
            f"must be at most {_LARGEST_WEIGHT:g} {receptor.unit} in size",
            got=format_quantity(largest, receptor.unit),
            remedy=f"Weights here are in {receptor.unit}; larger ones leave the range of the sum.",
        )
    if not wrong:
        return
    sign = ">= 0" if receptor.sign > 0 else "<= 0"
    got = format_quantity(low if receptor.sign > 0 else high, receptor.unit)
    if not isinstance(weight, Constant):
        got = f"draws from {low:g} to {format_quantity(high, receptor.unit)}"
    raise SpecError(
        where,
        f"must be {sign} at receptor {name!r}",
        got=got,
        remedy="Change the sign, name another receptor, or use ClippedNormal with low or high 0.",
    )


def _check_projection(network: Network, projection: Projection) -> None:
    where = f"Projection {projection.name!r}"
    pre, post = network.population(projection.pre), network.population(projection.post)
    if not isinstance(projection.rule, Connectivity):
        raise SpecError(
            f"{where}.rule",
            "must be a connectivity rule",
            got=repr(projection.rule),
            remedy="Write for example FixedIndegree(100) or PairwiseBernoulli(0.1).",
        )
    projection.rule.check(pre.size, post.size, is_recurrent=pre.name == post.name, where=where)
    if isinstance(projection.rule, DistanceDependent):
        for population in (pre, post):
            if population.space is None:
                raise SpecError(
                    f"Population {population.name!r}.space",
                    "must be given for a distance-dependent projection",
                    got="None",
                    context=f"{where}.",
                    remedy="Add space=Grid(...) or space=RandomPositions().",
                )
    weights = _range(weight_of(network, projection))
    _check_delay(network, projection)
    projection.model.check(network.synapse_parameters_of(projection), weights, context=f"{where}.")
    _check_modulator(network, projection)
    if not 0.5 <= projection.dendritic_fraction <= 1.0:
        raise SpecError(
            f"{where}.dendritic_fraction",
            "must be >= 0.5 and <= 1",
            got=repr(projection.dendritic_fraction),
            remedy="1 puts the whole delay into the dendrite, 0.5 half of it into the axon.",
        )


def resolve_numbers(projection: Projection, knobs: Mapping[str, float]) -> dict[str, float]:
    """Return every parameter of a projection's synapse model, given or default, checked.

    Raises
    ------
    SpecError
        A name that is not declared, a wrong unit, a value out of bounds.
    """
    model = projection.model
    context = f"Projection {projection.name!r}."
    for name in projection.parameters:
        if name not in model.parameters:
            raise unknown_name(
                f"parameter of {model.__name__}", name, model.parameters, context=context
            )
    values = {}
    for name, parameter in model.parameters.items():
        where = f"{model.__name__}.{name}"
        given = projection.parameters.get(name, parameter.default)
        value = evaluate(given, knobs, parameter.unit, where=where)
        values[name] = parameter.check(value, where=where, context=context)
    return values


def _check_modulator(network: Network, projection: Projection) -> None:
    where = f"Projection {projection.name!r}.modulator"
    if projection.modulator:
        network.population(projection.modulator)
    if bool(projection.modulator) == bool(projection.model.mod_traces):
        return
    if projection.modulator:
        raise SpecError(
            where, f"must be empty: {projection.synapse} has no modulation",
            got=repr(projection.modulator), remedy="Choose for example synapse='STDPDopamine'.",
        )  # fmt: skip
    raise SpecError(
        where, f"must name a population: {projection.synapse} is modulated", got="''",
        remedy="Name the population whose spikes modulate these synapses, e.g. modulator='vta'.",
    )  # fmt: skip


def _check_delay(network: Network, projection: Projection) -> None:
    low, high = _range(network.delay_of(projection))
    where = f"Projection {projection.name!r}.delay"
    if not math.isfinite(high) or high > 1000 * 60:
        raise SpecError(where, "must be at most one minute", got=f"{high:g} ms")
    if math.floor(low / network.dt + 0.5) < 1:
        raise SpecError(
            where,
            f"must be at least one time step, dt = {network.dt:g} ms",
            got=f"{low:g} ms",
            remedy="Lengthen the delay, use ClippedNormal with low = dt, or make dt smaller.",
        )


# --- stimuli and recorders ----------------------------------------------------------------------


def _check_stimulus(network: Network, stimulus: Any) -> None:
    where = f"Stimulus {stimulus.name!r}"
    target = network.population(stimulus.target)
    if isinstance(stimulus, PoissonInput):
        rate = network.number(stimulus.rate, "Hz", where=f"{where}.rate")
        if not 0 <= rate <= _HIGHEST_RATE:
            raise SpecError(
                f"{where}.rate",
                f"must be >= 0 Hz and <= {_HIGHEST_RATE:g} Hz",
                got=f"{rate:g} Hz",
                remedy="It is the rate of all sources together that one neuron receives, in Hz.",
            )
        if not isinstance(weight_of(network, stimulus), Constant):
            raise SpecError(f"{where}.weight", "must be one number", got=repr(stimulus.weight))
    elif isinstance(stimulus, Volley):
        _check_volley(network, stimulus, target, where)
    elif isinstance(stimulus, StepCurrent):
        _check_step_current(network, stimulus, target, where)
    elif isinstance(stimulus, MovingBlob):
        check_moving_blob(network, stimulus, corners(network.parameters_of(target)))
    elif isinstance(stimulus, SpikeTrains):
        _check_spike_trains(network, stimulus, target, where)


def _check_step_current(
    network: Network, stimulus: StepCurrent, target: Population, where: str
) -> None:
    if "I_e" not in target.model.parameters:
        raise SpecError(
            f"{where}.target",
            "must be a population with a current I_e",
            got=f"{target.name!r} ({target.model.__name__})",
        )
    _finite(network, stimulus.amplitude, "pA", where=f"{where}.amplitude")
    start = _finite(network, stimulus.start, "ms", where=f"{where}.start")
    stop = _finite(network, stimulus.stop, "ms", where=f"{where}.stop")
    if not 0 <= start < stop:
        raise SpecError(
            f"{where}.start", f"must be >= 0 and < stop = {stop:g} ms", got=f"{start:g} ms"
        )


def _finite(network: Network, value: Number, unit: str, *, where: str) -> float:
    number = network.number(value, unit, where=where)
    if not math.isfinite(number):
        raise SpecError(where, "must be finite", got=format_quantity(number, unit))
    return number


def _check_spike_trains(
    network: Network, stimulus: SpikeTrains, target: Population, where: str
) -> None:
    if target.neuron != "SpikeSource":
        raise SpecError(
            f"{where}.target",
            "must be a population of SpikeSource neurons",
            got=f"{target.name!r} ({target.model.__name__})",
        )
    if len(stimulus.times) != len(stimulus.neurons):
        raise SpecError(
            f"{where}.times",
            "must be as many as neurons",
            got=f"shapes ({len(stimulus.times)},) and ({len(stimulus.neurons)},)",
            remedy="Give one neuron for each time.",
        )
    _check_times(network, stimulus.times, where)
    for neuron in stimulus.neurons:
        if not 0 <= neuron < target.size:
            raise SpecError(
                f"{where}.neurons", f"must be in 0 ... {target.size - 1}", got=str(neuron)
            )


def _check_times(network: Network, times: Sequence[float], where: str) -> None:
    for time in times:
        step = time / network.dt
        if not math.isfinite(step) or step < 0.5 or abs(step - round(step)) > 1e-6:
            raise SpecError(
                f"{where}.times",
                f"must be multiples of dt = {network.dt:g} ms, > 0",
                got=f"{time:g} ms",
            )


def _check_volley(network: Network, stimulus: Volley, target: Population, where: str) -> None:
    if not isinstance(weight_of(network, stimulus), Constant):
        raise SpecError(f"{where}.weight", "must be one number", got=repr(stimulus.weight))
    _check_times(network, stimulus.times, where)
    steps = sorted(round(time / network.dt) for time in stimulus.times)
    twice = next((a for a, b in pairwise(steps) if a == b), None)
    if twice is not None:
        raise SpecError(
            f"{where}.times", "must not name a time twice", got=f"{twice * network.dt:g} ms",
            remedy="Double the weight, or add a second volley.",
        )  # fmt: skip
    for end in (stimulus.first, stimulus.last):
        if not -target.size <= end < target.size:
            raise SpecError(
                f"{where}.first and last", f"must be neurons of 0 ... {target.size - 1}",
                got=str(end), remedy="-1 is the last one.",
            )  # fmt: skip
    if not stimulus.neurons(target.size):
        raise SpecError(
            f"{where}.first", "must not come after last",
            got=f"{stimulus.first} and {stimulus.last}",
        )  # fmt: skip


def _check_recorder(network: Network, recorder: Recorder) -> None:
    where = f"Recorder {recorder.name!r}"
    if isinstance(recorder, StateRecorder):
        model: type[Neuron] | type[Synapse] = network.population(recorder.population).model
        _check_chosen(network, recorder.neurons, recorder.population, f"{where}.neurons")
    else:
        projection = network.projection(recorder.projection)
        model = projection.model
        _check_chosen_synapses(network, recorder, projection, where)
    states = network.recorded_states_of(recorder)
    for variable in recorder.variables:
        if variable not in states:
            raise unknown_name(f"state of {model.__name__}", variable, states, context=f"{where}.")
    interval = evaluate(recorder.interval, network.knob_values, "ms", where=f"{where}.interval")
    steps = interval / network.dt
    if interval < 0 or abs(steps - round(steps)) > 1e-6:
        raise SpecError(
            f"{where}.interval",
            f"must be a multiple of dt = {network.dt:g} ms",
            got=f"{interval:g} ms",
        )


def _check_chosen(network: Network, chosen: Sequence[int], population: str, where: str) -> None:
    """Indices must be of neurons that are there."""
    size = network.population(population).size
    for neuron in chosen:
        if not 0 <= neuron < size:
            raise SpecError(
                where,
                f"must be in 0 ... {size - 1}",
                got=str(neuron),
                context=f"Population {population!r}.",
            )


def _check_chosen_synapses(
    network: Network, recorder: SynapseRecorder, projection: Projection, where: str
) -> None:
    """Which synapses there are turns out when they are drawn; what is known before is checked."""
    if projection.model.is_static():
        raise SpecError(
            f"{where}.projection",
            "must be a plastic projection",
            got=f"{projection.name!r} ({projection.synapse})",
            remedy="Its weights are constant: Session.synapses reads them. Plastic are for "
            "example synapse='STDP' and synapse='TsodyksMarkram'.",
        )
    for field in ("sources", "targets", "synapses"):
        if getattr(recorder, field) == ():
            raise SpecError(
                f"{where}.{field}", "must name at least one", got="()",
                remedy="Leave it out to choose all.",
            )  # fmt: skip
    _check_chosen(network, recorder.sources or (), projection.pre, f"{where}.sources")
    _check_chosen(network, recorder.targets or (), projection.post, f"{where}.targets")
    if min(recorder.synapses or (0,)) < 0:
        raise SpecError(
            f"{where}.synapses", "must be >= 0", got=str(min(recorder.synapses or (0,))),
            remedy="They count from 0 in the table that Session.synapses returns.",
        )  # fmt: skip
