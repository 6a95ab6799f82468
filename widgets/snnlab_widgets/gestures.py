"""What a hand does to a drawing, as an edit of the network: every gesture is one.

A gesture is plain data from a form or a pointer, whose numbers are text that people typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from snnlab.errors import SpecError, unknown_name
from snnlab.model.connectivity import (
    AllToAll,
    Connectivity,
    FixedIndegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddRecorder,
    AddStimulus,
    Edit,
    RemovePopulation,
    RemoveProjection,
    RemoveRecorder,
    RemoveStimulus,
)
from snnlab.model.network import Network, Population, Projection
from snnlab.model.neuron import models
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput, StepCurrent

__all__ = ["RULES", "STIMULI", "defaults", "edit_of", "removal"]

RULES: dict[str, tuple[type[Connectivity], str]] = {
    "fixed in-degree": (FixedIndegree, "synapses per target"),
    "pairwise": (PairwiseBernoulli, "probability"),
    "all to all": (AllToAll, ""),
    "one to one": (OneToOne, ""),
    "fixed total": (FixedTotalNumber, "synapses in all"),
}
"""What a rule is called -> the rule, and its number."""

STIMULI = ("Poisson spikes", "step current")

_WEIGHTS = {"mV": (1.5, -3.0), "pA": (200.0, -400.0), "nS": (4.0, 16.0), "1": (1.0, 1.0)}
"""Unit of a receptor -> a weight that shows between some dozens of neurons: exc, inh."""

_DRIVES = {"mV": (4000.0, 0.5), "pA": (4500.0, 50.0), "nS": (3000.0, 2.0)}
"""Unit of a receptor -> rate [Hz] and weight of a drive that makes neurons fire."""

_SUGGESTED = ("exc", "inh", "more")


def defaults(network: Network) -> dict[str, Any]:
    """Return what the forms begin with, for what comes next.

    Returns
    -------
    dict
        ``population``, ``stimulus``, ``recorder`` and ``projection``: name of a field -> text.
    """
    names = {p.name for p in network.populations}
    numbered = (f"more {k}" for k in range(2, len(names) + 3))
    name = next(n for n in (*_SUGGESTED, *numbered) if n not in names)
    model = str(network.populations[-1].neuron) if network.populations else "LIFExp"
    if models()[model].is_source:
        model = "LIFExp"
    size = "20" if name == "inh" else "80"
    return {
        "population": {"name": name, "size": size, "model": model},
        "stimulus": {p.name: _drive(p) for p in network.populations},
        "recorder": {p.name: list(p.model.states) for p in network.populations},
        "projection": {p.name: _weights(p) for p in network.populations},
    }


def edit_of(network: Network, do: str, fields: Mapping[str, Any]) -> Edit:
    """Return the edit that a gesture means.

    Parameters
    ----------
    network : Network
        As it is.
    do : str
        ``"population"``, ``"projection"``, ``"stimulus"`` or ``"recorder"``: what is added.
    fields : mapping
        What the form holds.

    Raises
    ------
    SpecError
        A field that cannot be meant, with its name.
    """
    if do not in _MAKERS:
        raise unknown_name("gesture", do, _MAKERS)
    return _MAKERS[do](network, {name: str(value).strip() for name, value in fields.items()})


def removal(network: Network, name: str) -> Edit:
    """Return the edit that takes a part of the network away.

    Raises
    ------
    SpecError
        There is no such part; the nearest names are offered.
    """
    kinds: dict[str, type[Edit]] = {
        **{p.name: RemovePopulation for p in network.populations},
        **{p.name: RemoveProjection for p in network.projections},
        **{s.name: RemoveStimulus for s in network.stimuli},
        **{r.name: RemoveRecorder for r in network.recorders},
    }
    if name not in kinds:
        raise unknown_name("part of the network", name, kinds)
    return kinds[name](name)  # type: ignore[call-arg]


# --- what is added ------------------------------------------------------------------------------


def _population(network: Network, fields: Mapping[str, str]) -> Edit:
    return AddPopulation(
        Population(_word(fields, "name"), _whole(fields, "size"), _word(fields, "model"))
    )


def _projection(network: Network, fields: Mapping[str, str]) -> Edit:
    pre, post = _word(fields, "pre"), _word(fields, "post")
    name, rule = f"{pre}->{post}", _rule(fields)
    taken = {p.name for p in network.projections}
    names = (name, *(f"{name} {k}" for k in range(2, len(taken) + 3)))
    return AddProjection(
        Projection(
            pre, post, rule, _number(fields, "weight"), _number(fields, "delay"),
            name=next(n for n in names if n not in taken), synapse=fields.get("synapse", "Static"),
            receptor=_receptor(network, fields, post),
        )
    )  # fmt: skip


def _receptor(network: Network, fields: Mapping[str, str], post: str) -> str:
    """Conductances have no sign, so what is inhibitory says where it arrives."""
    receptors = network.population(post).model.receptors
    is_inhibitory = fields.get("sign") == "inh"
    return "inh" if is_inhibitory and "inh" in receptors and _unit(network, post) == "nS" else ""


def _stimulus(network: Network, fields: Mapping[str, str]) -> Edit:
    target, kind = _word(fields, "target"), fields.get("kind", STIMULI[0])
    taken = {s.name for s in network.stimuli}
    word = "drive" if kind == STIMULI[0] else "current"
    name = f"{word} of {target}"
    names = (name, *(f"{name} {k}" for k in range(2, len(taken) + 3)))
    name = next(n for n in names if n not in taken)
    if kind == STIMULI[0]:
        rate, weight = _number(fields, "rate"), _number(fields, "weight")
        return AddStimulus(PoissonInput(name, target, rate, weight))
    if kind == STIMULI[1]:
        return AddStimulus(StepCurrent(name, target, _number(fields, "amplitude")))
    raise unknown_name("stimulus", kind, STIMULI)


def _recorder(network: Network, fields: Mapping[str, str]) -> Edit:
    target, variable = _word(fields, "target"), fields.get("variable", "V_m")
    size = network.population(target).size
    neurons = tuple(range(min(_whole(fields, "n"), size)))
    taken = {r.name for r in network.recorders}
    name = f"{variable} of {target}"
    names = (name, *(f"{name} {k}" for k in range(2, len(taken) + 3)))
    return AddRecorder(
        StateRecorder(next(n for n in names if n not in taken), target, (variable,), neurons)
    )


_MAKERS = {
    "population": _population, "projection": _projection, "stimulus": _stimulus,
    "recorder": _recorder,
}  # fmt: skip


# --- fields -------------------------------------------------------------------------------------


def _word(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name, "")
    if not text:
        raise SpecError(name, "must not be empty")
    return text


def _whole(fields: Mapping[str, str], name: str) -> int:
    text = _word(fields, name).replace("\N{NARROW NO-BREAK SPACE}", "").replace(" ", "")
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not (number.is_integer() and number >= 1):
        raise SpecError(name, "must be a whole number >= 1", got=repr(text))
    return int(number)


def _number(fields: Mapping[str, str], name: str) -> float | str:
    """A number, or text that the network reads: a quantity or an expression of knobs."""
    text = _word(fields, name)
    try:
        return float(text)
    except ValueError:
        return text


def _rule(fields: Mapping[str, str]) -> Connectivity:
    word = fields.get("rule", "fixed in-degree")
    if word not in RULES:
        raise unknown_name("rule", word, RULES)
    kind, number = RULES[word]
    if not number:
        return kind()
    if kind is PairwiseBernoulli:
        value = _number(fields, "n")
        if isinstance(value, str):
            raise SpecError("probability", "must be a number", got=repr(value))
        return PairwiseBernoulli(value)
    return kind(_whole(fields, "n"))  # type: ignore[call-arg]


def _unit(network: Network, population: str) -> str:
    return next(iter(network.population(population).model.receptors.values())).unit


def _weights(population: Population) -> dict[str, Any]:
    """What a projection onto a population may begin with, and from it."""
    receptors = population.model.receptors
    unit = next(iter(receptors.values())).unit if receptors else ""
    exc, inh = _WEIGHTS.get(unit, (1.0, -1.0))
    return {
        "unit": unit, "exc": f"{exc:g}", "inh": f"{inh:g}", "n": str(_indegree(population.size)),
        "sign": "inh" if "inh" in population.name.lower() or population.name.endswith("I")
        else "exc",
        "can_receive": bool(receptors),
    }  # fmt: skip


def _indegree(size: int) -> int:
    """A quarter of the sources, within reason."""
    return max(1, min(100, size // 4))


def _drive(population: Population) -> dict[str, Any]:
    receptors = population.model.receptors
    unit = next(iter(receptors.values())).unit if receptors else ""
    rate, weight = _DRIVES.get(unit, (1000.0, 1.0))
    return {
        "unit": unit,
        "rate": f"{rate:g}",
        "weight": f"{weight:g}",
        "amplitude": "500",
        "can_receive": bool(receptors) and not population.model.is_source,
    }
