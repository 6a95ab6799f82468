"""Which functions the rule language has, and what to use instead of what it has not."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from snnlab.errors import nearest
from snnlab.rules import intrinsics

__all__ = [
    "ALIASES",
    "FUNCTIONS",
    "HOMES",
    "KEEP_TYPE",
    "NAMES",
    "RANDOM",
    "instead_of",
    "unsupported",
    "value",
]


@dataclass(frozen=True)
class Function:
    """A function of the language: how it is called."""

    usage: str
    least: int
    most: int

    def accepts(self, n_args: int) -> bool:
        """Tell whether it can be called with this number of arguments."""
        return self.least <= n_args <= self.most


FUNCTIONS = {
    name: Function(f"{name}(x)", 1, 1)
    for name in ("exp", "log", "sqrt", "tanh", "abs", "floor", "ceil")
}
"""Name -> how it is called."""
FUNCTIONS |= {name: Function(f"{name}(a, b, ...)", 2, 16) for name in ("min", "max")}
FUNCTIONS |= {name: Function(f"{name}()", 0, 0) for name in ("uniform", "normal")}
FUNCTIONS |= {"poisson": Function("poisson(lam)", 1, 1)}

NAMES = frozenset(FUNCTIONS)
RANDOM = frozenset({"uniform", "normal", "poisson"})
KEEP_TYPE = frozenset({"abs", "min", "max"})
"""Functions whose result is of the type of their arguments."""

ALIASES = {"fabs": "abs", "absolute": "abs", "minimum": "min", "maximum": "max"}
"""Names of other libraries for functions of the language."""

HOMES = ("math", "numpy", "random", intrinsics.__name__)
"""Modules from which the functions may be taken."""

_INSTEAD = {
    "int": "Use floor(x), which gives a whole number as a real.",
    "float": "Leave it out: whole numbers become reals where they meet one.",
    "round": "Use floor(x + 0.5).",
    "pow": "Use x ** n.",
    "square": "Use x ** 2.",
    "power": "Use x ** n.",
    "where": "Use a conditional expression: a if condition else b.",
    "clip": "Use min(max(x, low), high).",
    "expm1": "Use exp(x) - 1, or compute it in derive.",
    "log1p": "Use log(1 + x).",
    "random": "Use uniform() or normal().",
    "rand": "Use uniform().",
    "randn": "Use normal().",
    "gauss": "Use normal().",
    "print": "Record the state variable and look at its trace.",
    "range": "Use it as: for i in range(n).",
    "sum": "Add up in a for loop.",
    "len": "State and parameters are single numbers.",
}


def instead_of(name: str) -> str:
    """Return the sentence that says what to use instead of a function."""
    last = name.rpartition(".")[2]
    if last in _INSTEAD:
        return _INSTEAD[last]
    close = [n for n in nearest(last, NAMES) if len(last) > 3]
    offered = f" Did you mean {close[0]}?" if close else ""
    return f"There are: {', '.join(sorted(NAMES))}.{offered}"


_UNSUPPORTED: dict[type[ast.AST], tuple[str, str]] = {
    ast.While: ("while", "Use a loop of known length: for i in range(n)."),
    ast.Break: ("break", "Put the rest of the loop's body under an if."),
    ast.Continue: ("continue", "Put the rest of the loop's body under an if."),
    ast.Try: ("try", "Numbers do not raise here; test them with if."),
    ast.With: ("with", "A rule only computes numbers."),
    ast.Raise: ("raise", "Refuse values in the model's check, before the run."),
    ast.Assert: ("assert", "Refuse values in the model's check, before the run."),
    ast.Import: ("import", "Import at the top of the file."),
    ast.ImportFrom: ("import", "Import at the top of the file."),
    ast.FunctionDef: ("functions of its own", "Write the expression where it is used."),
    ast.Lambda: ("lambda", "Write the expression where it is used."),
    ast.ClassDef: ("class", "A rule only computes numbers."),
    ast.Global: ("global", "Keep what must last in a State."),
    ast.Nonlocal: ("nonlocal", "Keep what must last in a State."),
    ast.Delete: ("del", "Local variables end with the function."),
    ast.AnnAssign: ("annotations", "Write a plain assignment; types are found by themselves."),
    ast.List: ("lists", "Use one state variable or local variable for each number."),
    ast.Tuple: ("tuples", "Assign one name at a time."),
    ast.Dict: ("dictionaries", "Use one state variable or local variable for each number."),
    ast.Set: ("sets", "Use one state variable or local variable for each number."),
    ast.ListComp: ("comprehensions", "Use a for loop over range(n)."),
    ast.GeneratorExp: ("comprehensions", "Use a for loop over range(n)."),
    ast.Subscript: ("indexing", "State and parameters are single numbers: state.V_m."),
    ast.NamedExpr: ("':='", "Assign on a line of its own."),
    ast.JoinedStr: ("strings", "A rule only computes numbers."),
    ast.Constant: ("strings or None", "A rule only computes numbers."),
    ast.Await: ("await", "A rule only computes numbers."),
    ast.Yield: ("yield", "Assign to the state, or return the value."),
    ast.Match: ("match", "Use if and elif."),
    ast.Starred: ("'*'", "Give the arguments one by one."),
}


def unsupported(node: ast.AST) -> tuple[str, str]:
    """Return what a construct is called, and what to use instead of it."""
    fallback = (f"this construct ({type(node).__name__})", "A rule only computes numbers.")
    return _UNSUPPORTED.get(type(node), fallback)


def value(name: str, args: Sequence[float]) -> Any:
    """Return the value of a function of the language for known arguments."""
    return getattr(intrinsics, name)(*args)
