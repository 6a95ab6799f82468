"""An eligibility rule as one program, in the typed tree: what a step does to a synapse's traces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Protocol

from snnlab.errors import RuleError, SpecError
from snnlab.rules.parse import parse_function
from snnlab.rules.scope import Space
from snnlab.rules.select import without_branches
from snnlab.rules.tree import (
    Assign,
    Binary,
    Cast,
    Const,
    Draw,
    Expr,
    Field,
    Local,
    Negative,
    Select,
    Statement,
    fields_read,
    walk,
)

__all__ = [
    "GRADIENT", "NETWORK", "POST", "PRE", "EligibilityModel", "EligibilityTree", "read_eligibility",
]  # fmt: skip

GRADIENT = "gradient"
"""The number of a synapse that a rule adds to."""

PRE = ("trace",)
"""What a rule sees of a source."""

POST = ("psi", "learning_signal", "regulariser")
"""What a rule sees of a target, in the order in which it is handed over."""

NETWORK = ("alpha", "rho", "kappa", "beta", "v_th", "gamma")
"""Numbers of the network that every rule sees beside its own."""

_ZERO, _KEPT, _ANY = "zero", "kept", "any"
"""What is known of a value while a synapse sleeps: 0, the gradient as it was, or nothing."""


class EligibilityModel(Protocol):
    """What the rule language needs of a rule; see `snnlab.learning.eligibility`."""

    __name__: str
    parameters: Mapping[str, Any]
    states: Mapping[str, Any]
    derive: Callable[..., dict[str, Any]]
    update: Callable[..., Any]


@dataclass(frozen=True)
class EligibilityTree:
    """The behaviour of an eligibility rule, ready to be written for a target.

    Parameters
    ----------
    name : str
        The rule's name.
    states : tuple of str
        Traces of a synapse, in the order of their declaration.
    known : tuple of str
        Numbers of the network, parameters, derived constants.
    parameters : tuple of str
        Those of them that the program reads.
    program : tuple of Statement
        One step of one synapse, without branches except around loops.
    """

    name: str
    states: tuple[str, ...]
    known: tuple[str, ...]
    parameters: tuple[str, ...]
    program: tuple[Statement, ...]

    @property
    def sleeps(self) -> bool:
        """Whether nothing changes while all traces and the pseudo-derivative are 0.

        Synapses of a target that was never near its threshold need not be visited then. Found by
        going through the program with what is known to be 0; where that says nothing, False.
        """
        known: dict[Local | Field, str] = {Field("syn", name): _ZERO for name in self.states}
        known |= {Field("syn", GRADIENT): _KEPT, Field("post", "psi"): _ZERO}
        for statement in self.program:
            if not isinstance(statement, Assign):
                return False
            known[statement.target] = _abstract(statement.value, known)
        rest = all(known[Field("syn", name)] == _ZERO for name in self.states)
        return rest and known[Field("syn", GRADIENT)] == _KEPT


def _abstract(expr: Expr, known: Mapping[Local | Field, str]) -> str:
    """What is known of an expression."""
    match expr:
        case Const():
            return _ZERO if expr.value == 0 else _ANY
        case Local() | Field():
            return known.get(expr, _ANY)
        case Cast() | Negative():
            inner = _abstract(expr.operand, known)
            return inner if inner == _ZERO or isinstance(expr, Cast) else _ANY
        case Select():
            yes, no = _abstract(expr.yes, known), _abstract(expr.no, known)
            return yes if yes == no else _ANY
        case Binary():
            left, right = _abstract(expr.left, known), _abstract(expr.right, known)
            return _combined(expr.op, left, right)
    return _ANY


def _combined(op: str, left: str, right: str) -> str:
    if op == "*" and _ZERO in (left, right):
        return _ZERO
    if op == "/" and left == _ZERO:
        return _ZERO
    if op in ("+", "-") and right == _ZERO:
        return left
    return right if op == "+" and left == _ZERO else _ANY


def read_eligibility(rule: EligibilityModel) -> EligibilityTree:
    """Read the function of an eligibility rule.

    Raises
    ------
    RuleError
        It uses something that the rule language does not have, or draws random numbers.
    SpecError
        A parameter, a state or a derived constant has a name that is taken.
    """
    known = _known(rule)
    states = tuple(rule.states)
    where = f"{rule.__name__}.update"
    program = without_branches(parse_function(rule.update, where, _spaces(rule, known), {}))
    if any(isinstance(node, Draw) for node in walk(*program)):
        raise RuleError(
            where, "must not draw random numbers: a synapse has no stream of its own",
            remedy="Compute eligibility from the traces of the two neurons.",
        )  # fmt: skip
    used = fields_read(program, "p")
    return EligibilityTree(
        rule.__name__, states, known, tuple(name for name in known if name in used), program
    )


def _known(rule: EligibilityModel) -> tuple[str, ...]:
    """Names in ``p``."""
    values: dict[str, float] = dict.fromkeys(NETWORK, 0.5)
    values |= {name: parameter.default for name, parameter in rule.parameters.items()}
    derived = rule.derive(SimpleNamespace(**values), 1.0)
    taken = {
        "a parameter": rule.parameters.keys() & set(NETWORK),
        "a derived constant": derived.keys() & (rule.parameters.keys() | set(NETWORK)),
        "a state": rule.states.keys() & {GRADIENT},
    }
    for what, names in taken.items():
        if names:
            raise SpecError(
                f"{rule.__name__}.{min(names)}", f"must have another name: it is {what}",
                remedy=f"Names that are taken: {', '.join((*NETWORK, GRADIENT))}.",
            )  # fmt: skip
    return (*NETWORK, *rule.parameters, *derived)


def _spaces(rule: EligibilityModel, known: tuple[str, ...]) -> tuple[Space, ...]:
    name = rule.__name__
    reads = "A rule changes traces of its synapse and the gradient alone."
    own = frozenset((*rule.states, GRADIENT))
    return (
        Space("syn", f"a state of {name}, or {GRADIENT},", own, writable=True),
        Space("pre", f"a number of the source ({', '.join(PRE)})", frozenset(PRE), remedy=reads),
        Space("post", f"a number of the target ({', '.join(POST)})", frozenset(POST), remedy=reads),
        Space("p", f"a number of the network or of {name}", frozenset(known), remedy=reads),
    )
