"""The watcher measures what is due on real commits, and ends in time."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.machine import discover
from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from snnlab.bench.timeline import anchors, main_quantity, series_of
from snnlab.bench.watch import Commit, Reason, Task, Wanted
from snnlab.bench.watch_loop import Watched, Watcher, commits_of, watch
from snnlab.cli import main
from snnlab.errors import SpecError
from tests.bench.commands import sleepy


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


def commit(folder: Path, text: str) -> None:
    (folder / "notes.txt").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-m", text)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    git(folder, "init", "-b", "main")
    sleepy(folder)
    commit(folder, "one")
    return folder


def test_each_commit_is_measured_once(code: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    spec = load_spec(code / "sleepy.yaml").override({"repeats": 1})
    watcher = Watcher(Watched(code, "main", (spec,), store, discover(), most_gaps=5))
    (first,) = watch(watcher.due, watcher.run, interval=0.0, looks=2)
    assert (first[0].reason, first[1]) == (Reason.NEVER_MEASURED, "")
    for text in ("two", "three", "four"):
        commit(code, text)
    reasons = [task.reason for task, _ in watch(watcher.due, watcher.run, interval=0.0, looks=1)]
    assert reasons == [Reason.NEW_COMMIT, Reason.GAP, Reason.GAP]
    assert watcher.due() == ()
    data = store.load()
    measured = set(data["commit"].values)
    assert measured == {c.sha for c in commits_of(code, "main", 10)}
    assert sorted(data["commit_order"].values) == [1, 2, 3, 4]
    assert set(data["series_id"].values) == {first[0].wanted.series_id}


def test_an_anchor_is_measured_in_the_same_rounds(code: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    spec = load_spec(code / "sleepy.yaml").override({"repeats": 2})
    git(code, "tag", "v1")
    watched = Watched(code, "main", (spec,), store, discover(), anchor="v1")
    watcher = Watcher(watched)
    watch(watcher.due, watcher.run, interval=0.0, looks=1)
    for text in ("two", "three"):
        commit(code, text)
        watch(watcher.due, watcher.run, interval=0.0, looks=1)
    assert watcher.due() == ()
    data = store.load()
    # The anchor's own turn, then two versions with the anchor beside each.
    assert data.sizes["record"] == 5
    found, places = series_of(data, main_quantity(data), "sleepy")
    first, *_ = commits_of(code, "main", 10)
    assert [v[:10] for v in found.versions] == [c.sha[:10] for c in commits_of(code, "main", 10)]
    assert np.isnan(found.anchor).tolist() == [True, False, False]
    beside = np.flatnonzero(anchors(data))
    assert {str(data["commit"].values[k]) for k in beside} == {first.sha}
    assert set(beside) | set(places) == set(range(5))
    blocks = data["block"].isel(record=[places[-1], beside[-1]]).values
    assert blocks.tolist() == [[0.0, 1.0]] * 2
    commit(code, "four")
    lost = Watcher(replace(watched, anchor="no-such-tag"))
    with pytest.raises(SpecError, match="rev-parse"):
        lost.run(lost.due()[0])


def test_commits_are_first_parents_in_order(code: Path) -> None:
    for text in ("two", "three"):
        commit(code, text)
    found = commits_of(code, "main", 2)
    assert [c.order for c in found] == [2, 3]
    with pytest.raises(SpecError, match="rev-list"):
        commits_of(code, "no-such-branch", 2)


TASK = Task(Wanted("a", "s"), Commit("c", 1), Reason.NEW_COMMIT)


def test_what_failed_is_not_tried_again() -> None:
    def fails(task: Task) -> None:
        raise SpecError("program", "must run")

    said: list[str] = []
    tried = watch(lambda: [TASK], fails, interval=0.0, looks=3, tell=said.append)
    assert [trouble for _, trouble in tried] == ["program: must run."]
    assert len(said) == 2


def test_nothing_begins_when_the_time_is_over() -> None:
    ran: list[Task] = []
    began = time.monotonic()
    other = Task(Wanted("b", "t"), Commit("c", 1), Reason.NEW_COMMIT)

    def slow(task: Task) -> None:
        ran.append(task)
        time.sleep(0.2)

    said: list[str] = []
    watch(lambda: [TASK, other], slow, interval=60.0, until=began + 0.1, tell=said.append)
    assert ran == [TASK]
    assert "left for the next time" in said[-1]
    watch(list, slow, interval=60.0, until=time.monotonic() + 0.1)
    assert time.monotonic() - began < 10.0


def test_command_lists_and_measures(
    code: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "watch", str(code / "sleepy.yaml"), "--repository", str(code),
             "--store", str(tmp_path / "store"), "--set", "repeats=1"]  # fmt: skip
    assert main([*words, "--list"]) == 0
    assert "never measured here" in capsys.readouterr().out
    assert main([*words, "--looks", "1"]) == 0
    capsys.readouterr()
    assert main([*words, "--list"]) == 0
    assert capsys.readouterr().out == ""
