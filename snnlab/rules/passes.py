"""How many passes a loop may make: bounds of whole numbers, as far as they can be known."""

from __future__ import annotations

from collections.abc import Mapping

from snnlab.rules.tree import Binary, Const, Expr, Local, Negative

__all__ = ["MOST_PASSES", "Bounds", "bounds_of", "most_passes"]

MOST_PASSES = 10_000
"""Of a loop, those around it counted: a rule that makes more at every call would never end."""

Bounds = tuple[int, int] | None
"""Least and largest value; None: it is drawn, or follows from what was."""


def bounds_of(expr: Expr, known: Mapping[str, Bounds]) -> Bounds:
    """Return the bounds of a whole number.

    Parameters
    ----------
    expr : Expr
    known : mapping
        Those of local variables.
    """
    match expr:
        case Const():
            return int(expr.value), int(expr.value)
        case Local():
            return known.get(expr.name)
        case Negative():
            inner = bounds_of(expr.operand, known)
            return inner and (-inner[1], -inner[0])
        case Binary():
            a, b = bounds_of(expr.left, known), bounds_of(expr.right, known)
            return _combined(expr.op, a, b) if a and b else None
    return None


def _combined(op: str, a: tuple[int, int], b: tuple[int, int]) -> Bounds:
    if op == "+":
        return a[0] + b[0], a[1] + b[1]
    if op == "-":
        return a[0] - b[1], a[1] - b[0]
    if op == "*":
        products = [x * y for x in a for y in b]
        return min(products), max(products)
    return None


def most_passes(start: Bounds, stop: Bounds, step: int) -> int:
    """Return the most passes of a loop; 1 if its bounds are drawn."""
    if start is None or stop is None:
        return 1
    first, last = (start[0], stop[1]) if step > 0 else (start[1], stop[0])
    return len(range(first, last, step))
