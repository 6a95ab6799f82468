"""The list of edits, undo and redo, branches, and the files that a run is kept in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import snnlab
from snnlab.model.edits import Lesion, RemovePopulation, SetParameter, Several
from snnlab.session import Session
from snnlab_widgets.branching import Branching, comparison_of
from snnlab_widgets.edit_text import edit_text
from tests.features.session_bench import LIMIT_S, eventually
from tests.networks import balanced


def ask(widget: Any, do: str, **values: Any) -> None:
    widget._answer(widget, {"do": do, **values}, [])


@pytest.fixture
def running() -> Session:
    with snnlab.open(balanced(200), name="trunk", threads=1) as session:
        session.run(30).wait(LIMIT_S)
        session.set("g", 4.0).result(LIMIT_S)
        session.run(30).wait(LIMIT_S)
        yield session


def test_edits_are_listed_with_undo_and_redo(running: Session) -> None:
    part = Branching(running)
    assert part.history["entries"] == [{"n": 1, "t": 30.0, "text": "g = 4", "how": "made"}]
    ask(part, "undo")
    assert eventually(lambda: part.history["can_redo"])
    assert [e["how"] for e in part.history["entries"]] == ["made", "undone"]
    ask(part, "redo")
    assert eventually(lambda: running.network.knob("g").value == 4.0)
    ask(part, "rewind", t=10.0)
    assert eventually(lambda: running.t == 10.0)
    part.refresh()
    assert part.history["entries"] == []
    ask(part, "undo")
    assert part.note["is_error"]


def test_branch_is_made_changed_caught_up_and_compared(running: Session) -> None:
    part = Branching(running)
    ask(part, "branch", name="g = 8")
    assert eventually(lambda: [b["name"] for b in part.branches] == ["g = 8"])
    ask(part, "branch", name="g = 8")
    assert eventually(lambda: [b["name"] for b in part.branches] == ["g = 8", "g = 8 2"])
    ask(part, "try", branch="g = 8", target="", name="g", text="8")
    running.run(40).wait(LIMIT_S)
    ask(part, "catch_up", branch="g = 8")
    branch = running.branches[0]
    assert eventually(lambda: branch.t == running.t)
    part.refresh()
    told = part.comparison
    assert [c["name"] for c in told["curves"]] == ["trunk", "g = 8"]
    assert 60.0 < told["parts_at"] <= 100.0
    assert (told["t_start"], told["t_stop"]) == (60.0, 100.0)
    assert branch.network.knob("g").value == 8.0
    ask(part, "compare", branch="g = 8")
    assert part.comparison == {}
    ask(part, "drop", branch="g = 8")
    assert [b["name"] for b in part.branches] == ["g = 8 2"]
    ask(part, "compare", branch="g = 8")
    assert part.note["is_error"]
    part.close()
    assert running.branches == ()


def test_branch_without_a_change_does_not_part(running: Session) -> None:
    with running.branch(name="same") as branch:
        running.run(20).wait(LIMIT_S)
        branch.run(20).wait(LIMIT_S)
        assert comparison_of(running, branch)["parts_at"] is None


def test_run_is_kept_in_files_that_are_never_written_over(running: Session, tmp_path: Path) -> None:
    part = Branching(running, folder=tmp_path)
    for kind, names in (("share", ["trunk.json"]), ("share", ["trunk_2.json"]),
                        ("script", ["trunk.py"]), ("methods", ["trunk.md"])):  # fmt: skip
        ask(part, "keep", kind=kind)
        assert eventually(lambda names=names: all((tmp_path / n).exists() for n in names))
    assert (tmp_path / "trunk.json").read_text() == (tmp_path / "trunk_2.json").read_text()
    ask(part, "keep", kind="pickle")
    assert part.note["is_error"]


def test_name_like_a_path_stays_in_the_folder(tmp_path: Path) -> None:
    with snnlab.open(balanced(100), name="../../evil", threads=1) as session:
        part = Branching(session, folder=tmp_path)
        ask(part, "keep", kind="share")
        assert eventually((tmp_path / "evil.json").exists)
        assert [p.name for p in tmp_path.iterdir()] == ["evil.json"]


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (SetParameter("", "g", 6.0), "g = 6"),
        (SetParameter("exc", "tau_m", "15 ms"), "exc.tau_m = 15 ms"),
        (RemovePopulation("inh"), "remove inh"),
        (Lesion("exc", range(3)), "lesion exc"),
        (Several((SetParameter("", "g", 6.0), RemovePopulation("inh"))), "g = 6, remove inh"),
    ],
)
def test_edits_in_words(edit: Any, text: str) -> None:
    assert edit_text(edit) == text


def test_branches_outlive_the_page(running: Session) -> None:
    part = Branching(running)
    ask(part, "branch", name="b")
    assert eventually(lambda: len(running.branches) == 1)
    running.branches[0].set("g", 8.0).result(LIMIT_S)
    part.close()
    assert running.closed_branches == ("b",)
    part = Branching(running)
    assert [(b["name"], b["state"], b["n_edits"]) for b in part.branches] == [("b", "not open", 2)]
    ask(part, "compare", branch="b")
    assert eventually(lambda: [b["is_compared"] for b in part.branches] == [True])
    assert [b.network.knob("g").value for b in running.branches] == [8.0]
    ask(part, "drop", branch="b")
    assert (running.closed_branches, part.branches) == ((), [])
    part.close()
