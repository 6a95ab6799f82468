"""A file that is renewed while a session runs: always whole, and the run goes on from it."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from snnlab import launch
from snnlab.errors import FormatError, NumericalInstability, SpecError
from snnlab.interop.checkpoint_file import load_checkpoint
from snnlab.session import Session
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually, same
from tests.features.test_session_rewind import Unstable


def step_in(path: Path) -> int:
    """Step of the state in a file; -1 if there is none, as while it is put aside."""
    try:
        return load_checkpoint(path).step
    except (FormatError, OSError):
        # It may have come since; what is there now is whole.
        return load_checkpoint(path).step if path.exists() else -1


def hasten(session: Session) -> None:
    """Save as often as possible."""
    interval = session._simulation.keeper._autosave.interval
    interval._every_s, interval._wait_s, interval._largest_share = 0.0, 0.0, np.inf


def test_a_pause_and_the_end_leave_the_state_in_the_file(make_engine, tmp_path) -> None:
    folder = tmp_path / "new" / "folder"
    path = folder / "a_b.checkpoint"
    with Session(make_engine(balanced()), name="a/b", autosave=folder) as session:
        session.run(20).wait(LIMIT_S)
        assert eventually(lambda: step_in(path) == 200)
        session.set("g", 4.0).result(LIMIT_S)
        session.run()
        assert eventually(lambda: session.step > 300)
    assert step_in(path) == session.step
    assert load_checkpoint(path).network.knob("g").value == 4.0
    assert [p.name for p in folder.iterdir()] == ["a_b.checkpoint"]
    assert not [t for t in threading.enumerate() if t.name == "autosave a/b"]


def test_an_edit_in_a_pause_is_not_lost(tmp_path) -> None:
    path = tmp_path / "run.checkpoint"
    with Session(ReferenceEngine(balanced()), name="run", autosave=tmp_path) as session:
        session.run(20).wait(LIMIT_S)
        assert eventually(lambda: step_in(path) == 200)
        session.set("g", 4.0).result(LIMIT_S)
        assert eventually(lambda: load_checkpoint(path).network.knob("g").value == 4.0)
        session.rewind(10)
        assert eventually(lambda: step_in(path) == 100)
        assert load_checkpoint(path).edits == ()


def test_opening_once_more_keeps_the_state_before_a_crash(tmp_path) -> None:
    path, previous = (tmp_path / f"run{k}.checkpoint" for k in ("", ".previous"))
    for t in (20, 10):
        with Session(ReferenceEngine(balanced()), name="run", autosave=tmp_path) as session:
            assert not session.edits
            session.run(t).wait(LIMIT_S)
            assert eventually(lambda t=t: step_in(path) == 10 * t)
            session.run(t).wait(LIMIT_S)
    assert (step_in(path), step_in(previous)) == (200, 400)
    with Session(ReferenceEngine(balanced()), name="run", autosave=tmp_path):
        pass
    assert (step_in(path), step_in(previous)) == (200, 400)


def test_a_running_session_renews_its_file(tmp_path) -> None:
    path = tmp_path / "run.checkpoint"
    with Session(ReferenceEngine(balanced()), name="run", autosave=tmp_path) as session:
        hasten(session)
        session.run()
        assert eventually(lambda: step_in(path) > 0)
        seen = step_in(path)
        assert eventually(lambda: step_in(path) > seen)


def test_without_running_nothing_is_written(tmp_path) -> None:
    with Session(ReferenceEngine(balanced()), autosave=None) as session:
        session.run(5).wait(LIMIT_S)
    assert not [t for t in threading.enumerate() if t.name.startswith("autosave")]


def test_what_cannot_be_written_is_told_and_tried_again(tmp_path) -> None:
    folder = tmp_path / "disk"
    with Session(ReferenceEngine(balanced()), name="run", autosave=folder) as session:
        shutil.rmtree(folder)
        session.run(5).wait(LIMIT_S)
        assert eventually(lambda: any("is not in" in m.text for m in session.messages))
        assert session.error is None
        folder.mkdir()
        session.run(5).wait(LIMIT_S)
        assert eventually(lambda: step_in(folder / "run.checkpoint") == 100)


def test_a_failed_run_leaves_the_last_sound_state(tmp_path) -> None:
    path = tmp_path / "run.checkpoint"
    with Session(Unstable(balanced()), name="run", autosave=tmp_path) as session:
        session.run(20).wait(LIMIT_S)
        assert eventually(lambda: step_in(path) == 200)
        session.run(20)
        with pytest.raises(NumericalInstability):
            session.wait(LIMIT_S)
    assert step_in(path) == 200


def test_a_folder_that_cannot_be_is_refused(tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpecError, match="must be a folder that can be written to"):
        Session(ReferenceEngine(balanced()), autosave=tmp_path / "file")


def test_halves_of_a_killed_process_go_away(tmp_path) -> None:
    old, young = (tmp_path / f".run.{k}.partial.checkpoint" for k in "ab")
    for half in (old, young):
        half.touch()
    os.utime(old, (0, 0))
    with Session(ReferenceEngine(balanced()), name="run", autosave=tmp_path):
        assert not old.exists()
        assert young.exists()


PROGRAM = """
import sys, time
from snnlab import launch
from tests.features.reference_engine import balanced
from tests.features.test_autosave import hasten
session = launch.open(balanced(), name="run", threads=1, autosave=sys.argv[1])
hasten(session)
session.set("g", 4.0)
session.run()
print("running", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_killed_process_goes_on_from_its_file(tmp_path, seed) -> None:
    path = tmp_path / "run.checkpoint"
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "running\n"
        assert eventually(path.exists)
        time.sleep(random.Random(seed).uniform(0.0, 0.3))
        process.kill()
    with launch.open(path, threads=1, name="again") as again:
        step = again.step
        assert step > 0
        again.run(50).wait(LIMIT_S)
        found = again.spikes()
        again.rewind(0)
        again.clear_recording()
        for applied in load_checkpoint(path).edits:
            again.run_until(applied.step * again.dt).wait(LIMIT_S)
            again.apply(applied.edit).result(LIMIT_S)
        again.run_until(step * again.dt + 50).wait(LIMIT_S)
        whole = again.spikes()
        n = np.searchsorted(whole[0], step)
        assert same(found, tuple(column[n:] for column in whole))
