"""Branches in the file of a session: where they left and what was edited; made anew on demand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab import presets
from snnlab.errors import FormatError, SnnlabError, SpecError, StateError
from snnlab.interop.session_file import SavedSession, dumps, loads
from snnlab.session import Holds, RateBeyond, Session
from tests.features.session_bench import LIMIT_S
from tests.networks import balanced


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Session, Session]]:
    """A file, the session that wrote it, and a branch of it that went its own way."""
    path = tmp_path_factory.mktemp("forks") / "run.json"
    with snnlab.open(balanced(300), name="first", threads=1) as session:
        session.run(20).wait(LIMIT_S)
        session.set("g", 3.0).result(LIMIT_S)
        session.run(20).wait(LIMIT_S)
        with session.branch(name="weak") as branch:
            session.set("J", 0.45).result(LIMIT_S)
            session.run(20).wait(LIMIT_S)
            branch.set("J", 0.2).result(LIMIT_S)
            branch.run(10).wait(LIMIT_S)
            branch.undo().result(LIMIT_S)
            branch.run(15).wait(LIMIT_S)
            session.share(path)
            yield path, session, branch


def spikes(session: Session) -> np.ndarray:
    return np.column_stack(session.spikes())


def test_file_says_where_a_branch_left_and_what_was_edited_in_it(shared) -> None:
    data = json.loads(shared[0].read_text())
    (told,) = data["branches"]
    assert (data["format"], told["name"], told["same_edits"]) == (2, "weak", 1)
    assert (told["left_at"], told["left_after"], told["step"]) == (400, 1, 650)
    assert [edit["step"] for edit in told["edits"]] == [400, 500]
    assert loads(shared[0].read_text()).branches[0].run.edits == shared[2].edits


def test_nothing_is_made_again_before_it_is_asked_for(shared) -> None:
    path, _, branch = shared
    with snnlab.open(path, name="again", threads=2) as again:
        assert again.closed_branches == ("weak",)
        assert again.branches == ()
        again.wait(LIMIT_S)
        with again.reopen("weak") as made:
            assert made.wait(LIMIT_S)
            assert (made.parent, made.forked_at, made.name) == (again, 40.0, "weak")
            assert (made.step, made.edits) == (branch.step, branch.edits)
            np.testing.assert_array_equal(spikes(made), spikes(branch))
            assert len(spikes(made)) > 50
            assert again.closed_branches == ()


def test_run_need_not_have_got_there(shared) -> None:
    path, _, branch = shared
    with snnlab.open(path, name="again", threads=1) as again:
        again.pause()
        again.rewind(0)
        with again.reopen("weak") as made:
            assert made.wait(LIMIT_S)
            np.testing.assert_array_equal(spikes(made), spikes(branch))


def test_planted_other_edit_gives_other_spikes(shared) -> None:
    text = shared[0].read_text().replace('"value": 0.2', '"value": 0.25')
    assert text != shared[0].read_text()
    path = shared[0].with_name("other.json")
    path.write_text(text)
    with snnlab.open(path, name="again", threads=1) as again, again.reopen("weak") as made:
        assert made.wait(LIMIT_S)
        assert not np.array_equal(spikes(made), spikes(shared[2]))


def test_branch_that_nobody_opened_is_shared_on(shared) -> None:
    with snnlab.open(shared[0], name="again", threads=1) as again:
        again.wait(LIMIT_S)
        found = loads(again.share()).branches
    assert found == loads(shared[0].read_text()).branches


def test_branch_that_was_put_aside_comes_back() -> None:
    with snnlab.open(balanced(200), name="first", threads=1) as session:
        session.run(10).wait(LIMIT_S)
        branch = session.branch(name="b")
        branch.set("g", 4.0).result(LIMIT_S)
        branch.run(20).wait(LIMIT_S)
        before = spikes(branch)
        session.put_aside(branch)
        assert (session.branches, session.closed_branches) == ((), ("b",))
        with session.reopen("b") as made:
            assert made.wait(LIMIT_S)
            np.testing.assert_array_equal(spikes(made), before)
        with pytest.raises(SpecError, match="branch that is not open"):
            session.reopen("b")


def test_branch_with_another_beginning_is_no_part_of_the_file() -> None:
    with snnlab.open(balanced(200), name="first", threads=1) as session:
        session.run(10).wait(LIMIT_S)
        with session.branch(name="b") as branch:
            branch.set("g", 4.0).result(LIMIT_S)
            branch.reset()
            assert '"branches"' not in session.share()
            with pytest.raises(StateError, match="begins as this session does"):
                session.put_aside(branch)


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Session]]:
    """A file of a session with a branch of a branch, and that one."""
    path = tmp_path_factory.mktemp("nested") / "run.json"
    with snnlab.open(balanced(200), name="first", threads=1) as session:
        session.run(10).wait(LIMIT_S)
        with session.branch(name="b") as branch:
            branch.set("g", 4.0).result(LIMIT_S)
            branch.run(10).wait(LIMIT_S)
            with branch.branch(name="bb") as twig:
                twig.set("g", 3.0).result(LIMIT_S)
                twig.run(15).wait(LIMIT_S)
                branch.run(5).wait(LIMIT_S)
                session.break_when(RateBeyond("exc", above=500.0)).break_when(
                    Holds("rate(exc) > 900 and cv(inh) < 0.1")
                )
                session.share(path)
                yield path, twig


def test_branches_of_branches_come_back_to_the_spike(nested) -> None:
    path, twig = nested
    data = json.loads(path.read_text())
    assert data["format"] == 3
    (told,) = data["branches"][0]["branches"]
    assert (told["name"], told["left_at"], told["same_edits"]) == ("bb", 200, 1)
    with snnlab.open(path, name="again", threads=2) as again:
        again.wait(LIMIT_S)
        assert loads(again.share()) == replace(loads(path.read_text()), name="again")
        with again.reopen("b") as branch:
            assert branch.wait(LIMIT_S)
            assert branch.closed_branches == ("bb",)
            with branch.reopen("bb") as made:
                assert made.wait(LIMIT_S)
                assert (made.parent, made.forked_at, made.edits) == (branch, 20.0, twig.edits)
                np.testing.assert_array_equal(spikes(made), spikes(twig))
                assert len(spikes(made)) > 20


def test_breakpoints_are_in_the_file(nested) -> None:
    with snnlab.open(nested[0], name="again", threads=1) as again:
        assert again.breakpoints == (
            RateBeyond("exc", above=500.0), Holds("rate(exc) > 900 and cv(inh) < 0.1"),
        )  # fmt: skip


def test_breakpoints_of_a_file_let_its_run_be_repeated_and_pause_it_afterwards(
    tmp_path: Path,
) -> None:
    path, always = tmp_path / "run.json", RateBeyond("exc", above=1e-9, window=10.0)
    with snnlab.open(balanced(200), name="first", threads=1) as session:
        session.run(40).wait(LIMIT_S)
        session.break_when(always).share(path)
    with snnlab.open(path, name="again", threads=1) as again:
        assert again.wait(LIMIT_S)
        assert (again.t, again.hit) == (40.0, None)
        again.run(40).wait(LIMIT_S)
        assert again.hit is not None
        assert again.t == 50.0
        again.rewind(0)
        again.run(40).wait(LIMIT_S)
        assert again.t == 10.0


@pytest.mark.parametrize(
    "told",
    [
        {"kind": "rate"}, {"kind": "eval"}, {"kind": "formula", "formula": "1 + 1"},
        {"kind": "rate", "population": "exc", "above": 1.0, "extra": 1},
        {"kind": "spike", "population": "exc", "above": 1.0},
    ],
)  # fmt: skip
def test_breakpoint_that_cannot_be_meant_is_refused(nested, tmp_path: Path, told: Any) -> None:
    data = json.loads(nested[0].read_text())
    data["breakpoints"] = [told]
    path = tmp_path / "spoilt.json"
    path.write_text(json.dumps(data))
    with pytest.raises(SnnlabError, match="breakpoint"):
        snnlab.open(path, name="spoilt", threads=1)


def test_branch_of_a_branch_that_cannot_be_meant_is_refused(nested) -> None:
    data = json.loads(nested[0].read_text())
    data["branches"][0]["branches"][0]["same_edits"] = 5
    with pytest.raises(FormatError, match=r"branches\[0\]\.branches\[0\]"):
        loads(json.dumps(data))


def test_session_without_branches_is_of_the_first_format() -> None:
    with snnlab.open(balanced(100), name="first", threads=1) as session:
        text = session.share()
    assert json.loads(text)["format"] == 1
    assert "branches" not in text


def test_file_of_a_preset_with_five_branches_is_small() -> None:
    with snnlab.open("brunel", N=500, threads=1) as session:
        opened = []
        for k in range(5):
            session.run(2).wait(LIMIT_S)
            session.set("g", 4.0 + k / 7).result(LIMIT_S)
            opened.append(session.branch(name=f"branch {k}"))
            for value in range(10):
                opened[-1].set("eta", 1.5 + value / 7).result(LIMIT_S)
        assert len(session.share().encode()) < 10_000
        for branch in opened:
            branch.close()


SPOILT: list[tuple[str, Any]] = [
    ("left_at", 10), ("left_at", 600), ("left_after", 9), ("same_edits", 7), ("step", 450),
    ("edits", [{"step": 1, "edit": None}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), SPOILT)
def test_branch_that_cannot_be_meant_is_refused(shared, name: str, value: Any) -> None:
    data = json.loads(shared[0].read_text())
    data["branches"][0][name] = value
    with pytest.raises(FormatError, match="branches"):
        loads(json.dumps(data))


def test_branches_survive_text() -> None:
    network = presets.load("brunel", N=500)
    from snnlab.model.edits import SetParameter
    from snnlab.model.fork import Fork
    from snnlab.model.history import Applied
    from snnlab.model.run import Run

    turns = [SetParameter("", "g", 4.0 + k) for k in range(3)]
    run, step = [], 0
    for turn in turns:
        run.append(Applied(turn, turn.inverse(network), step := step + 10))
        network = turn.apply(network)
    start = presets.load("brunel", N=500)
    whole = Run(start, tuple(run), 100)
    forks = (
        Fork("a", 20, 2, Run(start, tuple(run[:2]), 50)), Fork("b", 0, 0, Run(start, (), 7)),
        Fork("c", 100, 3, whole),
    )  # fmt: skip
    saved = SavedSession(whole, "s", branches=forks)
    assert loads(dumps(saved)) == saved
