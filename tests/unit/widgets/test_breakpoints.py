"""Breakpoints of the page are the session's; what cannot be meant is said where it was asked."""

from __future__ import annotations

import pytest

import snnlab
from snnlab.session import (
    CvBeyond,
    Holds,
    RateBeyond,
    SampleBeyond,
    Session,
    SpikeOf,
    WeightBeyond,
)
from snnlab_widgets.breakpoints import Breakpoints, condition_text
from tests.networks import balanced
from tests.unit.widgets.test_page import ask


@pytest.fixture
def part(session: Session) -> Breakpoints:
    return Breakpoints(session)


def texts(part: Breakpoints) -> list[str]:
    return [each["text"] for each in part.placed]


def test_everything_that_is_there_is_offered(part: Breakpoints) -> None:
    assert [q["text"] for q in part.quantities] == [
        "rate of exc", "rate of inh", "CV of exc", "CV of inh", "mean of V_m in electrode",
        "min of V_m in electrode", "max of V_m in electrode", "spike of exc", "spike of inh",
        "formula",
    ]  # fmt: skip
    assert [q["unit"] for q in part.quantities][1:5] == ["Hz", "", "", "mV"]


def test_weights_of_every_projection_are_offered() -> None:
    with snnlab.open(balanced(60), threads=1) as session:
        part = Breakpoints(session)
        names = [p.name for p in session.network.projections]
        text = f"max weight of {names[0]}"
        assert {q["text"]: q["unit"] for q in part.quantities}[text] == "mV"
        ask(part, "add", what=text, relation="above", value=3)
        assert session.breakpoints == (WeightBeyond(names[0], above=3.0, of="max"),)
        assert texts(part) == [f"{text} above 3, every 100 ms"]


def test_a_formula_and_a_cv_are_the_session_s(part: Breakpoints, session: Session) -> None:
    formula = "cv(exc) > 0.5 and mean(electrode.V_m) < -50"
    ask(part, "add", what="formula", formula=formula)
    ask(part, "add", what="CV of inh", relation="below", value=0.4)
    assert session.breakpoints == (Holds(formula), CvBeyond("inh", below=0.4))
    assert texts(part) == [formula, "CV of inh below 0.4, over 1000 ms"]


def test_they_are_the_session_s(part: Breakpoints, session: Session) -> None:
    ask(part, "add", what="rate of exc", relation="above", value=50)
    ask(part, "add", what="max of V_m in electrode", relation="below", value=-80.5)
    ask(part, "add", what="spike of inh", relation="above", value=3)
    assert session.breakpoints == (
        RateBeyond("exc", above=50.0, window=100.0),
        SampleBeyond("electrode", "V_m", below=-80.5, of="max"),
        SpikeOf("inh", 3),
    )
    assert texts(part) == [
        "rate of exc above 50 Hz, over 100 ms", "max of V_m in electrode below -80.5",
        "spike of neuron 3 of inh",
    ]  # fmt: skip
    ask(part, "remove", place=1)
    assert len(session.breakpoints) == 2
    assert texts(part)[1] == "spike of neuron 3 of inh"
    ask(part, "remove", place=7)  # somebody else was faster
    assert part.error == ""


def test_what_has_paused_the_run_is_told(part: Breakpoints, session: Session) -> None:
    ask(part, "add", what="mean of V_m in electrode", relation="below", value=0.0)
    session.run(10.0).wait(20)
    part.refresh()
    assert session.hit is not None
    assert part.placed[0]["is_hit"]
    assert part.hit.startswith("the mean of V_m in 'electrode' is -")
    assert part.hit.endswith(f"t = {session.t:g} ms")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"what": "rate of nobody", "relation": "above", "value": 1.0}, "quantity"),
        ({"what": "formula", "formula": "rate(exc)"}, "must be comparisons"),
        ({"what": "rate of exc", "relation": "beside", "value": 1.0}, "relation"),
        ({"what": "rate of exc", "relation": "above", "value": None}, "must have a number"),
        ({"what": "spike of exc", "relation": "above", "value": 80}, "must be from 0 to 79"),
        ({"what": "spike of exc", "relation": "above", "value": 0.5}, "must be a whole number"),
    ],
)
def test_what_cannot_be_meant_is_said(
    part: Breakpoints, session: Session, asked: dict[str, object], words: str
) -> None:
    ask(part, "add", **asked)
    assert words in part.error
    assert session.breakpoints == ()
    ask(part, "add", what="rate of exc", relation="above", value=50)
    assert part.error == ""


def test_conditions_of_other_kinds_are_listed_too(part: Breakpoints, session: Session) -> None:
    session.break_when(RateBeyond("inh", below=1.0, window=500.0))
    part.refresh()
    assert texts(part) == ["rate of inh below 1 Hz, over 500 ms"]
    assert condition_text(SpikeOf("exc")) == "spike of neuron 0 of exc"
