"""Ranks start anywhere and end with whoever started them: no process and no file is left."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from IPython.paths import get_ipython_dir

from snnlab.cluster import Ranks
from snnlab.cluster.guard import processes
from snnlab.cluster.launcher import SHARED_MEMORY
from snnlab.errors import ClusterError, StateError
from tests.cluster import on_ranks

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(120)]

ROOT = Path(__file__).parents[2]
SOON = 5.0
"""How long [s] a process may outlive the one that started it."""


def files(cluster_id: str) -> list[Path]:
    profile = Path(get_ipython_dir()) / "profile_default"
    folders = [profile / "security", profile / "log", SHARED_MEMORY]
    return [path for folder in folders for path in folder.glob(f"*{cluster_id}*")]


@contextmanager
def script(ending: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A process of its own that has started a rank, and the name of its cluster."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("life.py")), ending],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def wait_until_gone(cluster_id: str) -> None:
    deadline = time.monotonic() + SOON
    while processes(cluster_id) or files(cluster_id):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_ranks_let_the_notebook_go_first(ranks: Ranks) -> None:
    here = psutil.Process().nice()
    assert [psutil.Process(rank.pid).nice() for rank in ranks] == [min(here + 10, 19)] * 2


def test_script_that_returns_leaves_nothing() -> None:
    with script("return") as (process, cluster_id):
        assert process.wait(60) == 0
        assert processes(cluster_id) == []
        assert files(cluster_id) == []


def test_script_that_is_killed_leaves_nothing() -> None:
    with script("sleep") as (process, cluster_id):
        assert len(processes(cluster_id)) >= 4
        process.kill()
        wait_until_gone(cluster_id)


def test_ranks_that_are_forgotten_end() -> None:
    with script("forget") as (process, cluster_id):
        assert process.stdout is not None
        assert process.stdout.readline() == "forgotten\n"
        assert processes(cluster_id) == []
        assert process.poll() is None


SCHEDULER = """#!/bin/sh
# Stands in for a batch system: starts the script it is given, and tells a job number.
sed -i 's/^srun /mpiexec -n {n} /' "$1"
sh "$1" > /dev/null 2>&1 &
echo "Submitted batch job $!"
"""


def test_job_of_a_batch_system_encrypted_from_a_running_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = tmp_path / "sbatch"
    submit.write_text(SCHEDULER.replace("{n}", "2"))
    submit.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    settings = {
        "SlurmEngineSetLauncher.submit_command": [str(submit)],
        "SlurmEngineSetLauncher.delete_command": ["touch", "cancelled"],
    }
    told: list[object] = []

    async def cell() -> None:
        with Ranks.start(2, launcher="slurm", ip="*", settings=settings, device="cpu") as ranks:
            told.extend(ranks.call_each(on_ranks.total, [(1,), (2,)], timeout=60))
            told.append(ranks._running()._cluster.client.curve_serverkey)
            told.append(ranks._running()._cluster.cluster_id)

    thread = threading.Thread(target=asyncio.run, args=(cell(),))
    thread.start()
    thread.join(110)
    assert told[:2] == [3, 3]
    assert isinstance(told[2], bytes)
    assert (tmp_path / "cancelled").exists()
    assert processes(str(told[3])) == []


def test_connecting_to_ranks_that_run(ranks: Ranks) -> None:
    cluster_id = ranks._running()._cluster.cluster_id
    with Ranks.connect(cluster_id, device="cpu") as visitor:
        assert [rank.pid for rank in visitor] == [rank.pid for rank in ranks]
        assert visitor.call_each(on_ranks.total, [(1,), (2,)], timeout=30) == [3, 3]
    assert ranks.call_each(on_ranks.total, [(1,), (2,)], timeout=30) == [3, 3]


def test_connecting_to_nobody() -> None:
    with pytest.raises(ClusterError, match="ipcluster start"):
        Ranks.connect("a-name-that-nobody-has", timeout=0.2)


def test_connection_files_are_for_their_owner_only(ranks: Ranks) -> None:
    found = files(ranks._running()._cluster.cluster_id)
    keys = [path for path in found if path.match("security/ipcontroller-*.json")]
    assert len(keys) == 2
    assert {path.stat().st_mode & 0o077 for path in keys} == {0}


def test_start_that_fails_says_why_and_leaves_nothing() -> None:
    settings = {"MPIEngineSetLauncher.mpi_args": ["--no-such-option"]}
    with pytest.raises(ClusterError, match="no-such-option"):
        Ranks.start(1, settings=settings, device="cpu")
    assert [p for p in SHARED_MEMORY.glob(f"snnlab-{os.getpid()}-*") if not processes(p.name)] == []


def test_closed_ranks_can_be_closed_and_not_be_called(ranks: Ranks) -> None:
    ranks.close()
    ranks.close()
    with pytest.raises(StateError, match=r"Ranks\.restart"):
        ranks.call(on_ranks.nothing)
