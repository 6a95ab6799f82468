"""If-conversion: no branches are left, and nothing else has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from snnlab.rules.select import without_branches
from snnlab.rules.tree import Assign, If, Select, walk
from tests.unit.rules.interpreter import run
from tests.unit.rules.test_parse import parsed

DEBUG = False


def nested(state, p, input):  # type: ignore[no-untyped-def]
    if state.x > 0:
        if state.y > 0:
            state.x -= 1
            step = state.x
        else:
            step = 3.0
            state.y = step * 2
    elif state.x < -1:
        step = state.y
    else:
        step = 0.5
    state.y += step


def swap(state, p, input):  # type: ignore[no-untyped-def]
    if state.x < state.y:
        old = state.x
        state.x = state.y
        state.y = old


def looped(state, p, input):  # type: ignore[no-untyped-def]
    total = state.y
    if state.x > 0:
        for i in range(3):
            if i > state.x:
                total += i
            else:
                total -= state.x
    state.y = total if total > 1 else -total


def assigned_in_a_loop(state, p, input):  # type: ignore[no-untyped-def]
    for i in range(2):
        last = i * state.x
    if state.y > 0:
        last = state.y
    state.x = last


def unused(state, p, input):  # type: ignore[no-untyped-def]
    if state.x > 0:
        never_read = state.y
        state.x = never_read
    if DEBUG:
        state.x = 99


def early(state, p, input):  # type: ignore[no-untyped-def]
    if state.x < 0:
        state.x = 0
        return
    if state.y < 0:
        state.y = 0
        return
    state.x = min(state.x, state.y)


FUNCTIONS = [nested, swap, looped, assigned_in_a_loop, unused, early]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_the_meaning_stays(function: Callable[..., Any]) -> None:
    program = parsed(function)
    converted = without_branches(program)
    for x, y in np.random.default_rng(3).uniform(-3, 3, (200, 2)):
        start = {"state.x": x, "state.y": y}
        before, after = run(program, dict(start)), run(converted, dict(start))
        assert {n: after[n] for n in start} == {n: before[n] for n in start}


@pytest.mark.parametrize("function", [nested, swap, unused, early], ids=lambda f: f.__name__)
def test_no_branch_is_left(function: Callable[..., Any]) -> None:
    converted = without_branches(parsed(function))
    assert all(isinstance(s, Assign) for s in converted)
    assert any(isinstance(n, Select) for n in walk(*converted))


def test_a_branch_around_a_loop_is_left() -> None:
    converted = without_branches(parsed(looped))
    assert sum(isinstance(n, If) for n in walk(*converted)) == 1


def test_a_constant_condition_is_decided() -> None:
    assert not any(getattr(n, "value", None) == 99 for n in walk(*without_branches(parsed(unused))))
