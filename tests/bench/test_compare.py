"""Two versions: what differs first, and only pairs say which is faster."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnlab import presets
from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.bisect import bisect
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.compare import compare, find_records
from snnlab.bench.confounders import MATTERS
from snnlab.bench.machine import discover
from snnlab.bench.one_run import Arm
from snnlab.bench.pairs import measure_of, measure_versions
from snnlab.bench.setting import Setting
from snnlab.bench.spec import load_spec, spec_from
from snnlab.bench.store import Store
from snnlab.bench.verdict import Rule
from snnlab.bench.worktree import git
from snnlab.cli import main
from snnlab.errors import SpecError
from tests.bench.commands import STATED, sleepy
from tests.bench.records import record

MACHINE = discover()
QUICK = Rule(looks=(10,))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Five commits; from the third on the program takes 5 % more time."""
    folder = tmp_path_factory.mktemp("repository")
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("store*\ntrace.txt\n")
    commits = []
    for i in range(5):
        sleepy(folder, program=STATED.replace("= 1.0\n", "= 1.05\n") if i >= 2 else STATED)
        (folder / "notes.txt").write_text(f"commit {i}")
        git(folder, "add", "-A")
        git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", f"commit {i}")
        commits.append(git(folder, "rev-parse", "HEAD"))
    return folder, commits


def test_a_planted_slowdown_of_5_percent_is_shown_by_pairs(
    repository: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, commits = repository
    (cell,) = load_spec(folder / "sleepy.yaml").cells()
    setting = Setting(Store(tmp_path), MACHINE)
    found = measure_versions(cell, commits[1], commits[2], setting, rule=QUICK)
    assert found.verdict.status == "slower", str(found.verdict)
    assert 0.04 < found.verdict.loss < 0.06
    records = {r.record_id: r for r in setting.store.records()}
    told = compare(*(records[name] for name in found.finished.record_ids), rule=QUICK)
    assert told.comparison.may_say_regression
    assert (told.word, told.verdict.status, told.exit_code) == ("regression", "slower", 12)
    text = str(told)
    assert text.index(commits[1]) < text.index("b / a")
    assert text.endswith("This is called: regression.")


def test_a_planted_slowdown_of_5_percent_is_bisected(repository: tuple[Path, list[str]]) -> None:
    folder, commits = repository
    (cell,) = load_spec(folder / "sleepy.yaml").cells()
    found = bisect(folder, commits[0], commits[4], measure_of(cell), rule=QUICK)
    assert found.commit == commits[2], {c[:8]: str(v) for c, v in found.verdicts.items()}


def test_pairs_end_when_the_time_is_over(
    repository: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, commits = repository
    (cell,) = load_spec(folder / "sleepy.yaml").cells()
    setting = Setting(Store(tmp_path), MACHINE, until=0.0)
    found = measure_versions(cell, commits[0], commits[1], setting)
    assert (found.verdict.status, found.verdict.n_pairs) == ("inconclusive", 1)


def test_commands_compare_and_show(
    repository: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    folder, commits = repository
    monkeypatch.chdir(folder)
    store = ["--store", str(tmp_path / "store")]
    assert main(["bench", "ab", "sleepy.yaml", commits[0], *store]) == 12
    assert "medians of" in capsys.readouterr().out
    assert main(["bench", "show", *store]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1:4] for line in lines[1:]) == sorted(
        ["sleepy", "command", commits[i][:10]] for i in (0, 4)
    )
    assert main(["bench", "compare", commits[0][:12], "main", *store]) == 12
    assert commits[4] in capsys.readouterr().out
    ident = lines[1].split()[0]
    assert main(["bench", "show", ident, *store]) == 0
    assert "check rate: 8, band 5 ... 12" in capsys.readouterr().out
    assert main(["bench", "show", ident, "--json", *store]) == 0
    assert '"origins"' in capsys.readouterr().out
    assert main(["bench", "show", "--store", str(tmp_path / "none")]) == 14
    assert main(["bench", "compare", "nothing", "main", *store]) == 2


def test_further_phases_have_verdicts_of_their_own() -> None:
    """Construction takes twice the time, simulation the same."""
    phases, n = ("construct", "simulate"), 12
    noise = np.random.default_rng(3).normal(1.0, 0.005, (2, n, 2))
    shared = {"block": np.arange(n), "repeats": n, "phases": phases}
    a, b = (
        record(
            wall_time=[factor, 2.0] * noise[k], coordinates={"campaign": "c", "commit": c}, **shared
        )
        for k, (factor, c) in enumerate([(0.5, "a"), (1.0, "b")])
    )
    told = compare(a, b)
    assert told.verdict.status == "same"
    assert {phase: found.status for phase, found in told.others.items()} == {"construct": "slower"}
    assert "besides, construct: slower: +100" in str(told)


def test_more_than_the_version_differs_is_no_regression(tmp_path: Path) -> None:
    common = {"commit": "a" * 40, "spec_id": "s"}
    small = record(coordinates=common | {"p_scale": 8.0})
    large = record(simulate=9.0, coordinates=common | {"p_scale": 10.0, "commit": "b" * 40})
    told = compare(small, large)
    assert told.word == "difference (not only the version differs)"
    assert told.exit_code == 11
    text = str(told)
    assert text.index("scale") < text.index("b / a")
    assert "regression" not in text


def test_records_of_other_days_have_no_verdict() -> None:
    known = dict.fromkeys(MATTERS.values(), "1") | {"dirty": 0.0}
    a = record(coordinates=known | {"commit": "a" * 40, "campaign": "monday"})
    b = record(simulate=9.0, coordinates=known | {"commit": "b" * 40, "campaign": "tuesday"})
    told = compare(a, b)
    assert (told.is_paired, told.verdict.status, told.exit_code) == (False, "inconclusive", 11)
    assert "not measured in pairs" in str(told)
    assert told.word == "no regression shown"


def test_invalid_and_missing_data_have_their_own_codes() -> None:
    good = record(coordinates={"commit": "a"})
    wrong = record(
        simulate=0.1, coordinates={"commit": "b"}, status=["ok", "invalid_science", "ok"]
    )
    lost = record(coordinates={"commit": "b"}, status=["failed"] * 3)
    assert compare(good, wrong).exit_code == 13
    assert compare(good, lost).exit_code == 14
    with pytest.raises(SpecError, match="must have the phase"):
        compare(good, good, phase="presim")


def test_records_are_found_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = [record(coordinates={"commit": "abc"}) for _ in range(3)]
    for each in made:
        store.add(each)
    (found,) = find_records(store, made[1].record_id)
    assert found.record_id == made[1].record_id
    assert len(find_records(store, "ab")) == 3
    assert len(find_records(store, "v1", commit_of=lambda text: "abc")) == 3
    with pytest.raises(SpecError, match="more of its id"):
        find_records(store, made[0].record_id[:2])
    with pytest.raises(SpecError, match="bench show"):
        find_records(store, "v1")


def test_a_wrong_network_is_invalid_however_fast(tmp_path: Path) -> None:
    """Twice the weights, in a real network: fewer spikes to deliver, and a CV that tells."""
    store = Store(tmp_path / "store")
    spec = spec_from(
        "small", model="brunel", parameters={"N": 1000}, warmup=50, time=300, repeats=1,
        checks={"cv": [0.85, 1.1]}, foreign_limit=100, sentinel_change=100,
    )  # fmt: skip
    adapter = adapter_for("snnlab")
    weight = 2.0 * presets.load("brunel", N=1000).knob_values["J"]
    for changes in ({}, {"parameters.J": weight}):
        (cell,) = spec.override(changes).cells()
        arm = Arm(cell, adapter, adapter.tree(cell))
        run_campaign(Campaign((arm,), 1, MACHINE, discard=0), store)
    right, wrong = sorted(store.records(), key=lambda r: r.record_id)
    assert right.dataset["status"].item() in ("ok", "noisy")
    assert wrong.dataset["status"].item() == "invalid_science"
    assert right.dataset["n_syn_events"].item() == 100 * right.dataset["n_spikes"].item()
    told = compare(right, wrong)
    assert (told.verdict.status, told.exit_code) == ("invalid", 13)
    assert "cv 1." in str(told)
