"""A session that is killed at any moment has lost at most one second of frames, and no edit."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import FormatError
from snnlab.interop.run_log import RunLog
from snnlab.session import Session
from tests.networks import balanced

ROOT = Path(__file__).parents[2]
MOST_LOST_S = 1.0
LONGEST_S = 2.4


class Killed:
    """What a session had done, by its own account, when it was killed.

    Parameters
    ----------
    lines : list of str
        What it said.
    at : float [s]
        When it was killed, on the clock of its account.
    """

    def __init__(self, lines: list[str], at: float) -> None:
        told = [line.split() for line in lines]
        self.at = at
        self.steps = [(int(a), float(b)) for kind, a, b in told if kind == "step"]
        self.edits = [(int(a), float(b)) for kind, a, b in told if kind == "edit"]

    def lost_s(self, t_stop: int) -> float:
        """How long before its death it had done what is not in the log; 0 if that has all [s]."""
        return max([self.at - t for step, t in self.steps if step > t_stop], default=0.0)

    def check(self, log: RunLog) -> None:
        """Whether the log holds all that it has to."""
        assert self.lost_s(log.section().t_stop) <= MOST_LOST_S
        found = [(at.step, at.edit.value) for at in log.edits]
        assert found[: len(self.edits)] == self.edits
        assert len(found) <= len(self.edits) + 1


Kill = Callable[..., Killed]


@pytest.fixture(scope="module")
def kill() -> Iterator[Kill]:
    """Lets a session write to a path for some seconds, and kills it."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.properties.log_writer"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"

        def killed(path: Path, after_s: float, *how: str) -> Killed:
            process.stdin.write(f"{path} {after_s} {' '.join(how)}\n")
            process.stdin.flush()
            lines: list[str] = []
            for line in process.stdout:
                if line.startswith("killed"):
                    return Killed(lines, float(line.split()[1]))
                assert line.split()[0] in ("step", "edit"), line
                lines.append(line)
            raise AssertionError("the killer died")

        yield killed
        process.stdin.close()


@pytest.mark.rounds(3, 40)
def test_a_killed_session_has_lost_at_most_a_second(kill: Kill, tmp_path: Path, part: int) -> None:
    """Five in one log, so that later ones go on behind what earlier ones left; see `rounds`."""
    chance, path, run, lost = random.Random(part), tmp_path / "run.snnlog", -1, []
    for _ in range(5):
        killed = kill(path, chance.uniform(0.0, LONGEST_S))
        if not path.exists():
            assert killed.steps == []
            continue
        with snnlab.open_log(path, verify=True) as log:
            assert not log.is_finished
            assert log.last_run in ((run, run + 1) if not killed.steps else (run + 1,))
            run = log.last_run
            if killed.steps:
                killed.check(log)
                lost.append(killed.lost_s(log.section().t_stop))
    check_replay(path)
    print(f"lost at most {max(lost, default=0.0):.3f} s")


def check_replay(path: Path) -> None:
    """Whether the last run, made again from its log, gives the spikes in the log."""
    try:
        log = snnlab.open_log(path)
        t_stop = log.section().t_stop
    except FormatError:  # killed before it began to write
        return
    with log, Session(CpuEngine(log.network, threads=1)) as again:
        assert log.network == balanced(400)
        for step, edit in log.edits:
            again.run_until(step * again.dt).wait(60)
            again.apply(edit).result(60)
        again.run_until(max(t_stop * again.dt, again.t)).wait(60)
        for found, all_of_it in zip(log.spikes(), again.spikes(), strict=True):
            np.testing.assert_array_equal(found, all_of_it[: found.size])
            assert found.size == np.searchsorted(again.spikes()[0], t_stop)


def test_a_log_that_is_killed_late_holds_a_long_run(kill: Kill, tmp_path: Path) -> None:
    """The test above could pass on empty logs."""
    path = tmp_path / "run.snnlog"
    killed = kill(path, LONGEST_S)
    with snnlab.open_log(path, verify=True) as log:
        killed.check(log)
        assert len(killed.edits) > 10
        assert len(log.section()) > 10
        assert log.section().n_spikes > 1000


def test_this_test_bites(kill: Kill, tmp_path: Path) -> None:
    """A writer that keeps things for three seconds is caught."""
    path = tmp_path / "run.snnlog"
    killed = kill(path, 2.5, "held")
    with snnlab.open_log(path, verify=True) as log, pytest.raises(AssertionError):
        killed.check(log)
