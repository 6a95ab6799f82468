"""A session that is killed at any moment has lost at most one second of frames, and no edit."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.interop.run_log import RunLog
from snnlab.session import Session
from tests.networks import balanced

ROOT = Path(__file__).parents[2]
MOST_LOST_S = 1.0


class Killed:
    """What a session had done, by its own account, when it was killed."""

    def __init__(self, path: Path, after_s: float, *flags: str) -> None:
        command = [sys.executable, "-m", "tests.properties.log_writer", str(path), *flags]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            time.sleep(after_s)
            self.at = time.monotonic()
            process.send_signal(signal.SIGKILL)
            lines = [first, *process.stdout.read().splitlines()]
        told = [line.split() for line in lines if len(line.split()) == 3]
        self.steps = [(int(a), float(b)) for kind, a, b in told if kind == "step"]
        self.edits = [(int(a), int(b)) for kind, a, b in told if kind == "edit"]

    def check(self, log: RunLog) -> None:
        """Whether the log holds all that it has to."""
        due = max(step for step, t in self.steps if t <= self.at - MOST_LOST_S)
        assert log.section().t_stop >= due
        found = [(at.step, at.edit.value) for at in log.edits]
        assert found[: len(self.edits)] == self.edits
        assert len(found) <= len(self.edits) + 1


def test_a_killed_session_has_lost_at_most_a_second(tmp_path: Path) -> None:
    chance = random.Random(3)
    path = tmp_path / "run.snnlog"
    for k in range(5):
        killed = Killed(path, 1.2 + chance.random())
        with snnlab.open_log(path, verify=True) as log:
            assert not log.is_finished
            killed.check(log)
            assert log.last_run == k
    check_replay(path)


def check_replay(path: Path) -> None:
    """Whether the last run, made again from its log, gives the spikes in the log."""
    with snnlab.open_log(path) as log, Session(CpuEngine(log.network, threads=1)) as again:
        assert log.network == balanced(400)
        for step, edit in log.edits:
            again.run_until(step * again.dt).wait(60)
            again.apply(edit).result(60)
        again.run_until(max(log.section().t_stop * again.dt, again.t)).wait(60)
        expected = again.spikes()
        for found, all_of_it in zip(log.spikes(), expected, strict=True):
            assert found.size > 1000
            np.testing.assert_array_equal(found, all_of_it[: found.size])


def test_this_test_bites(tmp_path: Path) -> None:
    """A writer that keeps things for three seconds is caught."""
    path = tmp_path / "run.snnlog"
    killed = Killed(path, 2.5, "--hold-back")
    with snnlab.open_log(path, verify=True) as log, pytest.raises(AssertionError):
        killed.check(log)
