"""Any network comes back from its Python text as it was, and no name in it runs anything."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given, settings

import snnlab
from snnlab import presets
from snnlab.interop.python_text import WIDTH, names_in, python_text
from snnlab.model.network import Network
from tests.properties.random_networks import networks


def evaluated(value: Any) -> Any:
    """What the text makes, with nothing but the names that it says it needs."""
    text = f"made = {python_text(value, 'made = ')}"
    names = {name: getattr(snnlab, name) for name in names_in(value)}
    exec(text, names)  # noqa: S102
    return names["made"]


@settings(max_examples=150)
@given(networks())
def test_network_comes_back_identical(network: Network) -> None:
    assert evaluated(network) == network


@pytest.mark.parametrize("name", presets.names())
def test_presets_come_back_identical(name: str) -> None:
    network = presets.load(name)
    assert evaluated(network) == network


def test_lines_are_divided_where_they_are_long() -> None:
    text = python_text(presets.load("microcircuit"), "network = ")
    assert max(map(len, text.splitlines())) <= WIDTH
    assert all(len(line) - len(line.lstrip()) <= 16 for line in text.splitlines())


@pytest.mark.parametrize(
    "name", ['"""', "'); raise SystemExit(3) #", "\\", "\n__import__('os')\n", "{0}%s", "\u202e"]
)
def test_hostile_texts_stay_texts(name: str) -> None:
    """The text has calls of the classes named, and nothing else."""
    network = Network(
        [snnlab.Population("exc", 3)], name="hostile", description=name, source=name,
        knobs=[snnlab.Knob("g", 1.0, snnlab.Parameter(1.0, doc=name))],
    )  # fmt: skip
    called = {
        node.func.id
        for node in ast.walk(ast.parse(python_text(network)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called == names_in(network) == {"Network", "Population", "Knob", "Parameter"}
    assert evaluated(network) == network
