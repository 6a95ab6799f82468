"""The typed tree of a rule: what is left of a Python function once it has been checked.

Every node is a frozen value. Operands have already been brought to the type that their
operation needs, so a target writes the tree down without thinking about types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum

__all__ = [
    "Assign",
    "Binary",
    "Call",
    "Cast",
    "Compare",
    "Const",
    "Draw",
    "Expr",
    "Field",
    "For",
    "ForEach",
    "If",
    "Local",
    "Logic",
    "Negative",
    "Not",
    "Power",
    "Remove",
    "Select",
    "Statement",
    "Type",
    "children",
    "fields_read",
    "rebuild",
    "walk",
]


class Type(StrEnum):
    """The three types of the rule language; `real` is float32 or float64, `int` has 32 bits."""

    BOOL = "bool"
    INT = "int"
    REAL = "real"


@dataclass(frozen=True)
class Const:
    """A number or a truth value known when the rule is read."""

    value: float | int | bool
    type: Type


@dataclass(frozen=True)
class Local:
    """A local variable, ``"<function>.<name>"``."""

    name: str
    type: Type


@dataclass(frozen=True)
class Field:
    """An attribute of an argument: ``Field("state", "V_m")``; always real."""

    space: str
    name: str
    type: Type = Type.REAL


@dataclass(frozen=True)
class Negative:
    """Minus a number."""

    operand: Expr
    type: Type


@dataclass(frozen=True)
class Not:
    """The opposite of a truth value."""

    operand: Expr
    type: Type = Type.BOOL


@dataclass(frozen=True)
class Binary:
    """Arithmetic ``+ - * / // %`` on two operands of the same type."""

    op: str
    left: Expr
    right: Expr
    type: Type


@dataclass(frozen=True)
class Power:
    """A base to a whole exponent >= 2 known when the rule is read; targets write a product."""

    base: Expr
    exponent: int
    type: Type


@dataclass(frozen=True)
class Compare:
    """A comparison of two operands of the same type."""

    op: str
    left: Expr
    right: Expr
    type: Type = Type.BOOL


@dataclass(frozen=True)
class Logic:
    """``and`` or ``or`` of two truth values; both sides are evaluated, neither has effects."""

    op: str
    left: Expr
    right: Expr
    type: Type = Type.BOOL


@dataclass(frozen=True)
class Select:
    """One of two values; both are evaluated, neither has effects."""

    condition: Expr
    yes: Expr
    no: Expr
    type: Type


@dataclass(frozen=True)
class Call:
    """A mathematical function; min and max have two arguments here."""

    name: str
    args: tuple[Expr, ...]
    type: Type


@dataclass(frozen=True)
class Draw:
    """A random number: ``uniform``, ``normal`` or ``poisson``.

    `site` numbers the place in the rule where it is drawn; `in_loop` tells that the place is
    reached several times in one step, so that each pass needs a draw of its own.
    """

    name: str
    args: tuple[Expr, ...]
    site: int
    in_loop: bool
    type: Type


@dataclass(frozen=True)
class Cast:
    """An int as a real."""

    operand: Expr
    type: Type = Type.REAL


Expr = (
    Const | Local | Field | Negative | Not | Binary | Power | Compare | Logic | Select
    | Call | Draw | Cast
)  # fmt: skip


@dataclass(frozen=True)
class Assign:
    """A local variable or a field takes a value of its own type."""

    target: Local | Field
    value: Expr


@dataclass(frozen=True)
class If:
    """A branch."""

    condition: Expr
    then: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


@dataclass(frozen=True)
class For:
    """``for variable in range(start, stop, step)``; all are ints."""

    variable: Local
    start: Expr
    stop: Expr
    step: Expr
    body: tuple[Statement, ...]

    def is_certain(self) -> bool:
        """Tell whether the loop is known to run at least once."""
        bounds = [e.value for e in (self.start, self.stop, self.step) if isinstance(e, Const)]
        return len(bounds) == 3 and len(range(*map(int, bounds))) > 0


@dataclass(frozen=True)
class ForEach:
    """``for s in synapses``: the fields of `space` are those of one synapse after the other."""

    space: str
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Remove:
    """``s.remove()``: the synapse whose fields `space` has goes."""

    space: str


Statement = Assign | If | For | ForEach | Remove
Node = Expr | Statement


def children(node: Node) -> Iterator[Node]:
    """Yield the nodes directly below `node`, in the order in which they are evaluated."""
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            yield from value
        elif isinstance(value, Node):
            yield value


def walk(*nodes: Node) -> Iterator[Node]:
    """Yield `nodes` and everything below them."""
    for node in nodes:
        yield node
        yield from walk(*children(node))


def rebuild(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """Return `expr` with `change` applied to the expressions directly below it."""
    new: dict[str, object] = {}
    for field in fields(expr):
        value = getattr(expr, field.name)
        if isinstance(value, tuple):
            new[field.name] = tuple(change(v) for v in value)
        elif isinstance(value, Expr):
            new[field.name] = change(value)
    return replace(expr, **new) if new else expr  # type: ignore[arg-type]


def fields_read(nodes: tuple[Statement, ...], space: str) -> frozenset[str]:
    """Return the names of the fields of `space` that occur in `nodes`."""
    found = (node for node in walk(*nodes) if isinstance(node, Field))
    return frozenset(field.name for field in found if field.space == space)
