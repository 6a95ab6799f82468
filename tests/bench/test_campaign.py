"""Runs become records: isolated, in random order, checked, and whole after a kill."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.event_log import EventLog, read_events
from snnlab.bench.machine import discover
from snnlab.bench.plan import plan
from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from snnlab.cli import main
from snnlab.errors import FormatError, SpecError, StateError
from tests.architecture.source import ROOT
from tests.bench.commands import PROGRAM, SPEC, sleepy, traced

MACHINE = discover()

COUNTS = {"ok", "noisy"}
"""A laptop may be throttled while it is tested."""


def campaign_of(path: Path, **changes: object) -> Campaign:
    arms = tuple(i.arm for i in plan(load_spec(path), Store(path.parent / "no"), MACHINE).items)
    values = arms[0].cell.values
    own = {"repeats": values["repeats"], "discard": values["discard"], "seed": values["seed"]}
    return Campaign(arms, machine=MACHINE, **(own | changes))  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_every_cell_becomes_a_record(tmp_path: Path, store: Store) -> None:
    path = sleepy(tmp_path, more="axes: {n: [1, 2]}\n")
    finished = run_campaign(campaign_of(path), store)
    data = store.load()
    assert sorted(finished.record_ids) == list(data["record_id"].values)
    assert data.sizes["record"] == 2
    assert data["p_n"].values.tolist() in ([1.0, 2.0], [2.0, 1.0])
    assert set(data["status"].values.ravel()) <= COUNTS
    assert (data["wall_time"].sel(phase="simulate") >= 0.01).all()
    assert (data["wall_time"].sel(phase="process") > data["wall_time"].sel(phase="simulate")).all()
    assert data["cpu_time"].sel(phase="process").min() > 0
    assert data["seed"].values.tolist() == [[1, 2, 3]] * 2
    # Both cells in each round, in an order that chance decides.
    orders = np.sort(data["order"].values, axis=0)
    assert orders.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert (data["sentinel"] > 0).all()
    assert data["check_value"].sel(check="rate").values.tolist() == [[8.0] * 3] * 2
    assert data["simulator"].values.tolist() == ["command"] * 2


def test_provenance_is_enough_to_repeat_the_run(tmp_path: Path, store: Store) -> None:
    path = sleepy(tmp_path)
    run_campaign(campaign_of(path), store)
    (record,) = store.records()
    told = record.provenance
    assert told["command"] == ["{python}", "program.py", "0.01", "1"]
    assert told["spec"]["origins"]["parameters.seconds"].startswith("sleepy.yaml:")
    assert told["spec"]["values"]["checks"] == {"rate": [5.0, 12.0]}
    assert told["environment"]["OMP_NUM_THREADS"] == "1"
    assert told["machine"]["cpu_model"] == MACHINE.facts["cpu_model"]
    assert told["stack"]["packages"] == {"program": "1.0"}
    assert f"numpy=={np.__version__}" in told["packages"]
    assert told["redactions"] == {}
    assert (store.root / "specs" / f"{record.dataset['spec_id'].item()}.json").exists()


@pytest.mark.parametrize(
    ("program", "status", "why"),
    [
        (PROGRAM.replace("8.0", "80.0"), "invalid_science", "rate 80, expected 5 ... 12"),
        (PROGRAM.replace('"rate": 8.0', ""), "invalid_science", "rate unknown"),
        ("import sys; sys.exit('lost')", "failed", "exit code 1: lost"),
        ("raise MemoryError", "oom", "MemoryError"),
        ("import time; time.sleep(60)", "timeout", "not done after 0.5 s"),
        ("print('{\"phases\": {}}')", "failed", "must have phases"),
    ],
)
def test_a_run_that_does_not_count_says_why(
    tmp_path: Path, store: Store, program: str, status: str, why: str
) -> None:
    path = sleepy(tmp_path, program=program, more="time_limit: 0.5\n")
    finished = run_campaign(campaign_of(path, repeats=1), store)
    assert finished.runs[0][0].status == status
    (record,) = store.records()
    assert record.dataset["status"].values.tolist() == [[status]]
    assert why in record.provenance["notes"]["0"]


def test_noise_is_told_and_kept(tmp_path: Path, store: Store) -> None:
    spec = SPEC.replace("sentinel_change: 100", "sentinel_change: 0")
    run_campaign(campaign_of(sleepy(tmp_path, spec=spec)), store)
    (record,) = store.records()
    assert set(record.dataset["status"].values.ravel()) == {"noisy"}
    assert "the machine changed by" in record.provenance["notes"]["0"]


def test_a_run_beside_a_busy_process_is_not_noisy_for_it(tmp_path: Path, store: Store) -> None:
    """What was asked to compute beside it is told, and none of the foreign load."""
    program = PROGRAM.replace(
        "time.sleep(seconds)", "while time.perf_counter() < began + 0.4: pass"
    )
    path = sleepy(tmp_path, program=program, more="variants: [{}, {beside: 1}]\n")
    run_campaign(campaign_of(path), store)
    data = store.load().sortby("p_beside")
    assert data["p_beside"].values[0] == 1.0
    assert np.isnan(data["p_beside"].values[1])
    assert len(set(data["layout_id"].values)) == len(set(data["series_id"].values)) == 2
    assert len(set(data["spec_id"].values)) == 1
    process = data.sel(phase="process")
    share = (process["cpu_time"] / process["wall_time"]).median("repeat").values
    if sys.platform == "linux":  # elsewhere nothing is held to one core
        assert share[0] < 0.75  # the other one had the core for half of the time
        # Without taking it out, others would have had about half of the core in every run.
        assert data["foreign"].min("repeat").values[0] < 0.4


def test_a_campaign_ends_early_when_it_may(tmp_path: Path, store: Store) -> None:
    path = sleepy(tmp_path)
    stopping = campaign_of(path, repeats=9, stop=lambda runs: len(runs[0]) == 2)
    assert len(run_campaign(stopping, store).runs[0]) == 2
    assert traced(tmp_path) == [1, 2]


def test_more_threads_than_cores_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="a core for each thread"):
        campaign_of(sleepy(tmp_path, more="threads: 100000\n"))


# --- kills ----------------------------------------------------------------------------------------


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A campaign of six runs of 0.4 s in another process."""
    path = sleepy(tmp_path, more="axes: {n: [1, 2]}\n")
    path.write_text(path.read_text().replace("seconds: 0.01", "seconds: 0.4"))
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it would be ignored
    process = subprocess.Popen(
        [sys.executable, "-m", "snnlab", "bench", "run", str(path), "--store",
         str(tmp_path / "store")],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    signal.signal(signal.SIGHUP, before)
    yield process
    process.kill()
    process.communicate()


def wait_for(folder: Path, kind: str, n: int) -> list[dict[str, object]]:
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        for log in (folder / "store/campaigns").glob("*.jsonl"):
            events = [e for e in read_events(log) if e["event"] == kind]
            if len(events) >= n:
                return events
        time.sleep(0.01)
    pytest.fail(f"{n} events {kind} did not come")


def test_a_killed_campaign_goes_on_without_loss_or_double(
    tmp_path: Path, running: subprocess.Popen[bytes]
) -> None:
    started = wait_for(tmp_path, "started", 3)
    orphan = int(started[-1]["pid"])  # type: ignore[call-overload]
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert psutil.pid_exists(orphan)
    store = ["--store", str(tmp_path / "store")]
    assert main(["bench", "run", str(tmp_path / "sleepy.yaml"), *store]) == 0
    (log,) = (tmp_path / "store/campaigns").glob("*.jsonl")
    done = [(e["arm"], e["block"]) for e in read_events(log) if e["event"] == "done"]
    assert sorted(done) == [(a, b) for a in range(2) for b in range(3)]
    data = Store(tmp_path / "store").load()
    assert data.sizes["record"] == 2
    assert data["status"].shape == (2, 3)
    assert set(data["status"].values.ravel()) <= COUNTS
    # The run that the kill had cut off was ended, and begun again.
    assert not psutil.pid_exists(orphan) or psutil.Process(orphan).status() == "zombie"
    assert len(traced(tmp_path)) in (6, 7)
    assert main(["bench", "run", str(tmp_path / "sleepy.yaml"), *store]) == 0
    assert Store(tmp_path / "store").load().sizes["record"] == 2


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_campaign_that_is_told_to_end_ends_its_run(
    tmp_path: Path, running: subprocess.Popen[bytes], name: str
) -> None:
    number = getattr(signal, name)
    pid = int(wait_for(tmp_path, "started", 1)[-1]["pid"])  # type: ignore[call-overload]
    running.send_signal(number)
    assert running.wait(30.0) == 128 + number
    assert not psutil.pid_exists(pid)


def test_a_kill_between_record_and_log_doubles_nothing(tmp_path: Path, store: Store) -> None:
    path = sleepy(tmp_path)
    run_campaign(campaign_of(path), store)
    (log,) = (store.root / "campaigns").glob("*.jsonl")
    lines = log.read_text().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["event"] not in ("recorded", "end")]
    log.write_text("".join(kept) + '{"event": "recor')
    finished = run_campaign(campaign_of(path), store)
    assert finished.resumed == 3
    assert store.load().sizes["record"] == 1
    assert traced(tmp_path) == [1, 2, 3]
    assert read_events(log)[-1]["event"] == "end"


def test_the_run_that_a_kill_has_left_behind_is_ended(tmp_path: Path, store: Store) -> None:
    path = sleepy(tmp_path)
    run_campaign(campaign_of(path), store)
    (log,) = (store.root / "campaigns").glob("*.jsonl")
    lines = log.read_text().splitlines(keepends=True)
    last = max(k for k, line in enumerate(lines) if json.loads(line)["event"] == "started")
    shutil.rmtree(store.root / "records")
    with subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    ) as orphan:
        since = psutil.Process(orphan.pid).create_time()
        started = {"event": "started", "arm": 0, "block": 2, "pid": orphan.pid, "since": since}
        log.write_text("".join(lines[:last]) + json.dumps(started) + "\n")
        assert run_campaign(campaign_of(path), store).resumed == 2
        code = orphan.poll()
        orphan.kill()
    assert code is not None
    assert code < 0


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    with EventLog(tmp_path / "a.jsonl") as log:
        log.append("begin", value=1)
        with pytest.raises(StateError, match="must not be in use"):
            EventLog(tmp_path / "a.jsonl")
    (tmp_path / "a.jsonl").write_text('{"event": "begin"}\nnonsense\n{"event": "end"}\n')
    with pytest.raises(FormatError, match=r"a\.jsonl:2"):
        read_events(tmp_path / "a.jsonl")


# --- whose it is ----------------------------------------------------------------------------------


def test_two_users_get_the_same_ids_and_leave_no_trace(tmp_path: Path) -> None:
    secret = "correct-horse-battery"
    ids = []
    for user in ("wilhelmine", "bartholomew"):
        home = tmp_path / "homes" / user
        home.mkdir(parents=True)
        program = PROGRAM.replace("began =", "print(os.environ.get('MY_API_KEY', '-'))\nbegan =")
        # A program that tells too much when it fails.
        program += f"if seed == 3: sys.exit('no access to {home}/data for {user}, key {secret}')\n"
        path = sleepy(home, program=program)
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home), "USER": user,
            "LOGNAME": user, "MY_API_KEY": secret,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "snnlab", "bench", "run", path.name, "--store", "store"],
            cwd=home, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 14, done.stderr
        (record,) = Store(home / "store").records()
        names = ("spec_id", "series_id", "machine_class_id", "layout_id", "stack_id")
        ids.append([record.dataset[name].item() for name in names])
        assert record.provenance["notes"]["2"].startswith("exit code 1: no access to ~")
        for file in (home / "store").rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            for word in (user, secret, str(tmp_path)):
                assert word.encode() not in content, (file.name, word)
    assert ids[0] == ids[1]


def test_only_runs_that_are_missing_are_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a checkout, since files that belong to no version are always run."""
    path = sleepy(tmp_path)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    (tmp_path / ".gitignore").write_text("store\ntrace.txt\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.chdir(tmp_path)
    run = ["bench", "run", str(path), "--store", "store"]
    assert main([*run, "--set", "repeats=2"]) == 0
    assert traced(tmp_path) == [1, 2]
    (item,) = plan(load_spec(path), Store("store"), MACHINE).items
    assert (item.have, item.wanted, item.missing, item.seed) == (2, 3, 1, 3)
    assert main(run) == 0
    assert traced(tmp_path) == [1, 2, 3]
    assert Store("store").load().sizes["record"] == 2
    assert main(run) == 0
    assert traced(tmp_path) == [1, 2, 3]
