"""Statements of the rule language: from a Python function to typed statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from snnlab.rules import functions
from snnlab.rules.expressions import Expressions, cast
from snnlab.rules.passes import MOST_PASSES, Bounds, bounds_of, most_passes
from snnlab.rules.returns import without_early_returns
from snnlab.rules.scope import Space
from snnlab.rules.source import Source, read_source
from snnlab.rules.tree import (
    Assign,
    Const,
    Expr,
    Field,
    For,
    ForEach,
    If,
    Local,
    Remove,
    Statement,
    Type,
)

__all__ = ["Sites", "parse_function"]

_DEEPEST = 2
"""Loops over synapses within one another: two compare all of a row with all."""

Sites = dict[tuple[str, int, int], int]

_RETURNED = {
    Type.BOOL: ("a truth value", "return state.V_m >= p.V_th"),
    Type.REAL: ("a number", "return syn.weight"),
}
"""Type of a function's result -> what to call it, an example."""


def parse_function(
    function: Callable[..., Any],
    where: str,
    spaces: Sequence[Space],
    sites: Sites,
    *,
    result: Local | None = None,
) -> tuple[Statement, ...]:
    """Read one rule function.

    Parameters
    ----------
    function : callable
        Plain Python function on scalars.
    where : str
        Its name for errors: ``"LIFExp.update"``.
    spaces : sequence of Space
        What the attributes of its arguments are, in the order of the arguments.
    sites : dict
        Numbers of the random draws so far; extended.
    result : Local, optional
        Variable that takes what the function returns; without it it must return nothing.

    Raises
    ------
    RuleError
        Something is not in the rule language.
    """
    source = read_source(function, where)
    by_name = _arguments(source, spaces)
    types: dict[str, Type] = {}
    while True:
        known = dict(types)
        body = _Statements(source, where.rpartition(".")[2], by_name, types, sites, result)
        statements = body.function()
        # A variable that turned out to be real after it was read as int: read again.
        if types == known:
            return statements


def _arguments(source: Source, spaces: Sequence[Space]) -> dict[str, Space]:
    arguments = source.tree.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    more = arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults
    if len(names) != len(spaces) or more:
        wanted = ", ".join(space.name for space in spaces)
        raise source.error(
            source.tree, f"must have the arguments ({wanted})",
            f"Write a static method: def {source.tree.name}({wanted}).",
            got=f"({ast.unparse(arguments)})",
        )  # fmt: skip
    return dict(zip(names, spaces, strict=True))


class _Statements(Expressions):
    """Reads the statements of one function, with what is known so far of its local variables."""

    def __init__(
        self, source: Source, prefix: str, spaces: dict[str, Space], types: dict[str, Type],
        sites: Sites, result: Local | None,
    ) -> None:  # fmt: skip
        super().__init__(source, prefix, spaces, _local_names(source.tree), types, sites)
        self._result = result

    def function(self) -> tuple[Statement, ...]:
        """Read the whole body."""
        statements = self._block(without_early_returns(self.source.tree.body))
        if self._result is not None and self._result.name not in self.assigned:
            what, example = self._returned(self._result)
            raise self.source.error(
                self.source.tree, f"must return {what} on every path", f"End it with: {example}."
            )
        return statements

    def _block(self, body: list[ast.stmt]) -> tuple[Statement, ...]:
        return tuple(s for node in body for s in self._statement(node))

    def _statement(self, node: ast.stmt) -> Sequence[Statement]:
        match node:
            case ast.Pass() | ast.Expr(value=ast.Constant(value=str())):
                return ()
            case ast.Assign():
                return (self._assign(node),)
            case ast.AugAssign():
                return (self._augmented(node),)
            case ast.If():
                return (self._if(node),)
            case ast.For(iter=ast.Name(id=name)) if self._each_of(name) is not None:
                return (self._for_each(node, name),)
            case ast.For():
                return (self._for(node),)
            case ast.Return():
                return self._return(node)
            case ast.Expr(
                value=ast.Call(func=ast.Attribute(value=ast.Name(id=name)) as method)
            ) if name in self.spaces and self.spaces[name].removable:
                return (self._remove(node, method, self.spaces[name]),)
            case ast.Expr():
                raise self.source.error(
                    node, "must do something with the value", "Assign it, or leave the line out."
                )
        what, remedy = functions.unsupported(node)
        raise self.source.error(node, f"must not use {what}", remedy)

    def _assign(self, node: ast.Assign) -> Assign:
        if len(node.targets) > 1 or isinstance(node.targets[0], ast.Tuple):
            raise self.source.error(
                node, "must assign one name at a time", "Write one assignment per line."
            )
        return self._store(node, node.targets[0], self.expr(node.value))

    def _augmented(self, node: ast.AugAssign) -> Assign:
        operation = ast.copy_location(ast.BinOp(node.target, node.op, node.value), node)
        return self._store(node, node.target, self.expr(operation))

    def _store(self, node: ast.stmt, target: ast.expr, value: Expr) -> Assign:
        match target:
            case ast.Name():
                variable = self._declare(target, value)
                self._remember(variable, bounds_of(value, self.bounds))
                return Assign(variable, self._fitted(target.id, value))
            case ast.Attribute(value=ast.Name(id=base)) if base in self.spaces:
                return Assign(
                    self._writable(node, target, self.spaces[base]), self._real(node, value)
                )
        raise self.source.error(
            target, "must assign to a local variable or to the state",
            "Write name = ... or state.name = ...",
        )  # fmt: skip

    def _writable(self, node: ast.stmt, target: ast.Attribute, space: Space) -> Field:
        if not space.writable:
            raise self.source.error(
                target, f"must not assign to {space.what}", space.remedy,
                got=repr(self.source.text(node)),
            )  # fmt: skip
        return self.field(target, space)

    def _real(self, node: ast.stmt, value: Expr) -> Expr:
        if value.type is Type.BOOL:
            raise self.source.error(
                node, "must give the state a number, not a truth value",
                "Write 1.0 if ... else 0.0.",
            )  # fmt: skip
        return cast(value, Type.REAL)

    def _declare(self, target: ast.Name, value: Expr) -> Local:
        name = target.id
        if name in self.spaces:
            raise self.source.error(
                target, "must not assign to an argument", "Choose another name for the variable."
            )
        self.types[name] = self._joined(target, self.types.get(name, value.type), value.type)
        self.assigned.add(name)
        return Local(f"{self.prefix}.{name}", self.types[name])

    def _joined(self, node: ast.expr, old: Type, new: Type) -> Type:
        if (old is Type.BOOL) != (new is Type.BOOL):
            raise self.source.error(
                node, "must stay either a number or a truth value",
                "Use two variables of different names.",
            )  # fmt: skip
        return new if old is new else Type.REAL

    def _fitted(self, name: str, value: Expr) -> Expr:
        return cast(value, self.types[name])

    def _if(self, node: ast.If) -> If:
        condition = self.condition(node.test)
        before = set(self.assigned)
        then = self._block(node.body)
        after_then, self.assigned = self.assigned, before
        orelse = self._block(node.orelse)
        self.assigned &= after_then
        return If(condition, then, orelse)

    def _for(self, node: ast.For) -> For:
        start, stop, step = self._range(node)
        before = set(self.assigned)
        if not isinstance(node.target, ast.Name):
            raise self.source.error(
                node.target, "must be one loop variable", "Write: for i in range(n)."
            )
        variable = self._declare(node.target, start)
        if variable.type is not Type.INT:
            raise self.source.error(
                node.target, "must be a loop variable of its own",
                "Use a name that is not assigned elsewhere.",
            )  # fmt: skip
        around = self.passes
        self.passes *= self._passes(node, variable, start, stop, step)
        self.loop_depth += 1
        body = self._block(node.body)
        self.loop_depth -= 1
        self.passes = around
        loop = For(variable, start, stop, step, body)
        if not loop.is_certain():
            self.assigned = before
        return loop

    def _each_of(self, name: str) -> Space | None:
        """What the variable of a loop over an argument has; None if there is no such loop."""
        return self.spaces[name].each if name in self.spaces else None

    def _for_each(self, node: ast.For, name: str) -> ForEach:
        each = self._each_of(name)
        assert each is not None
        if not isinstance(node.target, ast.Name) or node.orelse:
            raise self.source.error(
                node.target, "must be one loop variable, without else",
                f"Write: for s in {name}.",
            )  # fmt: skip
        variable = node.target.id
        if variable in self.spaces or variable in self.types:
            raise self.source.error(
                node.target, "must be a loop variable of its own",
                "Use a name that is not assigned elsewhere.",
            )  # fmt: skip
        if self.each_depth == _DEEPEST:
            raise self.source.error(
                node.iter, f"must be looped over at most {_DEEPEST} deep",
                "Find what is compared in a loop before.",
            )  # fmt: skip
        before = set(self.assigned)
        self.spaces[variable] = replace(each, name=f"each_{variable}")
        self.each_depth += 1
        body = self._block(node.body)
        self.each_depth -= 1
        del self.spaces[variable]
        self.assigned = before
        return ForEach(f"each_{variable}", body)

    def _remove(self, node: ast.Expr, method: ast.Attribute, space: Space) -> Remove:
        call = node.value
        assert isinstance(call, ast.Call)
        if method.attr != "remove" or call.args or call.keywords:
            raise self.source.error(
                node, "must be remove(), without arguments",
                "A rule reads numbers of a synapse, and may remove it.",
            )  # fmt: skip
        return Remove(space.name)

    def _passes(self, node: ast.For, variable: Local, start: Expr, stop: Expr, step: Expr) -> int:
        """The most passes of a loop; too many with those around it are refused."""
        assert isinstance(step, Const)  # `_step` has seen to it
        first, last = (bounds_of(expr, self.bounds) for expr in (start, stop))
        n = most_passes(first, last, int(step.value))
        if n * self.passes > MOST_PASSES:
            raise self.source.error(
                node.iter, f"must make at most {MOST_PASSES} passes, with the loops around it",
                "A rule is called very often. Loop over fewer, or let several calls share the "
                "work.", got=f"{n * self.passes} of them",
            )  # fmt: skip
        if first and last:
            self._remember(variable, (min(first[0], last[0]), max(first[1], last[1])))
        return max(n, 1)

    def _remember(self, variable: Local, found: Bounds) -> None:
        """Note the bounds of a variable, with those of what was assigned to it before."""
        before = self.bounds.get(variable.name, found)
        both = found and before and (min(found[0], before[0]), max(found[1], before[1]))
        self.bounds[variable.name] = both

    def _range(self, node: ast.For) -> tuple[Expr, Expr, Expr]:
        """Start, stop and step of the loop, all ints."""
        call = node.iter
        is_range = isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
        if not is_range or call.func.id != "range" or node.orelse:  # type: ignore[attr-defined]
            raise self.source.error(
                call, "must loop over range(...), without else", "Write: for i in range(n)."
            )
        args = call.args  # type: ignore[attr-defined]
        if not 1 <= len(args) <= 3 or call.keywords:  # type: ignore[attr-defined]
            raise self.source.error(
                call, "must have one to three arguments", "Write: for i in range(n)."
            )
        values = [self._whole(a) for a in args]
        zero, one = Const(0, Type.INT), Const(1, Type.INT)
        start, stop = (zero, values[0]) if len(values) == 1 else values[:2]
        return start, stop, self._step(args[2], values[2]) if len(values) == 3 else one

    def _whole(self, node: ast.expr) -> Expr:
        value = self.number(node)
        if value.type is not Type.INT:
            raise self.source.error(
                node, "must be a whole number, not a real",
                "Whole are: literals such as 4, loop variables, poisson(lam), and what + - * // % "
                "make of them.",
            )  # fmt: skip
        return value

    def _step(self, node: ast.expr, step: Expr) -> Expr:
        if not isinstance(step, Const) or step.value == 0:
            raise self.source.error(
                node, "must be a constant step other than 0", "Write for example range(0, n, 2)."
            )
        return step

    def _return(self, node: ast.Return) -> Sequence[Statement]:
        if self.loop_depth:
            raise self.source.error(
                node, "must not return from inside a loop", "Set a local variable and return it."
            )
        if self._result is None:
            return self._bare_return(node)
        if node.value is None:
            what, example = self._returned(self._result)
            raise self.source.error(node, f"must return {what}", f"Write for example: {example}.")
        self.assigned.add(self._result.name)
        if self._result.type is Type.BOOL:
            return (Assign(self._result, self.condition(node.value)),)
        return (Assign(self._result, cast(self.number(node.value), Type.REAL)),)

    def _returned(self, result: Local) -> tuple[str, str]:
        """What the function returns, and an example of it that fits its arguments."""
        what, example = _RETURNED[result.type]
        is_of_pair = any(space.name == "pair" for space in self.spaces.values())
        return what, "return pair.distance < 100.0" if is_of_pair else example

    def _bare_return(self, node: ast.Return) -> Sequence[Statement]:
        if node.value is None or ast.unparse(node.value) == "None":
            return ()
        raise self.source.error(
            node, "must not return a value", "Assign the result to the state: state.V_m = ..."
        )


def _local_names(tree: ast.FunctionDef) -> frozenset[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return frozenset(node.id for node in names if isinstance(node.ctx, ast.Store))
