"""A tree interpreter: what a typed program means, spelt out."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from snnlab.rules import tree
from snnlab.rules.tree import Expr, Field, Local, Statement

OPERATIONS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    "and": lambda a, b: a and b, "or": lambda a, b: a or b, "min": min, "max": max, "abs": abs,
}  # fmt: skip
Values = dict[str, float]


def run(program: Sequence[Statement], values: Values) -> Values:
    """Execute statements; `values` maps names such as "state.V_m" and is changed."""
    for s in program:
        match s:
            case tree.Assign():
                values[name(s.target)] = evaluate(s.value, values)
            case tree.If():
                run(s.then if evaluate(s.condition, values) else s.orelse, values)
            case tree.For():
                bounds = (evaluate(e, values) for e in (s.start, s.stop, s.step))
                for i in range(*map(int, bounds)):
                    values[s.variable.name] = i
                    run(s.body, values)
    return values


def name(target: Local | Field) -> str:
    return f"{target.space}.{target.name}" if isinstance(target, Field) else target.name


def evaluate(e: Expr, values: Values) -> float:  # noqa: PLR0911  (one for each kind of node)
    def of(x: Expr) -> float:
        return evaluate(x, values)

    match e:
        case tree.Const():
            return e.value
        case Local() | Field():
            return values[name(e)]
        case tree.Cast():
            return float(of(e.operand))
        case tree.Not():
            return not of(e.operand)
        case tree.Negative():
            return -of(e.operand)
        case tree.Binary() | tree.Compare() | tree.Logic():
            return OPERATIONS[e.op](of(e.left), of(e.right))
        case tree.Select():
            return of(e.yes) if of(e.condition) else of(e.no)
        case tree.Power():
            return of(e.base) ** e.exponent
        case tree.Call():
            return OPERATIONS[e.name](*(of(a) for a in e.args))
    raise AssertionError(e)
