"""`Holds`: a condition as a formula of several quantities, ``"rate(exc) > 50 and cv(exc) < 0.5"``.

The text is data: it is parsed, checked piece by piece and computed from the numbers that conditions
of one quantity look at. Nothing in it is executed.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snnlab.errors import SpecError, unknown_name
from snnlab.model.recorders import StateRecorder
from snnlab.session.conditions import (
    Condition,
    CvBeyond,
    Due,
    Probe,
    RateBeyond,
    SampleBeyond,
    WeightBeyond,
)

if TYPE_CHECKING:
    from snnlab.frames.frame import Frame
    from snnlab.frames.weights import WeightPicture
    from snnlab.model.network import Network

__all__ = ["Holds"]

LONGEST = 300

_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt, ast.Lt: operator.lt, ast.GtE: operator.ge, ast.LtE: operator.le,
}  # fmt: skip
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
}  # fmt: skip
_QUANTITIES = ("rate", "cv", "mean", "min", "max", "mean_weight", "min_weight", "max_weight")
_REMEDY = (
    'Write for example "rate(exc) > 50 and cv(exc) < 0.5", "mean(exc.V_m) > -55" or '
    "\"mean_weight('exc->exc') > 20\"."
)


@dataclass(frozen=True)
class Holds:
    """A formula is true.

    Its quantities are ``rate(population)`` [Hz, over 100 ms], ``cv(population)`` [over 1 s],
    ``mean``, ``min`` and ``max(population.variable)`` of a state variable that is recorded (or of
    ``recorder.variable``), and ``mean_weight``, ``min_weight`` and ``max_weight(projection)``
    [every 100 ms]. They are compared with ``> < >= <=``, computed with ``+ - * /`` and ``abs``,
    and joined with ``and``, ``or`` and ``not``. A name that is not one word stands in quotes.

    Each quantity is looked at at its own steps and stands until the next of them. Before the first
    it is unknown, as is a number divided by zero; so is a comparison with it, and what is joined or
    negated of that, unless the other parts alone decide.

    Parameters
    ----------
    formula : str

    Raises
    ------
    SpecError
        Not a formula of these.
    """

    formula: str

    def __post_init__(self) -> None:
        _check_truth(_parsed(self.formula))

    @property
    def limits(self) -> tuple[float, float]:
        """It holds for a value below the first or above the second."""
        return -math.inf, 0.5

    def probe(self, network: Network) -> Probe:
        """Return what looks at a run of `network`."""
        tree = _parsed(self.formula)
        probes = {
            key: _condition(node, network).probe(network) for key, node in _calls(tree).items()
        }
        return _FormulaProbe(tree, probes)

    def says(self, value: float) -> str:
        """Return in words what has come to hold."""
        return self.formula


class _FormulaProbe:
    """Holds the last value of each quantity; what it yields is whether the formula is true."""

    def __init__(self, tree: ast.expr, probes: dict[str, Probe]) -> None:
        self._tree, self._probes = tree, probes
        self._known = dict.fromkeys(probes, math.nan)

    def values(self, frame: Frame) -> Iterator[tuple[int, float]]:
        known = dict(self._known)
        for step, news in self._news(frame):
            known |= news
            is_true = _truth(self._tree, known)
            yield step, math.nan if is_true is None else float(is_true)

    def keep(self, frame: Frame) -> None:
        for step, news in self._news(frame):
            if step <= frame.t_stop:
                self._known |= news
        for probe in self._probes.values():
            probe.keep(frame)

    def due(self, step: int) -> tuple[Due, ...]:
        return tuple({due for probe in self._probes.values() for due in probe.due(step)})

    def read(self, weights: WeightPicture) -> None:
        for probe in self._probes.values():
            if (weights.step, weights.projection) in probe.due(weights.step - 1):
                probe.read(weights)

    def _news(self, frame: Frame) -> list[tuple[int, dict[str, float]]]:
        """What is new at each step at which anything is."""
        news: dict[int, dict[str, float]] = {}
        for key, probe in self._probes.items():
            for step, value in probe.values(frame):
                news.setdefault(step, {})[key] = value
        return sorted(news.items())


# --- reading ------------------------------------------------------------------------------------


def _parsed(formula: str) -> ast.expr:
    if not isinstance(formula, str) or not 0 < len(formula) <= LONGEST:
        raise SpecError(
            "Holds.formula", f"must be a text of at most {LONGEST} characters",
            got=repr(formula)[:80], remedy=_REMEDY,
        )  # fmt: skip
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SpecError(
            "Holds.formula", "must be a formula", got=repr(formula)[:80], remedy=_REMEDY
        ) from None


def _check_truth(node: ast.expr) -> None:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check_truth(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_truth(operand)
        case ast.Compare(left=left, ops=ops, comparators=others) if all(
            type(op) in _COMPARE for op in ops
        ):
            for each in (left, *others):
                _check_number(each)
        case _:
            raise _refused(node, "must be comparisons, joined with and, or, not")


def _check_number(node: ast.expr) -> None:
    match node:
        case ast.Constant(value=int() | float() as n) if not isinstance(n, bool):
            pass
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _check_number(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check_number(left)
            _check_number(right)
        case ast.Call(func=ast.Name(id="abs"), args=[argument], keywords=[]):
            _check_number(argument)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            if name not in _QUANTITIES:
                raise unknown_name("Holds.formula: quantity", name, (*_QUANTITIES, "abs"))
            if _name_of(argument) is None:
                raise _refused(argument, f"must be the name of what {name} is of")
        case _:
            raise _refused(node, "must be made of numbers, quantities, + - * / and abs")


def _refused(node: ast.expr, expected: str) -> SpecError:
    return SpecError("Holds.formula", expected, got=repr(ast.unparse(node))[:80], remedy=_REMEDY)


def _name_of(node: ast.expr) -> str | None:
    """``exc``, ``exc.V_m`` or ``"exc->inh"``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Constant(value=str() as name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            owner = _name_of(value)
            return None if owner is None else f"{owner}.{attribute}"
    return None


def _calls(tree: ast.expr) -> dict[str, ast.Call]:
    """The quantities of a formula, by their text."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {ast.unparse(call): call for call in calls if _function(call) != "abs"}


def _function(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _condition(call: ast.Call, network: Network) -> Condition:
    """The condition of one quantity that looks at the same; its limits do not matter."""
    of, name = _function(call), str(_name_of(call.args[0]))
    some: Any = {"above": 0.0}
    if of == "rate":
        return RateBeyond(name, **some)
    if of == "cv":
        return CvBeyond(name, **some)
    if of.endswith("_weight"):
        return WeightBeyond(name, **some, of=of.removesuffix("_weight"))
    owner, _, variable = name.rpartition(".")
    return SampleBeyond(_recorder(network, owner, variable), variable, **some, of=of)


def _recorder(network: Network, owner: str, variable: str) -> str:
    """The recorder of this name, or the first one that samples the variable of a population."""
    if any(r.name == owner for r in network.recorders):
        return owner
    network.population(owner)
    for recorder in network.recorders:
        is_of = isinstance(recorder, StateRecorder) and recorder.population == owner
        if is_of and variable in recorder.variables:
            return recorder.name
    raise SpecError(
        "Holds.formula", f"must be of what is recorded of population {owner!r}",
        got=f"{owner}.{variable}",
        remedy=f"Add a recorder: StateRecorder('of {owner}', {owner!r}, ({variable!r},), ...).",
    )  # fmt: skip


# --- computing ----------------------------------------------------------------------------------


def _truth(node: ast.expr, known: dict[str, float]) -> bool | None:
    """Whether it is true; None where that is unknown: a logic of three values, Kleene's."""
    match node:
        case ast.BoolOp(op=op, values=values):
            return _joined([_truth(value, known) for value in values], isinstance(op, ast.Or))
        case ast.UnaryOp(operand=operand):
            is_true = _truth(operand, known)
            return None if is_true is None else not is_true
        case ast.Compare(left=left, ops=ops, comparators=others):
            numbers = [_number(each, known) for each in (left, *others)]
            return _joined(list(map(_compared, ops, numbers, numbers[1:])), False)
    raise _refused(node, "must be a comparison")


def _joined(found: list[bool | None], decisive: bool) -> bool | None:
    """One that is true decides what is joined with `or`, one that is not true with `and`."""
    if decisive in found:
        return decisive
    return None if None in found else not decisive


def _compared(op: ast.cmpop, a: float, b: float) -> bool | None:
    return None if math.isnan(a) or math.isnan(b) else _COMPARE[type(op)](a, b)


def _number(node: ast.expr, known: dict[str, float]) -> float:
    """A number; NaN where it is not known, or a division by zero."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.UnaryOp(op=op, operand=operand):
            number = _number(operand, known)
            return -number if isinstance(op, ast.USub) else number
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _number(left, known), _number(right, known)
            is_nothing = isinstance(op, ast.Div) and b == 0.0
            return math.nan if is_nothing else _BINARY[type(op)](a, b)
        case ast.Call() if _function(node) == "abs":
            return abs(_number(node.args[0], known))
        case ast.Call():
            return known[ast.unparse(node)]
    raise _refused(node, "must be a number")
