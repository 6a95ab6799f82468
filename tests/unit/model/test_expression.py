"""Expressions are arithmetic on knobs, and nothing else."""

import math

import pytest

from snnlab.errors import SpecError
from snnlab.model.expression import evaluate, names_in

KNOBS = {"g": 5.0, "J": 0.1}


def value(text):
    return evaluate(text, KNOBS, "mV", where="w")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-g * J", -0.5),
        ("2 + 3 * g", 17.0),
        ("(2 + 3) * g", 25.0),
        ("g ** 2 / 4", 6.25),
        ("sqrt(g) * exp(-J) + log(2) - abs(-3)", math.sqrt(5) * math.exp(-0.1) + math.log(2) - 3),
        ("+J", 0.1),
        ("1.5 mV", 1.5),
        ("0.002 V", 2.0),
        ("7", 7.0),
        (7, 7.0),
    ],
)
def test_value(text, expected):
    assert value(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "g.real",
        "[g][0]",
        "lambda: g",
        "g if J else 1",
        "'text' * 2",
        "True + 1",
        "min(g, J)",
        "sqrt(g, J)",
        "sqrt(x=g)",
        "g @ J",
        "g; J",
        "(-1) ** 0.5",
        "1e308 * 1e308",
        "sqrt(-1)",
        "1 / (J - J)",
        "9 ** 9 ** 9 ** 9",
        "J +" + " J +" * 100,
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(SpecError) as caught:
        value(text)
    assert caught.value.where == "w"


def test_names():
    assert names_in("-g * sqrt(J)", where="w") == {"g", "J"}
    assert names_in("1 mV", where="w") == set()
    assert names_in(3.0, where="w") == set()
