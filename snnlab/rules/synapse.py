"""A synapse model as one program for each of its events, in the typed tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from snnlab.errors import RuleError
from snnlab.rules.neuron import parameter_names
from snnlab.rules.parse import Sites, parse_function
from snnlab.rules.scope import Space
from snnlab.rules.select import without_branches
from snnlab.rules.tree import Draw, Local, Statement, Type, fields_read, walk

__all__ = ["EFFECT", "SynapseModel", "SynapseRule", "TraceRule", "read_synapse"]

EFFECT = Local("effect", Type.REAL)
"""The variable of `SynapseRule.on_pre` that says what is delivered."""


class SynapseModel(Protocol):
    """What the rule language needs of a synapse model; see `snnlab.model.synapse.Synapse`."""

    __name__: str
    parameters: Mapping[str, Any]
    states: Mapping[str, Any]
    pre_traces: Mapping[str, Any]
    post_traces: Mapping[str, Any]
    mod_traces: Mapping[str, Any]
    derive: Callable[..., dict[str, Any]]
    on_pre: Callable[..., Any]
    on_post: Callable[..., Any]
    every_step: Callable[..., Any]
    pre_spike: Callable[..., Any]
    post_spike: Callable[..., Any]
    mod_spike: Callable[..., Any]
    has_every_step: Callable[[], bool]


@dataclass(frozen=True)
class TraceRule:
    """A trace: its name, the parameter that is its time constant, where it relaxes to."""

    name: str
    tau: str
    rest: float


@dataclass(frozen=True)
class SynapseRule:
    """The behaviour of a synapse model, ready to be written for a target.

    Parameters
    ----------
    name : str
        The model's name.
    states : tuple of str
        ``"weight"``, then the state variables in the order of their declaration.
    pre, post, mod : tuple of TraceRule
    known : tuple of str
        Parameters, then derived constants.
    parameters : tuple of str
        Those of them that the programs read.
    on_pre, on_post, every_step, pre_spike, post_spike, mod_spike : tuple of Statement
        What happens at each event, without branches except around loops.
    has_every_step : bool
    """

    name: str
    states: tuple[str, ...]
    pre: tuple[TraceRule, ...]
    post: tuple[TraceRule, ...]
    mod: tuple[TraceRule, ...]
    known: tuple[str, ...]
    parameters: tuple[str, ...]
    on_pre: tuple[Statement, ...]
    on_post: tuple[Statement, ...]
    every_step: tuple[Statement, ...]
    pre_spike: tuple[Statement, ...]
    post_spike: tuple[Statement, ...]
    mod_spike: tuple[Statement, ...]
    has_every_step: bool

    @property
    def taus(self) -> tuple[str, ...]:
        """Parameters that are time constants of traces, each once."""
        return tuple(dict.fromkeys(t.tau for t in (*self.pre, *self.post, *self.mod)))

    @property
    def needs_history(self) -> bool:
        """Whether the spikes of the targets matter."""
        return bool(self.on_post or self.post)


def read_synapse(model: SynapseModel) -> SynapseRule:
    """Read the functions of a synapse model.

    Raises
    ------
    RuleError
        One of them uses something that the rule language does not have, or draws random numbers.
    SpecError
        `derive` returns a name that is a parameter already.
    """
    known = parameter_names(model)
    spaces = _spaces(model, known)
    sites: Sites = {}

    def parsed(name: str, names: str, writable: str, result: Local | None = None) -> Any:
        chosen = [spaces[n, n == writable] for n in names.split()]
        where = f"{model.__name__}.{name}"
        function = getattr(model, name)
        program = without_branches(parse_function(function, where, chosen, sites, result=result))
        _refuse_draws(program, where)
        return program

    programs = {
        "on_pre": parsed("on_pre", "syn pre post p", "syn", EFFECT),
        "on_post": parsed("on_post", "syn pre post p", "syn"),
        "every_step": parsed("every_step", "syn pre post mod p", "syn"),
        "pre_spike": parsed("pre_spike", "pre p", "pre"),
        "post_spike": parsed("post_spike", "post p", "post"),
        "mod_spike": parsed("mod_spike", "mod p", "mod"),
    }
    used = frozenset[str]().union(*(fields_read(p, "p") for p in programs.values()))
    return SynapseRule(
        name=model.__name__,
        states=("weight", *model.states),
        pre=_traces(model.pre_traces),
        post=_traces(model.post_traces),
        mod=_traces(model.mod_traces),
        known=known,
        parameters=tuple(name for name in known if name in used),
        has_every_step=model.has_every_step(),
        **programs,
    )


def _traces(declared: Mapping[str, Any]) -> tuple[TraceRule, ...]:
    return tuple(TraceRule(name, t.tau, float(t.rest)) for name, t in declared.items())


def _refuse_draws(program: tuple[Statement, ...], where: str) -> None:
    if any(isinstance(node, Draw) for node in walk(*program)):
        raise RuleError(
            where, "must not draw random numbers: a synapse has no stream of its own",
            remedy="Draw start weights and delays from distributions; let a neuron model draw.",
        )  # fmt: skip


def _spaces(model: SynapseModel, known: tuple[str, ...]) -> dict[tuple[str, bool], Space]:
    """What the attributes of each argument are; (name, whether the function may write them)."""
    name = model.__name__
    names = {
        "syn": (f"a state variable of {name}", ("weight", *model.states)),
        "pre": (f"a presynaptic trace of {name}", tuple(model.pre_traces)),
        "post": (f"a postsynaptic trace of {name}", tuple(model.post_traces)),
        "mod": (f"a modulation trace of {name}", tuple(model.mod_traces)),
        "p": (f"a parameter or derived constant of {name}", known),
    }
    remedies = {
        "pre": "Traces change in pre_spike alone.",
        "post": "Traces change in post_spike alone.",
        "mod": "Traces change in mod_spike alone.",
        "p": "Parameters are the same in every step: keep what changes in a State.",
    }
    return {
        (space, writable): Space(
            space, what, frozenset(members), writable=writable, remedy=remedies.get(space, "")
        )
        for space, (what, members) in names.items()
        for writable in (False, True)
    }
