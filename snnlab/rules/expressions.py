"""Expressions of the rule language: from Python's syntax tree to the typed tree."""

from __future__ import annotations

import ast
import builtins
import math
import operator
from collections.abc import Callable
from typing import Any

from snnlab.rules import functions
from snnlab.rules.scope import Scope, constant
from snnlab.rules.tree import (
    Binary,
    Call,
    Cast,
    Compare,
    Const,
    Draw,
    Expr,
    Logic,
    Negative,
    Not,
    Power,
    Select,
    Type,
)

__all__ = ["Expressions", "cast"]

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
}  # fmt: skip
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_FOLD: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_LARGEST_POWER = 64
_KIND = {Type.BOOL: "a truth value", Type.INT: "a whole number", Type.REAL: "a number"}


class Expressions(Scope):
    """Reads the expressions of one function."""

    def expr(self, node: ast.expr) -> Expr:  # noqa: PLR0911  (one for each kind of node)
        """Read any expression."""
        match node:
            case ast.Constant(value=bool() | int() | float()):
                return constant(node.value)
            case ast.Name():
                return self.name(node)
            case ast.Attribute():
                return self.attribute(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp():
                return self._logic(node)
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp():
                return self._select(node)
            case ast.Call():
                return self._call(node)
        what, remedy = functions.unsupported(node)
        raise self.source.error(node, f"must not use {what}", remedy)

    def number(self, node: ast.expr) -> Expr:
        """Read an expression that must be a number."""
        expr = self.expr(node)
        if expr.type is Type.BOOL:
            raise self.source.error(
                node, "must be a number, not a truth value",
                "Turn it into a number with a conditional expression: 1.0 if ... else 0.0.",
            )  # fmt: skip
        return expr

    def real(self, node: ast.expr) -> Expr:
        """Read an expression that must be a number, as a real."""
        return cast(self.number(node), Type.REAL)

    def condition(self, node: ast.expr) -> Expr:
        """Read an expression that must be a truth value."""
        expr = self.expr(node)
        if expr.type is not Type.BOOL:
            raise self.source.error(
                node, "must be true or false, not a number",
                f"Compare it with something: {self.source.text(node)} > 0.",
            )  # fmt: skip
        return expr

    def _arithmetic(self, node: ast.BinOp) -> Expr:
        left, right = self.number(node.left), self.number(node.right)
        if isinstance(node.op, ast.Pow):
            return self._power(node, left, right)
        op = _ARITHMETIC.get(type(node.op))
        if op is None:
            raise self.source.error(
                node, "must not use bit operations or matrix products",
                "The rule language has + - * / // % ** on numbers.",
            )  # fmt: skip
        if isinstance(left, Const) and isinstance(right, Const):
            return self._fold(node, op, left, right)
        type_ = Type.REAL if op == "/" else _join(left, right)
        return Binary(op, cast(left, type_), cast(right, type_), type_)

    def _fold(self, node: ast.expr, op: str, left: Const, right: Const) -> Const:
        try:
            return constant(_FOLD[op](left.value, right.value))
        except (ArithmeticError, TypeError, ValueError) as error:
            raise self.source.error(
                node, "must be a number that can be computed", f"Python says: {error}."
            ) from error

    def _power(self, node: ast.BinOp, base: Expr, exponent: Expr) -> Expr:
        if not isinstance(exponent, Const):
            logarithm = Call("log", (cast(base, Type.REAL),), Type.REAL)
            product = Binary("*", cast(exponent, Type.REAL), logarithm, Type.REAL)
            return Call("exp", (product,), Type.REAL)
        if isinstance(base, Const):
            return self._fold(node, "**", base, exponent)
        if exponent.value == 0.5:
            return Call("sqrt", (cast(base, Type.REAL),), Type.REAL)
        n = int(exponent.value) if math.isfinite(exponent.value) else 0
        if n != exponent.value or abs(n) > _LARGEST_POWER:
            raise self.source.error(
                node.right, "must be 0.5, a variable, or a whole number up to "
                f"{_LARGEST_POWER}", "Write exp(y * log(x)) for other constant exponents.",
            )  # fmt: skip
        type_ = base.type if n >= 0 and exponent.type is Type.INT else Type.REAL
        return _whole_power(cast(base, type_), n)

    def _unary(self, node: ast.UnaryOp) -> Expr:
        if isinstance(node.op, ast.Not):
            return Not(self.condition(node.operand))
        operand = self.number(node.operand)
        if isinstance(node.op, ast.UAdd):
            return operand
        if not isinstance(node.op, ast.USub):
            raise self.source.error(
                node, "must not use bit operations", "Use 'not' for truth values."
            )
        if isinstance(operand, Const):
            return constant(-operand.value)
        return Negative(operand, operand.type)

    def _logic(self, node: ast.BoolOp) -> Expr:
        op = "and" if isinstance(node.op, ast.And) else "or"
        first, *others = (self.condition(value) for value in node.values)
        for other in others:
            first = Logic(op, first, other)
        return first

    def _compare(self, node: ast.Compare) -> Expr:
        operands = [node.left, *node.comparators]
        pairs = zip(operands, node.ops, operands[1:], strict=False)
        first, *others = (self._one_comparison(node, *pair) for pair in pairs)
        for other in others:
            first = Logic("and", first, other)
        return first

    def _one_comparison(
        self, node: ast.Compare, left: ast.expr, op: ast.cmpop, right: ast.expr
    ) -> Expr:
        sign = _COMPARISONS.get(type(op))
        if sign is None:
            raise self.source.error(
                node, "must not use 'is' or 'in'", "Compare numbers with < <= > >= == !=."
            )
        a, b = self.expr(left), self.expr(right)
        if a.type is Type.BOOL and b.type is Type.BOOL and sign in ("==", "!="):
            return Compare(sign, a, b)
        a, b = self.number(left), self.number(right)
        if isinstance(a, Const) and isinstance(b, Const):
            return self._fold(node, sign, a, b)
        type_ = _join(a, b)
        return Compare(sign, cast(a, type_), cast(b, type_))

    def _select(self, node: ast.IfExp) -> Expr:
        condition = self.condition(node.test)
        yes, no = self.expr(node.body), self.expr(node.orelse)
        if (yes.type is Type.BOOL) != (no.type is Type.BOOL):
            raise self.source.error(
                node, "must have two values of one kind",
                f"Here one is {_KIND[yes.type]}, the other {_KIND[no.type]}.",
            )  # fmt: skip
        type_ = _join(yes, no)
        return Select(condition, cast(yes, type_), cast(no, type_), type_)

    def _call(self, node: ast.Call) -> Expr:
        name = self._function_name(node.func)
        function = functions.FUNCTIONS.get(name)
        if function is None:
            raise self.source.error(
                node.func, "must be a function of the rule language",
                functions.instead_of(name), got=repr(name),
            )  # fmt: skip
        plain = [a for a in node.args if not isinstance(a, ast.Starred)]
        if node.keywords or len(plain) < len(node.args) or not function.accepts(len(plain)):
            raise self.source.error(
                node, f"must be called as {function.usage}", "Give plain positional arguments."
            )
        args = tuple(self.number(a) for a in plain)
        if name in functions.RANDOM:
            return self._draw(node, name, args)
        return self._mathematical(node, name, args)

    def _function_name(self, node: ast.expr) -> str:
        """Name of a function of the language, however it was imported."""
        if isinstance(node, ast.Name):
            self._refuse_foreign(node, self.source.names.get(node.id, functions))
            return functions.ALIASES.get(node.id, node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = self.module(node.value)
            if module is not None and module.__name__ in functions.HOMES:
                return functions.ALIASES.get(node.attr, node.attr)
        return self.source.text(node)

    def _refuse_foreign(self, node: ast.Name, value: object) -> None:
        """A user's own function must not be mistaken for the one of the same name."""
        home = getattr(value, "__module__", None) or type(value).__module__
        if value is not functions and node.id in functions.FUNCTIONS and home not in (
            *functions.HOMES, builtins.__name__, "numpy._core",
        ):  # fmt: skip
            raise self.source.error(
                node, "must be the function of the rule language, not one of your own",
                f"Import it: from snnlab.rules.intrinsics import {node.id}.",
            )  # fmt: skip

    def _draw(self, node: ast.Call, name: str, args: tuple[Expr, ...]) -> Draw:
        if self.each_depth > 1:
            raise self.source.error(
                node, "must not be drawn inside two loops over synapses",
                "Draw in the outer one, and keep the number in a local variable.",
            )  # fmt: skip
        place = (self.prefix, node.lineno, node.col_offset)
        site = self.sites.setdefault(place, len(self.sites))
        reals = tuple(cast(a, Type.REAL) for a in args)
        type_ = Type.INT if name == "poisson" else Type.REAL
        return Draw(name, reals, site, self.loop_depth > 0, type_)

    def _mathematical(self, node: ast.Call, name: str, args: tuple[Expr, ...]) -> Expr:
        if all(isinstance(a, Const) for a in args):
            return constant(functions.value(name, [a.value for a in args if isinstance(a, Const)]))
        type_ = _join(*args) if name in functions.KEEP_TYPE else Type.REAL
        first, *others = (cast(a, type_) for a in args)
        if not others:
            return Call(name, (first,), type_)
        for other in others:
            first = Call(name, (first, other), type_)
        return first


def cast(expr: Expr, type_: Type) -> Expr:
    """Bring an expression to a type; only int to real changes anything."""
    if expr.type is type_ or Type.BOOL in (expr.type, type_):
        return expr
    if isinstance(expr, Const):
        return Const(float(expr.value), Type.REAL)
    return Cast(expr)


def _join(*exprs: Expr) -> Type:
    types = {expr.type for expr in exprs}
    return types.pop() if len(types) == 1 else Type.REAL


def _whole_power(base: Expr, n: int) -> Expr:
    if n == 0:
        return cast(Const(1, Type.INT), base.type)
    if n < 0:
        return Binary("/", Const(1.0, Type.REAL), _whole_power(base, -n), Type.REAL)
    return base if n == 1 else Power(base, n, base.type)
