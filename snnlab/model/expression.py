"""Arithmetic on knobs: ``"-g * J"`` as data, parsed and evaluated without running any code.

A network's knobs are the few numbers that a model is spoken about in (g, J, eta). Weights, rates
and parameters may be written as expressions of them, so one slider moves every projection it
should.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from snnlab.errors import SpecError, unknown_name
from snnlab.units import is_quantity, to_canonical

__all__ = ["check_names", "evaluate", "names_in"]

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: lambda a: a,
    ast.USub: lambda a: -a,
}
_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "abs": abs,
}
_LONGEST = 200
_ALLOWED = "numbers, knobs, + - * / **, sqrt, exp, log and abs"


@lru_cache(maxsize=4096)
def _tree(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@lru_cache(maxsize=4096)
def _names(text: str) -> tuple[str, ...]:
    """The names that an expression refers to, in their order, but for those of functions."""
    nodes = list(ast.walk(_tree(text)))
    calls = {node.func for node in nodes if isinstance(node, ast.Call)}
    return tuple(
        sorted({node.id for node in nodes if isinstance(node, ast.Name) and node not in calls})
    )


def _parse(text: str, where: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise SpecError(
            where,
            f"must be an expression of at most {_LONGEST} characters",
            got=f"{len(text)}",
            remedy="Split it over several knobs.",
        )
    try:
        return _tree(text)
    except SyntaxError:
        raise SpecError(
            where,
            "must be a number, a quantity or an expression of knobs",
            got=repr(text),
            remedy='Write for example 1.5, "1.5 ms" or "-g * J".',
        ) from None


def names_in(value: float | str, *, where: str) -> set[str]:
    """Return the knobs that `value` refers to; empty for numbers and quantities."""
    if not isinstance(value, str) or is_quantity(value):
        return set()
    _parse(value, where)
    return set(_names(value))


def check_names(value: float | str, knobs: Mapping[str, float], *, where: str) -> None:
    """Refuse an expression that names a knob which does not exist."""
    for name in sorted(names_in(value, where=where)):
        if name not in knobs:
            raise unknown_name(f"{where}: knob", name, knobs)


def evaluate(value: float | str, knobs: Mapping[str, float], unit: str, *, where: str) -> float:
    """Return the number that `value` stands for.

    Parameters
    ----------
    value : float or str
        A number [unit], a quantity (``"1.5 ms"``) or an expression of knobs (``"-g * J"``).
    knobs : mapping
        Name -> value of the network's knobs.
    unit : str
        Unit of the result; expressions are taken to be in it.
    where : str
        Name of the quantity for error messages.

    Returns
    -------
    float [unit]

    Raises
    ------
    SpecError
        Not an expression, an unknown knob, a construct that is not arithmetic, no finite result.
    """
    if not isinstance(value, str) or is_quantity(value):
        return to_canonical(value, unit, where=where)
    check_names(value, knobs, where=where)
    try:
        result = _walk(_parse(value, where), knobs, where)
    except (ArithmeticError, ValueError) as error:
        raise SpecError(
            where,
            "must have a finite value",
            got=f"{value!r}: {error}",
            remedy="Check the knobs for a division by zero or an overflow.",
        ) from None
    if not math.isfinite(result):
        raise SpecError(where, "must have a finite value", got=f"{value!r} = {result}")
    return result


def _walk(node: ast.expr, knobs: Mapping[str, float], where: str) -> float:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return float(number)
        case ast.Name(id=name):
            return float(knobs[name])
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_walk(operand, knobs, where))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            result = _BINARY[type(op)](_walk(left, knobs, where), _walk(right, knobs, where))
            return _real(result, where)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            return float(_FUNCTIONS[name](_walk(argument, knobs, where)))
    raise SpecError(
        where,
        f"must be made of {_ALLOWED}",
        got=repr(ast.unparse(node)),
        remedy="Compute anything else in Python and pass the number.",
    )


def _real(value: float | complex, where: str) -> float:
    if isinstance(value, complex):
        raise SpecError(where, "must be a real number", got=str(value))
    return float(value)
