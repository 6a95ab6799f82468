"""The table of proofs and limits: what it shows while it fills, and what its buttons ask for."""

from __future__ import annotations

from typing import Any

import pytest

import snnlab
from snnlab import launch
from snnlab.model.network import Network, Population
from snnlab.session import Session
from snnlab_widgets.trust import Trust
from tests.features.session_bench import LIMIT_S, eventually
from tests.networks import balanced
from tests.unwell import FitzHughNagumo


def ask(widget: Any, do: str, **values: Any) -> None:
    widget._answer(widget, {"do": do, **values}, [])


def finished(part: Trust) -> dict[str, Any]:
    assert part.work is not None
    assert part.work.wait(LIMIT_S)
    part.refresh()
    return part.shown


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Session:
    monkeypatch.setattr(launch, "_has_mpi", lambda: False)
    with snnlab.open(balanced(200), name="trusted", threads=1) as session:
        session.run(30).wait(LIMIT_S)
        yield session


def test_a_proof_fills_the_table(running: Session) -> None:
    part = Trust(running)
    assert part.shown["rows"] == []
    ask(part, "prove")
    assert part.shown["title"].startswith("Proof: t = 0 to 200 ms")
    shown = finished(part)
    assert [row["verdict"] for row in shown["rows"]] == ["equal", "reference", "equal"]
    assert shown["summary"] == "The same to the bit: 2 of 2."
    assert not shown["is_busy"]
    part.close()


def test_limits_are_told_with_advice(running: Session) -> None:
    part = Trust(running)
    ask(part, "limit", subject="weights")
    shown = finished(part)
    assert shown["rows"][-1]["verdict"] == "stopped"
    assert "spikes/s" in shown["rows"][0]["aside"]
    assert shown["summary"].startswith("Stopped at weights")
    assert shown["advice"].startswith("Keep the weights")
    ask(part, "limit", subject="colour")
    assert "must be an existing name" in part.error
    part.close()


def test_trouble_of_the_run_is_shown_with_a_way_out() -> None:
    stiff = Network([Population("stiff", 5, FitzHughNagumo)], dt=2.0)
    with snnlab.open(stiff, name="unwell", threads=1) as session:
        part = Trust(session)
        assert part.trouble == ""
        session.run(300)
        assert eventually(lambda: session.trouble is not None)
        part.refresh()
        assert "must be a finite number" in part.trouble
        ask(part, "limit", subject="dt")
        assert "dt=0.5" in finished(part)["advice"]
        part.close()


def test_what_was_begun_ends_with_the_part(running: Session) -> None:
    part = Trust(running)
    part._begin(running.prove(["1 thread"], duration=1e7))
    work = part.work
    ask(part, "cancel")
    assert work.wait(LIMIT_S)
    part._begin(running.prove(["1 thread"], duration=1e7))
    work = part.work
    part.close()
    assert work.wait(LIMIT_S)
