"""The names that a rule function can see: arguments, local variables, numbers of the module."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from snnlab.rules import functions
from snnlab.rules.passes import Bounds
from snnlab.rules.source import Source
from snnlab.rules.tree import Const, Expr, Field, Local, Type

__all__ = ["Scope", "Space", "constant"]


@dataclass(frozen=True)
class Space:
    """What the attributes of one argument are.

    Parameters
    ----------
    name : str
        The space of the `Field` nodes: ``"state"``, ``"p"``, ``"input"``.
    what : str
        One of its names, in an error: ``"a state variable of LIFExp"``.
    names : frozenset of str
        All its names.
    writable : bool
        Whether a rule may assign to them.
    remedy : str
        What to write instead of an assignment, where that is not allowed.
    each : Space, optional
        What the variable of a loop over the argument has; without it there is no such loop.
    removable : bool
        Whether ``remove()`` may be called on it.
    """

    name: str
    what: str
    names: frozenset[str]
    writable: bool = False
    remedy: str = ""
    each: Space | None = None
    removable: bool = False


@dataclass
class Scope:
    """What the names in one function mean at the place that is being read.

    Parameters
    ----------
    source : Source
        The function.
    prefix : str
        Put before the names of its local variables.
    spaces : dict
        Name of the argument -> what its attributes are.
    local_names : frozenset of str
        All names that the function assigns to.
    types : dict
        Local variable -> type as far as it is known.
    sites : dict
        Place of a random draw -> its number; shared by the functions of a model.
    assigned : set of str
        Local variables that have a value at this place on every path.
    loop_depth : int
        Number of loops over numbers around this place.
    each_depth : int
        Number of loops over synapses around it.
    passes : int
        The most passes that they make together.
    bounds : dict
        Local variable -> least and largest whole number that it may be, as far as that is known.
    """

    source: Source
    prefix: str
    spaces: dict[str, Space]
    local_names: frozenset[str]
    types: dict[str, Type]
    sites: dict[tuple[str, int, int], int]
    assigned: set[str] = field(default_factory=set)
    loop_depth: int = 0
    each_depth: int = 0
    passes: int = 1
    bounds: dict[str, Bounds] = field(default_factory=dict)

    def name(self, node: ast.Name) -> Expr:
        """Read a name: a local variable or a number of the module."""
        name = node.id
        if name in self.local_names:
            return self._local(node)
        if name in self.spaces:
            if self.spaces[name].each is not None:
                raise self.source.error(
                    node, "must be looped over", f"Write: for s in {name}, then read s.weight."
                )
            names = sorted(self.spaces[name].names)
            example = f"{name}.{names[0]}" if names else "a local variable"
            raise self.source.error(
                node, "must be used with an attribute", f"Read one of its numbers: {example}."
            )
        value = self.source.names.get(name)
        if _is_number(value):
            return constant(value)
        if name in self.source.names:
            kind = type(value).__name__
            raise self.source.error(
                node, f"must be a number, not a {kind}",
                "Only numbers can be read from outside the function; "
                "declare a Parameter for anything that the user sets.",
            )  # fmt: skip
        numbers = {n for n, v in self.source.names.items() if _is_number(v)}
        fields = {f"{a}.{n}" for a, space in self.spaces.items() for n in space.names}
        known = self.local_names | self.spaces.keys() | numbers | fields | functions.NAMES
        raise self.source.unknown(node, "a name", name, known)

    def _local(self, node: ast.Name) -> Expr:
        name = node.id
        if name not in self.assigned:
            raise self.source.error(
                node, "must have a value on every path that leads here",
                f"Assign {name} before the branch or the loop, or in all of its branches.",
            )  # fmt: skip
        return Local(f"{self.prefix}.{name}", self.types[name])

    def attribute(self, node: ast.Attribute) -> Expr:
        """Read ``state.V_m`` or ``math.pi``."""
        base = node.value
        if isinstance(base, ast.Name) and base.id in self.spaces:
            return self.field(node, self.spaces[base.id])
        module = self.module(base)
        value = getattr(module, node.attr, None) if module else None
        if _is_number(value):
            return constant(value)
        raise self.source.error(
            node, "must be an attribute of " + ", ".join(self.spaces),
            "Copy the number into a Parameter, a State or a constant of the module.",
        )  # fmt: skip

    def field(self, node: ast.Attribute, space: Space) -> Field:
        """Read ``argument.name``."""
        if node.attr not in space.names:
            raise self.source.unknown(node, space.what, node.attr, space.names)
        return Field(space.name, node.attr)

    def module(self, node: ast.expr) -> ModuleType | None:
        """Return the module that a name stands for, None if it stands for none."""
        value = self.source.names.get(node.id) if isinstance(node, ast.Name) else None
        return value if isinstance(value, ModuleType) else None


def _is_number(value: object) -> bool:
    return isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating))


def constant(value: Any) -> Const:
    """Constant of the fitting type; whole numbers beyond 32 bits are reals."""
    if isinstance(value, (bool, np.bool_)):
        return Const(bool(value), Type.BOOL)
    if isinstance(value, (int, np.integer)) and abs(int(value)) < 2**31:
        return Const(int(value), Type.INT)
    return Const(float(value), Type.REAL)
