"""Benchmarks in batch jobs: records come back, ends are named, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
from submitit.slurm.slurm import SlurmJob

from snnlab.bench.machine import discover
from snnlab.bench.slurm.job import Limits, run_in_job
from snnlab.bench.slurm.options import minutes_of, options_of
from snnlab.bench.store import Store
from snnlab.errors import ClusterError, SpecError
from tests.architecture.source import ROOT
from tests.bench.commands import sleepy, traced

STAND_IN = Path(__file__).with_name("slurm_stand_in.py")
OPTIONS = "--partition=batch --time=2"


@dataclass
class Cluster:
    """A cluster of one node, its users' folder, and what was started there."""

    folder: Path
    minute: float = 60.0
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def jobs(self) -> Path:
        return self.folder / "cluster"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT), "SLURM_STAND_IN": str(self.jobs),
            "SLURM_STAND_IN_MINUTE": str(self.minute),
        }  # fmt: skip

    def run(self, *words: str, executor: str = "slurm") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "snnlab", "bench", "run", "sleepy.yaml", "--store", "store",
             "--executor", executor, f"--slurm={OPTIONS}", *words],
            cwd=self.folder, env=os.environ | self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def end(self, state: str) -> None:
        """Let the newest job end so."""
        (sorted(self.jobs.glob("*/"))[-1] / "end").write_text(state)

    def state(self) -> str:
        return (sorted(self.jobs.glob("*/"))[-1] / "state").read_text()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    made.jobs.mkdir()
    SlurmJob.watcher.clear()  # every cluster of these tests counts its jobs from 101 on
    (tmp_path / "bin").mkdir()
    for name in ("sbatch", "srun", "squeue", "sacct", "scancel"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {STAND_IN} {name} "$@"\n')
        program.chmod(0o755)
    sleepy(tmp_path)
    yield made
    for process in made.started:
        process.kill()
        process.communicate()
    for job in made.jobs.glob("*/"):
        (job / "end").write_text("CANCELLED")
    until = time.monotonic() + 10.0
    while time.monotonic() < until and left_of(tmp_path):
        time.sleep(0.05)
    assert not left_of(tmp_path)


def left_of(folder: Path) -> list[int]:
    """Processes that still run in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def slow(folder: Path, seconds: float) -> None:
    path = sleepy(folder)
    path.write_text(path.read_text().replace("seconds: 0.01", f"seconds: {seconds}"))


def wait_for_runs(folder: Path, n: int) -> None:
    until = time.monotonic() + 60.0
    while not (folder / "trace.txt").exists() or len(traced(folder)) < n:
        assert time.monotonic() < until, "no run began"
        time.sleep(0.02)


def test_a_job_measures_and_its_records_come_back(cluster: Cluster) -> None:
    out, err = (done := cluster.run()).communicate(timeout=120)
    assert done.returncode == 0, err
    (record,) = Store(cluster.folder / "store").records()
    assert record.dataset.sizes["repeat"] == 3
    assert record.record_id in out
    assert "job 101 submitted" in err
    assert "  3/3  sleepy" in err  # told by the job
    script = (cluster.jobs / "101/script").read_text()
    for line in ("--partition=batch", "--time=2", "--exclusive", "--cpus-per-task=1", "--nodes=1"):
        assert f"#SBATCH {line}\n" in script
    assert cluster.state() == "COMPLETED"
    assert list((cluster.folder / "store/campaigns/jobs").iterdir()) == []
    assert "node1" not in str(record.provenance)


def dying(cluster: Cluster, n: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is said of a job whose node fails in the run of that number."""

    def fail() -> None:
        wait_for_runs(cluster.folder, n)
        cluster.end("NODE_FAIL")

    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)
    words = [sys.executable, "-m", "snnlab", "bench", "run", "sleepy.yaml", "--store", "store"]
    thread = threading.Thread(target=fail)
    thread.start()
    with pytest.raises(ClusterError) as caught:
        run_in_job(
            words, cluster.folder, cluster.folder / "store", {"time": "2"},
            limits=Limits(files_s=0.5, last_look_s=2.0),
        )  # fmt: skip
    thread.join()
    return str(caught.value)


def test_a_job_that_dies_is_named_and_only_missing_runs_are_run(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow(cluster.folder, 1.0)
    told = dying(cluster, 2, monkeypatch)
    assert "Job 101: must run to its end (got NODE_FAIL)." in told
    assert "The same command goes on" in told
    out, err = (done := cluster.run()).communicate(timeout=120)
    assert done.returncode == 0, err
    assert "goes on after 1 runs" in err
    assert traced(cluster.folder) == [1, 2, 2, 3]
    data = Store(cluster.folder / "store").load()
    assert data["status"].shape == (1, 3)
    assert set(data["status"].values.ravel()) <= {"ok", "noisy"}
    assert data["record_id"].item() in out


def test_whoever_is_interrupted_cancels_the_job(cluster: Cluster) -> None:
    slow(cluster.folder, 30.0)
    running = cluster.run()
    wait_for_runs(cluster.folder, 1)
    running.send_signal(signal.SIGINT)
    err = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "job 101 cancelled" in err
    until = time.monotonic() + 20.0
    while cluster.state() == "RUNNING" and time.monotonic() < until:
        time.sleep(0.05)
    assert cluster.state() == "CANCELLED by 1000"


def test_the_end_of_the_time_is_named(cluster: Cluster) -> None:
    slow(cluster.folder, 30.0)
    cluster.minute = 4.0  # of which it has two, and is told when four seconds are left
    err = (late := cluster.run()).communicate(timeout=120)[1]
    assert late.returncode == 2
    assert "timed-out" in err
    assert "--time=" in err


def test_a_job_that_does_not_begin_is_cancelled(cluster: Cluster) -> None:
    (cluster.jobs / "hold").touch()
    err = (held := cluster.run("--queue-limit", "1")).communicate(timeout=60)[1]
    assert held.returncode == 2
    assert "PENDING after" in err
    assert "in the queue" in err
    assert (cluster.jobs / "101/end").read_text() == "CANCELLED by 1000"


def test_what_the_scheduler_refuses_is_told(cluster: Cluster) -> None:
    (cluster.jobs / "refuse").touch()
    err = (refused := cluster.run()).communicate(timeout=60)[1]
    assert refused.returncode == 2
    assert "invalid partition specified" in err


def test_without_accounts_the_queue_tells_that_a_job_is_gone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cluster.jobs / "no_accounts").touch()
    slow(cluster.folder, 30.0)
    assert "(got GONE)" in dying(cluster, 1, monkeypatch)


def test_accounts_that_do_not_answer_hold_nothing_up(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job that waits is ended by its limit, and one that runs ends as it does."""
    for name, text in cluster.environment.items():
        monkeypatch.setenv(name, text)
    (cluster.jobs / "no_answer").touch()
    words = [sys.executable, "-c", "import time; time.sleep(1.5)"]
    limits = Limits(first_look_s=0.1, last_look_s=0.2, answer_s=0.2, queue_s=1.0)
    try:
        (cluster.jobs / "hold").touch()
        with pytest.raises(ClusterError, match=r"PENDING after \d+ s in the queue"):
            run_in_job(
                words, cluster.folder, cluster.folder / "store", {"time": "2"}, limits=limits
            )
        (cluster.jobs / "hold").unlink()
        store = cluster.folder / "store"
        longer = replace(limits, queue_s=60.0)
        assert run_in_job(words, cluster.folder, store, {"time": "2"}, limits=longer) == 0
    finally:
        (cluster.jobs / "no_answer").unlink()


def test_a_job_without_a_scheduler(cluster: Cluster) -> None:
    out, err = (done := cluster.run(executor="local")).communicate(timeout=120)
    assert done.returncode == 0, err
    assert traced(cluster.folder) == [1, 2, 3]
    (record,) = Store(cluster.folder / "store").records()
    assert record.record_id in out


def test_a_cluster_without_its_programs_is_told(tmp_path: Path) -> None:
    sleepy(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "snnlab", "bench", "run", "sleepy.yaml", "--executor", "slurm"],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT), "PATH": "/nowhere"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "must have sbatch on PATH" in done.stderr


# --- options --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-p batch", "long form"),
        ("batch", "long form"),
        ("--wrap=ls", "leave to snnlab"),
        ("--nodes=2", "one node"),
        ("--time=soon", "time limit above 0"),
        ("--time=0", "time limit above 0"),
        ("--comment='a\nrm -r x'", "one line"),
        ("--comment='a", "as a shell splits"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(text: str, expected: str) -> None:
    with pytest.raises(SpecError, match=expected):
        options_of(text, "--slurm")


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("30", 30), ("1:30", 2), ("0:30", 1), ("02:00:00", 120), ("1-0", 1440), ("1-02:30", 1590),
     ("1-00:00:01", 1441)],
)  # fmt: skip
def test_times_are_read_as_slurm_reads_them(text: str, minutes: int) -> None:
    assert minutes_of(text, "--slurm") == minutes


def test_a_shared_profile_says_how_jobs_run_and_not_whose_they_are(tmp_path: Path) -> None:
    profile = tmp_path / "machine.yaml"
    profile.write_text("label: big\nslurm: --partition=batch --gres gpu:1\n")
    assert options_of(discover(profile).slurm, "") == {"partition": "batch", "gres": "gpu:1"}
    profile.write_text("slurm: --account=brain\n")
    with pytest.raises(SpecError, match="whose it is"):
        discover(profile)
