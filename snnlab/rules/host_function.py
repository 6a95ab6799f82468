"""Functions of a model that the host computes, from their text: arithmetic, and nothing else.

`derive`, `n_going` and `n_coming` are ordinary Python where they were written. Somewhere else
their text is read, held against what is allowed, and worked out step by step: nothing is executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from snnlab.rules.source import Source

__all__ = ["HostFunction", "dotted"]

_OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow,
    ast.BitOr: operator.or_, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_,
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip

_ALLOWED = (
    ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.If,
    ast.Expr, ast.Pass, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Constant, ast.BinOp,
    ast.UnaryOp, ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.IfExp, ast.Dict, ast.Call,
    *_OPERATIONS,
)  # fmt: skip

_BUILTINS: Mapping[str, Callable[..., Any]] = {
    "abs": abs, "min": min, "max": max, "round": round, "float": float, "int": int, "bool": bool,
}  # fmt: skip

_NOTHING = object()
"""What a block returns that has not come to a return."""


def dotted(node: ast.expr) -> str:
    """Return ``"np.exp"`` for a name or a name with attributes; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (base := dotted(node.value)):
        return f"{base}.{node.attr}"
    return ""


class HostFunction:
    """A function on numbers and arrays, worked out from its text.

    Parameters
    ----------
    source : Source
        Its `names` hold what names outside of it stand for, with dots: ``"np.exp"``, ``"math.pi"``.
        All callables among them may be called.

    Raises
    ------
    RuleError
        It does more than arithmetic: it has loops, imports, indices, functions of its own, or calls
        what is not among the names.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        arguments = source.tree.args
        self._arguments = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults:
            raise self._refusal(source.tree, "must have plain arguments")
        for node in source.tree.body:
            for part in ast.walk(node):
                self._check(part)

    def _refusal(self, node: ast.AST, expected: str) -> Exception:
        return self._source.error(
            node, expected,
            "On ranks a class that they cannot import is arithmetic: + - * / // % **, comparisons, "
            "if, functions of math and numpy, a returned dict of numbers. Or open without ranks.",
        )  # fmt: skip

    def _check(self, node: ast.AST) -> None:
        if not isinstance(node, _ALLOWED):
            raise self._refusal(node, f"must not use {type(node).__name__}")
        if isinstance(node, ast.Call):
            name = dotted(node.func)
            if node.keywords or not (name in _BUILTINS or callable(self._source.names.get(name))):
                raise self._refusal(node, "must call functions of math and numpy, by place")
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if not all(isinstance(target, ast.Name) for target in targets):
                raise self._refusal(node, "must assign to local names")

    def __call__(self, *args: Any) -> Any:
        """Return what the function returns."""
        local = dict(zip(self._arguments, args, strict=True))
        found = self._block(self._source.tree.body, local)
        return None if found is _NOTHING else found

    def _block(self, body: Sequence[ast.stmt], local: dict[str, Any]) -> Any:
        for node in body:
            match node:
                case ast.Return():
                    return None if node.value is None else self._value(node.value, local)
                case ast.Assign():
                    value = self._value(node.value, local)
                    local.update({t.id: value for t in node.targets if isinstance(t, ast.Name)})
                case ast.AugAssign(target=ast.Name(id=name)):
                    change = _OPERATIONS[type(node.op)]
                    local[name] = change(self._name(node.target, local),
                                         self._value(node.value, local))  # fmt: skip
                case ast.If():
                    is_true = self._value(node.test, local)
                    found = self._block(node.body if is_true else node.orelse, local)
                    if found is not _NOTHING:
                        return found
        return _NOTHING

    def _value(self, node: ast.expr, local: dict[str, Any]) -> Any:  # noqa: PLR0911  (one a kind)
        match node:
            case ast.Constant():
                return node.value
            case ast.Name() | ast.Attribute():
                return self._name(node, local)
            case ast.BinOp():
                left, right = self._value(node.left, local), self._value(node.right, local)
                return _OPERATIONS[type(node.op)](left, right)
            case ast.UnaryOp():
                return _OPERATIONS[type(node.op)](self._value(node.operand, local))
            case ast.BoolOp():
                return self._logic(node, local)
            case ast.Compare():
                return self._compare(node, local)
            case ast.IfExp():
                is_true = self._value(node.test, local)
                return self._value(node.body if is_true else node.orelse, local)
            case ast.Dict():
                pairs = zip(node.keys, node.values, strict=True)
                return {self._key(k, local): self._value(v, local) for k, v in pairs}
            case ast.Call():
                name = dotted(node.func)
                function = self._source.names.get(name, _BUILTINS.get(name))
                return function(*(self._value(a, local) for a in node.args))  # type: ignore[misc]
        raise self._refusal(node, f"must not use {type(node).__name__}")

    def _key(self, node: ast.expr | None, local: dict[str, Any]) -> Any:
        if node is None:
            raise self._refusal(self._source.tree, "must name the numbers of a dict one by one")
        return self._value(node, local)

    def _name(self, node: ast.expr, local: dict[str, Any]) -> Any:
        name = dotted(node)
        first, _, attribute = name.partition(".")
        if first in local:
            value = local[first]
            if not attribute:
                return value
            if isinstance(value, SimpleNamespace) and attribute in vars(value):
                return vars(value)[attribute]
        elif name in self._source.names:
            return self._source.names[name]
        raise self._source.unknown(node, "a name", name, {*local, *self._source.names})

    def _logic(self, node: ast.BoolOp, local: dict[str, Any]) -> Any:
        is_and = isinstance(node.op, ast.And)
        value = self._value(node.values[0], local)
        for other in node.values[1:]:
            if bool(value) is not is_and:
                return value
            value = self._value(other, local)
        return value

    def _compare(self, node: ast.Compare, local: dict[str, Any]) -> Any:
        left = self._value(node.left, local)
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self._value(other, local)
            found = _OPERATIONS[type(op)](left, right)
            if len(node.ops) > 1 and not found:
                return False
            left = right
        return found
