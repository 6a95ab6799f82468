"""Errors of the rule language: file, line, the line itself, a caret, and what to use instead."""

from __future__ import annotations

import linecache
import textwrap
from typing import Any

import pytest

from snnlab.errors import RuleError
from snnlab.rules.kernel import compile_block_kernel

FILE = "<cell 7>"
HEAD = """
from snnlab.model.neuron import Neuron
from snnlab.model.parameter import Parameter, Receptor, State
import math
names = ["V_m"]

def tanh(x):
    return x

class Mine(Neuron):
    tau_m = Parameter(10.0, "ms")
    V_m = State(0.0, "mV")
    refractory = State(0.0)
    syn = Receptor("mV")
"""
UPDATE = """
    @staticmethod
    def update(state, p, input):
{body}
"""
FIRST_LINE = HEAD.count("\n") + UPDATE.count("\n", 0, UPDATE.index("{")) + 1


def model(body: str, more: str = UPDATE) -> Any:
    """A model whose update has this body, defined as in a notebook cell."""
    text = HEAD + more.format(body=textwrap.indent(textwrap.dedent(body).strip(), " " * 8))
    linecache.cache[FILE] = (len(text), None, text.splitlines(keepends=True), FILE)
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(text, FILE, "exec"), scope)  # noqa: S102
    return scope["Mine"]


def error(body: str, more: str = UPDATE) -> RuleError:
    with pytest.raises(RuleError) as caught:
        compile_block_kernel(model(body, more))
    return caught.value


def test_the_whole_message() -> None:
    found = error("state.V_m = 0\nwhile state.V_m > 1:\n    state.V_m -= 1")
    assert str(found) == (
        "Mine.update: must not use while (got 'while state.V_m > 1:').\n"
        f'File "{FILE}", line {FIRST_LINE + 1}\n'
        "    while state.V_m > 1:\n"
        "    ^^^^^^^^^^^^^^^^^^^^\n"
        "Use a loop of known length: for i in range(n)."
    )


KINDS = "1 if p.tau_m > 0 else p.tau_m > 1"
# Body, the text under the carets, what was expected, the remedy.
CASES = [
    ("state.v_m += 1", "state.v_m", "a state variable of Mine that exists", "'V_m'"),
    ("state.V_m = p.tau_n", "p.tau_n", "a parameter or derived constant of Mine", "'tau_m'"),
    ("state.V_m = input.sin", "input.sin", "a port of Mine that exists", "'syn'"),
    ("state.V_m = refractry", "refractry", "a name that exists", "'state.refractory'"),
    ("state.V_m = V_m", "V_m", "a name that exists", "'state.V_m'"),
    ("state.V_m = zzz", "zzz", "a name that exists", "Valid names: abs, "),
    ("p.tau_m = 3", "p.tau_m", "must not assign to a parameter", "in a State"),
    ("input.syn += 3", "input.syn", "must not assign to a port", "in a State"),
    ("if state.V_m:\n    pass", "state.V_m", "true or false, not a number", "state.V_m > 0"),
    ("state.V_m = 2 * (p.tau_m > 1)", "p.tau_m > 1", "a number, not a truth value", "1.0 if"),
    ("state.V_m = p.tau_m > 1", "state.V_m = p.tau_m > 1", "give the state a number", "1.0 if"),
    ("x = 1\nx = p.tau_m > 1", "x", "either a number or a truth value", "two variables"),
    ("if p.tau_m > 1:\n    x = 1\nstate.V_m = x", "x", "a value on every path", "Assign x before"),
    ("for i in range(poisson(1)):\n    x = i\nstate.V_m = x", "x", "a value on every path", "loop"),
    ("state.V_m = sin(p.tau_m)", "sin", "a function of the rule language", "exp, floor"),
    ("state.V_m = math.expm1(1)", "math.expm1", "a function of the rule language", "exp(x) - 1"),
    ("state.V_m = round(p.tau_m)", "round", "a function of the rule language", "floor(x + 0.5)"),
    ("state.V_m = tanh(p.tau_m)", "tanh", "the function of the rule language", "import tanh"),
    ("state.V_m = exp(1, p.tau_m)", "exp(1, p.tau_m)", "must be called as exp(x)", "positional"),
    ("state.V_m = names", "names", "must be a number, not a list", "declare a Parameter"),
    ("state.V_m = p", "p", "must be used with an attribute", "p.tau_m"),
    ("state.V_m = p.tau_m.real", "p.tau_m.real", "an attribute of state, p, input", "Parameter"),
    ("state.V_m = [1, 2][0]", "[1, 2][0]", "must not use indexing", "single numbers"),
    ("x = 'a'", "'a'", "must not use strings or None", "only computes numbers"),
    ("x, y = 1, 2", "x, y = 1, 2", "one name at a time", "one assignment per line"),
    ("x: float = 1", "x: float = 1", "must not use annotations", "plain assignment"),
    ("state = 1", "state", "must not assign to an argument", "another name"),
    ("state.V_m", "state.V_m", "do something with the value", "Assign it"),
    ("return state.V_m", "return state.V_m", "must not return a value", "Assign the result"),
    ("for i in names:\n    pass", "names", "must loop over range(...)", "for i in range(n)"),
    ("for i in range(p.tau_m):\n    pass", "p.tau_m", "a whole number, not a real", "literals"),
    ("for i in range(3):\n    return", "return", "not return from inside a loop", "local"),
    ("for i in range(3):\n    break", "break", "must not use break", "under an if"),
    ("for i in range(0, 3, 0):\n    pass", "0", "a constant step", "range(0, n, 2)"),
    ("try:\n    pass\nfinally:\n    pass", "try:", "must not use try", "test them with if"),
    ("def f():\n    pass", "def f():", "must not use functions of its own", "where it is used"),
    ("state.V_m = state.V_m is 3", "state.V_m is 3", "must not use 'is' or 'in'", "=="),
    ("state.V_m = 1 // 0", "1 // 0", "must be a number that can be computed", "by zero"),
    ("state.V_m = state.V_m ** 1.7", "1.7", "0.5, a variable, or a whole", "exp(y * log(x))"),
    ("state.V_m = 3 & 4", "3 & 4", "must not use bit operations", "+ - * /"),
    (f"x = {KINDS}", KINDS, "two values of one kind", "a truth value"),
    ("ü = 'µ' + state.V_m; state.V_m = zz", "'µ'", "must not use strings", "only computes numbers"),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize(("body", "under", "expected", "remedy"), CASES, ids=lambda c: c[:30])
def test_a_caret_under_the_construct(body: str, under: str, expected: str, remedy: str) -> None:
    found = error(body)
    assert found.where == "Mine.update"
    assert expected in found.expected
    assert remedy in found.remedy
    place, line, carets = found.context.splitlines()
    number = int(place.rpartition(" ")[2])
    assert place == f'File "{FILE}", line {number}'
    assert line.strip() == linecache.getline(FILE, number).strip()
    assert line[carets.index("^") : carets.rindex("^") + 1] == under


def test_a_threshold_must_return_on_every_path() -> None:
    threshold = "    @staticmethod\n    def threshold(state, p):\n{body}\n"
    found = error("if state.V_m > 1:\n    return True", threshold)
    assert found.expected == "must return a truth value on every path"
    assert "def threshold(state, p):" in found.context
    found = error("return state.V_m", threshold)
    assert found.expected == "must be true or false, not a number"


def test_wrong_arguments() -> None:
    found = error("pass", "    @staticmethod\n    def update(self, state, p, input):\n{body}\n")
    assert found.expected == "must have the arguments (state, p, input)"
    assert found.got == "(self, state, p, input)"
    assert found.remedy == "Write a static method: def update(state, p, input)."


def test_a_lambda() -> None:
    found = error("", "    threshold = staticmethod(lambda state, p: state.V_m > 1)\n")
    assert found.expected == "must be written as a def"
    assert found.remedy == "Write a static method with def instead of a lambda."


def test_source_that_cannot_be_read() -> None:
    scope: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(HEAD + UPDATE.format(body="        pass"), "<nowhere>", "exec"), scope)  # noqa: S102
    with pytest.raises(RuleError, match="must be a Python function whose source can be read"):
        compile_block_kernel(scope["Mine"])


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_every_message_is_made_of_sentences() -> None:
    for body, *_ in CASES:
        found = error(body)
        assert found.remedy.endswith((".", "?"))
        assert found.got
