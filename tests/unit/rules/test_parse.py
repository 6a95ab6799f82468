"""From a plain Python function to the typed tree."""

from __future__ import annotations

import ast
import linecache
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from snnlab.model.neuron import Neuron
from snnlab.model.parameter import State
from snnlab.rules.kernel import compile_block_kernel
from snnlab.rules.parse import parse_function
from snnlab.rules.returns import without_early_returns
from snnlab.rules.scope import Space
from snnlab.rules.tree import (
    Assign,
    Binary,
    Call,
    Cast,
    Compare,
    Const,
    Draw,
    Expr,
    Field,
    For,
    If,
    Local,
    Logic,
    Power,
    Select,
    Statement,
    Type,
    walk,
)
from tests.unit.rules.interpreter import run

GAIN = 2.5
COUNT = np.int64(3)
X, Y = Field("state", "x"), Field("state", "y")
SPACES = (
    Space("state", "a state variable", frozenset("xy"), writable=True),
    Space("p", "a parameter", frozenset("ab")),
    Space("input", "a port", frozenset(["syn"])),
)


def parsed(function: Callable[..., Any]) -> tuple[Statement, ...]:
    return parse_function(function, f"Test.{function.__name__}", SPACES, {})


def value(function: Callable[..., Any]) -> Expr:
    """The expression that the last statement assigns."""
    last = parsed(function)[-1]
    assert isinstance(last, Assign)
    return last.value


def test_arithmetic_is_brought_to_one_type() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = p.a * 2 + input.syn

    product = Binary("*", Field("p", "a"), Const(2.0, Type.REAL), Type.REAL)
    assert value(update) == Binary("+", product, Field("input", "syn"), Type.REAL)


def test_constants_are_folded_as_python_would() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = state.y * (1 / 3 + math.pi * GAIN) + COUNT // 2 - abs(-1.5)

    constants = [n.value for n in walk(*parsed(update)) if isinstance(n, Const)]
    assert constants == [1 / 3 + math.pi * 2.5, 1.0, 1.5]


def test_constants_of_an_enclosing_function_are_read() -> None:
    inner = 7

    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = inner

    assert value(update) == Const(7.0, Type.REAL)


def test_a_variable_that_meets_a_real_is_real_everywhere() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        total = 0
        for _ in range(3):
            total = total + state.x
        state.y = total

    first, loop, last = parsed(update)
    total = Local("update.total", Type.REAL)
    assert first == Assign(total, Const(0.0, Type.REAL))
    assert isinstance(loop, For)
    assert loop.body == (Assign(total, Binary("+", total, X, Type.REAL)),)
    assert last == Assign(Y, total)


def test_a_whole_variable_stays_whole() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        n = 0
        for i in range(4):
            n += i
        state.x = n

    assert value(update) == Cast(Local("update.n", Type.INT))


def test_powers() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = state.x**2 + state.x**-1 + state.x**0.5 + state.x**p.a + state.x**1

    nodes = list(walk(value(update)))
    assert Power(X, 2, Type.REAL) in nodes
    assert Binary("/", Const(1.0, Type.REAL), X, Type.REAL) in nodes
    assert Call("sqrt", (X,), Type.REAL) in nodes
    assert any(isinstance(n, Call) and n.name == "exp" for n in nodes)


def test_chained_comparisons() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = 1 if 0 < state.x <= p.a else 2

    select = value(update)
    assert isinstance(select, Cast)
    assert isinstance(select.operand, Select)
    left = Compare("<", Const(0.0, Type.REAL), X)
    assert select.operand.condition == Logic("and", left, Compare("<=", X, Field("p", "a")))


def test_functions_by_any_import() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = math.exp(state.x) + np.exp(state.x) + math.fabs(state.x) + np.maximum(0, state.y)

    names = [n.name for n in walk(value(update)) if isinstance(n, Call)]
    assert names == ["exp", "exp", "abs", "max"]


def test_every_random_draw_has_its_own_site() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        state.x = uniform() + uniform()  # type: ignore[name-defined]  # noqa: F821
        for _ in range(2):
            state.x += normal()  # type: ignore[name-defined]  # noqa: F821
        state.y = poisson(3)  # type: ignore[name-defined]  # noqa: F821

    draws = [n for n in walk(*parsed(update)) if isinstance(n, Draw)]
    assert [d.site for d in draws] == [0, 1, 2, 3]
    assert [d.in_loop for d in draws] == [False, False, True, False]
    assert draws[3].type is Type.INT


def test_early_returns_become_branches() -> None:
    body = ast.parse("if a:\n  if b:\n    return\n  c\nelif d:\n  return\ne\nreturn\nf").body
    new = ast.unparse(ast.Module(without_early_returns(body), []))
    expected = "if a: if b: return else: c e return elif d: return else: e return"
    assert " ".join(new.split()) == expected


def test_early_return_skips_the_rest() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        if state.x > 0:
            state.y = 1
            if state.x > 1:
                return
            state.y = 2
        state.x = -state.x

    def result(x: float) -> tuple[float, float]:
        values = run(parsed(update), {"state.x": x, "state.y": 0.0})
        return values["state.x"], values["state.y"]

    assert [result(x) for x in (2.0, 0.5, -1.0)] == [(2.0, 1.0), (-0.5, 2.0), (1.0, 0.0)]


def test_a_branch_keeps_both_sides() -> None:
    def update(state, p, input):  # type: ignore[no-untyped-def]
        if state.x > 0 or not state.y < 1:
            state.x = 1.0
        else:
            state.y = 2.0

    (branch,) = parsed(update)
    assert isinstance(branch, If)
    assert branch.then == (Assign(X, Const(1.0, Type.REAL)),)
    assert branch.orelse == (Assign(Y, Const(2.0, Type.REAL)),)


CELL = '''
from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
from snnlab.rules.intrinsics import exp

class CellNeuron(Neuron):
    """Defined in a notebook cell."""

    tau = Parameter(10.0, "ms")
    V_m = State(0.0, "mV")
    syn = Receptor("mV")

    @staticmethod
    def update(state, p, input):
        # A comment that is less indented than the code
    # is no trouble.
        state.V_m = state.V_m * exp(-1 / p.tau) + input.syn

    @staticmethod
    def threshold(state, p):
        return state.V_m > 1
'''


def run_cell(text: str, name: str = "<ipython-input-1-abcdef>") -> dict[str, Any]:
    """Execute source as a notebook does: compiled under a name that only linecache knows."""
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), scope)  # noqa: S102
    return scope


def test_a_model_from_a_notebook_cell_compiles() -> None:
    kernel = compile_block_kernel(run_cell(CELL)["CellNeuron"])
    assert kernel.parameter_names == ("tau",)
    assert kernel.port_names == ("syn",)


def test_a_cell_run_again_gives_the_new_behaviour() -> None:
    first = compile_block_kernel(run_cell(CELL)["CellNeuron"])
    again = compile_block_kernel(run_cell(CELL.replace("> 1", "> 2"), "<cell 2>")["CellNeuron"])
    assert first.source != again.source
    assert first.address != again.address


def test_inherited_functions_are_read() -> None:
    class Parent(Neuron):
        V_m = State(0.0)

        @staticmethod
        def update(state: Any, p: Any, input: Any) -> None:
            state.V_m += 1

    class Child(Parent):
        @staticmethod
        def threshold(state: Any, p: Any) -> Any:
            return state.V_m > 3

    assert compile_block_kernel(Child).state_names == ("V_m",)
