"""What must hold of the rewirings of a network, and what their numbers stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError, unknown_name
from snnlab.model import validation
from snnlab.model.distribution import Constant
from snnlab.model.expression import evaluate
from snnlab.model.ranking_checks import ranking_tree
from snnlab.model.rewiring import PARTNERS
from snnlab.model.rewiring_slots import check_slots

if TYPE_CHECKING:
    from snnlab.model.network import Network, Population, Projection
    from snnlab.model.rewiring import Rewiring
    from snnlab.rules.rewiring import RewiringTree

__all__ = ["attempts_of", "resolve_parameters", "steps_of", "validate", "weight_of"]

_MOST_ATTEMPTS = 10**9
_MOST_NAMED = 2**24
_LONGEST_INTERVAL = 1e9
"""In ms: twelve days of model time."""


def validate(network: Network) -> None:
    """Check all rewirings of a network whose other parts are valid.

    Raises
    ------
    SpecError
        The first thing that cannot be meant.
    RuleError
        A rule that is not in the rule language.
    """
    for rewiring in network.rewirings:
        _check(network, rewiring)


def _check(network: Network, rewiring: Rewiring) -> None:
    where = f"Rewiring {rewiring.name!r}"
    projection = network.projection(rewiring.projection)
    rule: Any = rewiring.model
    _check_start(network, projection, where)
    steps_of(network, rewiring)
    attempts_of(network, rewiring)
    _check_partner(rewiring, where)
    check_slots(network, rewiring)
    resolve_parameters(rewiring, network.knob_values)
    weight = weight_of(network, rewiring)
    projection.model.check(
        network.synapse_parameters_of(projection), (weight, weight), context=f"{where}."
    )
    _check_weights(rule, projection, where)
    _check_proposals(network, rewiring, where)
    tree = _tree(rule, tuple(network.synapse_states_of(projection)))
    reads_distance = tree.reads_distance
    if rule.compares():
        reads_distance |= ranking_tree(network, rewiring).reads_distance
    if reads_distance:
        for population in _without_space(network, projection):
            raise SpecError(
                f"Population {population.name!r}.space",
                "must be given: the rule asks for distances", got="None",
                context=f"{where} with the rule {rule.__name__}.",
                remedy="Add space=Grid(...) or space=RandomPositions().",
            )  # fmt: skip


@lru_cache(maxsize=64)
def _tree(rule: Any, states: tuple[str, ...]) -> RewiringTree:
    """Edits make many networks of the same rules: reading one takes a millisecond."""
    from snnlab.rules.rewiring import read_rewiring

    return read_rewiring(rule, states)


def _without_space(network: Network, projection: Projection) -> Iterator[Population]:
    for name in (projection.pre, projection.post):
        population = network.population(name)
        if population.space is None:
            yield population


def _check_start(network: Network, projection: Projection, where: str) -> None:
    """Synapses that come and go must be alike, and at most one a pair."""
    context = f"Projection {projection.name!r}."
    if getattr(projection.rule, "multapses", False):
        raise SpecError(
            f"{where}.projection", "must start without multapses", context=context,
            got=repr(projection.rule),
            remedy="Write multapses=False, or use PairwiseBernoulli or DistanceDependent.",
        )  # fmt: skip
    if not isinstance(network.delay_of(projection), Constant):
        raise SpecError(
            f"{where}.projection", "must have one constant delay", context=context,
            got=repr(projection.delay), remedy="Give the projection one number as its delay.",
        )  # fmt: skip
    if not isinstance(network.weight_of(projection), Constant):
        raise SpecError(
            f"{where}.projection", "must start from one constant weight", context=context,
            got=repr(projection.weight), remedy="Give the projection one number as its weight.",
        )  # fmt: skip


def _check_proposals(network: Network, rewiring: Rewiring, where: str) -> None:
    """A rule that proposes sources is the one that does, and can name each of them."""
    if rewiring.model.propose is None:
        return
    if rewiring.partner != "uniform":
        raise SpecError(
            f"{where}.partner", "must be 'uniform' for a rule that proposes sources",
            got=repr(rewiring.partner), remedy=f"{rewiring.rule}.propose says who is a partner.",
        )  # fmt: skip
    projection = network.projection(rewiring.projection)
    most = max(network.population(end).size for end in (projection.pre, projection.post))
    if most > _MOST_NAMED:
        raise SpecError(
            f"{where}.rule", f"must not propose sources beyond {_MOST_NAMED} neurons",
            got=f"{most} neurons", remedy="Single precision cannot name all of them: draw any.",
        )  # fmt: skip


def _check_weights(rule: Any, projection: Projection, where: str) -> None:
    """Whoever gives or changes weights needs synapses that have some of their own."""
    gives = rule.adjust is not None or rule.initial is not None
    if gives and projection.model.is_static():
        raise SpecError(
            f"{where}.projection", "must have synapses with weights of their own",
            got=f"{projection.synapse} synapses, which share one",
            context=f"{rule.__name__} {'gives' if rule.adjust is None else 'changes'} weights.",
            remedy="Let the projection learn: synapse='STDP', or a model of your own.",
        )  # fmt: skip


def _check_partner(rewiring: Rewiring, where: str) -> None:
    if rewiring.partner not in PARTNERS:
        raise SpecError(
            f"{where}.partner", "must be " + " or ".join(map(repr, PARTNERS)),
            got=repr(rewiring.partner),
            remedy="'uniform' draws any source, 'last_spike' takes the neuron that spiked last.",
        )  # fmt: skip
    if rewiring.model.replaces and rewiring.partner != "uniform":
        raise SpecError(
            f"{where}.partner", "must be 'uniform' for a rule that replaces synapses",
            got=repr(rewiring.partner),
            remedy=f"{rewiring.rule} draws pairs until as many have been formed as went.",
        )  # fmt: skip
    if rewiring.model.compares() and rewiring.partner != "uniform":
        raise SpecError(
            f"{where}.partner", "must be 'uniform' for a rule that compares synapses",
            got=repr(rewiring.partner),
            remedy=f"{rewiring.rule} chooses among all pairs; its gain may prefer some.",
        )  # fmt: skip
    if rewiring.model.matches_elements and rewiring.partner != "uniform":
        raise SpecError(
            f"{where}.partner", "must be 'uniform' for a rule that connects synaptic elements",
            got=repr(rewiring.partner), remedy="Who has a vacant element is a partner.",
        )  # fmt: skip


def steps_of(network: Network, rewiring: Rewiring) -> int:
    """Return the number of time steps between two calls of the rule.

    Raises
    ------
    SpecError
        Less than one step, or not finite.
    """
    where = f"Rewiring {rewiring.name!r}.every"
    interval = network.number(rewiring.every, "ms", where=where)
    if not interval <= _LONGEST_INTERVAL:
        raise SpecError(
            where, f"must be at most {_LONGEST_INTERVAL:g} ms", got=f"{interval:g} ms",
            remedy="Remove the rewiring to stop it.",
        )  # fmt: skip
    steps = math.floor(max(interval, 0.0) / network.dt + 0.5)
    if steps < 1:
        raise SpecError(
            where, f"must be at least one time step, dt = {network.dt:g} ms",
            got=f"{interval:g} ms", remedy="1 ms is usual.",
        )  # fmt: skip
    return steps


def attempts_of(network: Network, rewiring: Rewiring) -> int:
    """Return the number of pairs drawn at each call.

    Raises
    ------
    SpecError
        Less than none, or more than can be numbered.
    """
    where = f"Rewiring {rewiring.name!r}.attempts"
    number = network.number(rewiring.attempts, "1", where=where)
    if not 0.0 <= number <= _MOST_ATTEMPTS:
        raise SpecError(
            where, f"must be >= 0 and <= {_MOST_ATTEMPTS:g}", got=f"{number:g}",
            remedy="It is the number of pairs that are drawn at each call of the rule.",
        )  # fmt: skip
    return math.floor(number + 0.5)


def resolve_parameters(rewiring: Rewiring, knobs: Mapping[str, float]) -> dict[str, float]:
    """Return every parameter of a rewiring's rule, given or default, checked.

    Raises
    ------
    SpecError
        A name that is not declared, a wrong unit, a value out of bounds.
    """
    rule = rewiring.model
    context = f"Rewiring {rewiring.name!r}."
    for name in rewiring.parameters:
        if name not in rule.parameters:
            raise unknown_name(
                f"parameter of {rule.__name__}", name, rule.parameters, context=context
            )
    values = {}
    for name, parameter in rule.parameters.items():
        where = f"{rule.__name__}.{name}"
        given = rewiring.parameters.get(name, parameter.default)
        value = evaluate(given, knobs, parameter.unit, where=where)
        values[name] = parameter.check(value, where=where, context=context)
    return values


def weight_of(network: Network, rewiring: Rewiring) -> float:
    """Return what a new synapse starts from [unit of the receptor].

    Raises
    ------
    SpecError
        Not one number, or not what the receptor takes.
    """
    projection = network.projection(rewiring.projection)
    given = projection.weight if rewiring.weight is None else rewiring.weight
    where = f"Rewiring {rewiring.name!r}.weight"
    weight = validation.weight_at(network, projection, given, where=where)
    if not isinstance(weight, Constant):
        raise SpecError(
            where, "must be one number", got=repr(given),
            remedy="All new synapses start from the same weight.",
        )  # fmt: skip
    return float(weight.value)
