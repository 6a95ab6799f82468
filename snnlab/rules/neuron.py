"""A neuron model as one program: update, threshold and reset in the typed tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from snnlab.errors import SpecError
from snnlab.rules.parse import Sites, parse_function
from snnlab.rules.scope import Space
from snnlab.rules.select import without_branches
from snnlab.rules.tree import Assign, Draw, Field, If, Local, Statement, Type, fields_read, walk

__all__ = ["FIRED", "NeuronModel", "NeuronRule", "parameter_names", "read_neuron"]

FIRED = Local("fired", Type.BOOL)
"""The variable of the program that says whether the neuron fires in this step."""

_TYPICAL_STEP = 0.1  # ms; only the names that derive returns matter here


class NeuronModel(Protocol):
    """What the rule language needs of a neuron model; see `snnlab.model.neuron.Neuron`."""

    __name__: str
    parameters: Mapping[str, Any]
    states: Mapping[str, Any]
    ports: tuple[str, ...]
    derive: Callable[..., dict[str, Any]]
    update: Callable[..., Any]
    threshold: Callable[..., Any]
    reset: Callable[..., Any]


@dataclass(frozen=True)
class NeuronRule:
    """The behaviour of a neuron model, ready to be written for a target.

    Parameters
    ----------
    name : str
        The model's name.
    states, ports : tuple of str
        State variables and ports in the order of their declaration.
    known : tuple of str
        Parameters, then derived constants.
    parameters : tuple of str
        Those of them that the program reads.
    program : tuple of Statement
        One step of one neuron, without branches except around loops.
    """

    name: str
    states: tuple[str, ...]
    ports: tuple[str, ...]
    known: tuple[str, ...]
    parameters: tuple[str, ...]
    program: tuple[Statement, ...]

    @property
    def written(self) -> frozenset[str]:
        """State variables that the program changes."""
        targets = (n.target for n in walk(*self.program) if isinstance(n, Assign))
        return frozenset(t.name for t in targets if isinstance(t, Field))

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Random draws, one for each site, in order."""
        found = {n.site: n for n in walk(*self.program) if isinstance(n, Draw)}
        return tuple(found[site] for site in sorted(found))


def read_neuron(model: NeuronModel) -> NeuronRule:
    """Read the three functions of a neuron model.

    Raises
    ------
    RuleError
        One of them uses something that the rule language does not have.
    SpecError
        `derive` returns a name that is a parameter already.
    """
    parameters = parameter_names(model)
    spaces = _spaces(model, parameters)
    sites: Sites = {}

    def parsed(name: str, n_arguments: int, result: Local | None = None) -> tuple[Statement, ...]:
        where = f"{model.__name__}.{name}"
        return parse_function(
            getattr(model, name), where, spaces[:n_arguments], sites, result=result
        )

    whole = (
        *parsed("update", 3),
        *parsed("threshold", 2, FIRED),
        If(FIRED, parsed("reset", 2), ()),
    )
    program = without_branches(whole)
    used = fields_read(program, "p")
    return NeuronRule(
        name=model.__name__,
        states=tuple(model.states),
        ports=tuple(model.ports),
        known=parameters,
        parameters=tuple(name for name in parameters if name in used),
        program=program,
    )


class _Parametrised(Protocol):
    __name__: str
    parameters: Mapping[str, Any]
    derive: Callable[..., dict[str, Any]]


def parameter_names(model: _Parametrised) -> tuple[str, ...]:
    """Return the parameters of a model, then the constants that it derives from them.

    Raises
    ------
    SpecError
        `derive` returns a name that is a parameter already.
    """
    defaults = {name: parameter.default for name, parameter in model.parameters.items()}
    derived = model.derive(SimpleNamespace(**defaults), _TYPICAL_STEP)
    twice = sorted(derived.keys() & model.parameters.keys())
    if twice:
        raise SpecError(
            f"{model.__name__}.derive", "must return names that are no parameters",
            got=repr(twice[0]), remedy="Give the derived constant a name of its own.",
        )  # fmt: skip
    return (*model.parameters, *derived)


def _spaces(model: NeuronModel, parameters: tuple[str, ...]) -> tuple[Space, Space, Space]:
    name = model.__name__
    return (
        Space("state", f"a state variable of {name}", frozenset(model.states), writable=True),
        Space(
            "p", f"a parameter or derived constant of {name}", frozenset(parameters),
            remedy="Parameters are the same in every step: keep what changes in a State.",
        ),
        Space(
            "input", f"a port of {name}", frozenset(model.ports),
            remedy="Input is only read: keep what changes in a State.",
        ),
    )  # fmt: skip
