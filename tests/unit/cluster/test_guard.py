"""The guard ends all processes of a cluster, and only those, whoever is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from snnlab.cluster import guard
from snnlab.cluster.guard import CLUSTER, Guard, processes

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(100)"
PARENT = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], start_new_session=True)
time.sleep(100)
"""
STARTER = """
import sys, time
from pathlib import Path
from snnlab.cluster.guard import Guard
Guard(sys.argv[1], [Path(sys.argv[2])])
print("started", flush=True)
time.sleep(100)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    name = f"test-{os.getpid()}-{tmp_path.name}"
    yield name
    for process in processes(name):
        process.kill()


def start(cluster: str, code: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", code]
    return subprocess.Popen(command, env=os.environ | {CLUSTER: cluster}, start_new_session=True)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def family(cluster: str) -> subprocess.Popen[bytes]:
    """A process that ends when asked, with a child that does not."""
    parent = start(cluster, PARENT)
    wait_for(lambda: len(processes(cluster)) == 2)
    return parent


def test_all_are_ended_and_files_removed(cluster: str, tmp_path: Path) -> None:
    stranger = start(cluster + "-other", "import time; time.sleep(100)")
    kept, mine = tmp_path / "other.json", tmp_path / f"keys-{cluster}.json"
    kept.touch()
    mine.touch()
    watch = Guard(cluster, [tmp_path])
    parent = family(cluster)
    assert watch.end()
    assert processes(cluster) == []
    assert parent.wait(1) == -signal.SIGTERM
    assert stranger.poll() is None
    assert sorted(tmp_path.iterdir()) == [kept]
    stranger.kill()
    stranger.wait()


def test_ending_twice_is_allowed(cluster: str) -> None:
    watch = Guard(cluster, [])
    assert watch.end()
    assert watch.end()


def test_commands_run_at_the_end(cluster: str, tmp_path: Path) -> None:
    file = tmp_path / "cancelled"
    watch = Guard(cluster, [])
    watch.run_at_the_end(["touch", str(file)])
    assert watch.end()
    assert file.exists()


def test_starter_that_is_killed_leaves_nobody(cluster: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, cluster, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        watches = psutil.Process(starter.pid).children()
        parent = family(cluster)
        starter.kill()
        wait_for(lambda: not processes(cluster), guard.GRACE + 5)
        psutil.wait_procs(watches, timeout=5)
        assert [watch for watch in watches if watch.is_running()] == []
    parent.wait(1)
