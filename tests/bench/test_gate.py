"""The guard fails on what pairs have shown and on wrong science; not on noise or new machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.gate import GateStatus, Judgement, gate, worst_status
from snnlab.bench.machine import discover
from snnlab.bench.plan import plan
from snnlab.bench.seal import read_sealed
from snnlab.bench.setting import Setting
from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from snnlab.bench.verdict import Rule
from snnlab.bench.worktree import git
from snnlab.cli import main
from tests.architecture.source import ROOT
from tests.bench.commands import STATED, sleepy

MACHINE = discover()
QUICK = Rule(looks=(10,))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """One commit, and a record of it in a store beside."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("trace.txt\n")
    path = sleepy(folder, program=STATED)
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "a commit")
    arms = tuple(item.arm for item in plan(load_spec(path), Store(tmp_path / "no"), MACHINE).items)
    run_campaign(Campaign(arms, 3, MACHINE, discard=0), Store(tmp_path / "store"))
    return folder


def judged(folder: Path, *, store: str = "store", **options: object) -> Judgement:
    setting = Setting(Store(folder.parent / store), MACHINE, **options)  # type: ignore[arg-type]
    (found,) = gate([load_spec(folder / "sleepy.yaml")], setting, rule=QUICK)
    return found


def test_the_same_code_passes(repository: Path) -> None:
    found = judged(repository)
    assert found.status == "ok", str(found)
    assert "no sign of a slowdown" in found.why


def test_a_slowdown_is_shown_by_pairs(repository: Path) -> None:
    (repository / "program.py").write_text(STATED.replace("= 1.0\n", "= 1.1\n"))
    found = judged(repository)
    assert found.status == "regression", str(found)
    assert "pairs: slower" in found.why
    # Nothing is left behind, and the store of good versions is as it was.
    assert git(repository, "worktree", "list").count("\n") == 0
    assert Store(repository.parent / "store").load().sizes["record"] == 1


def test_a_machine_that_was_faster_once_is_no_slowdown(repository: Path) -> None:
    """A record of the same commit on a better day: there is a sign, and pairs clear it."""
    path = repository / "program.py"
    path.write_text(STATED.replace("= 1.0\n", "= 0.8\n"))
    found = plan(load_spec(repository / "sleepy.yaml"), Store(repository / "no"), MACHINE).items
    arms = [replace(i.arm, tree=replace(i.arm.tree, dirty=False, diff_sha256="")) for i in found]
    run_campaign(Campaign(tuple(arms), 3, MACHINE, discard=0), Store(repository.parent / "lucky"))
    path.write_text(STATED)
    judgement = judged(repository, store="lucky")
    assert judgement.status == "ok", str(judgement)
    assert "pairs: same" in judgement.why


def test_an_anchor_is_no_version_to_compare_with(repository: Path) -> None:
    """It was measured last, but for the machine's sake, and is much older."""
    found = plan(load_spec(repository / "sleepy.yaml"), Store(repository / "no"), MACHINE).items
    arms = tuple(replace(item.arm, is_anchor=True) for item in found)
    (repository / "program.py").write_text(STATED.replace("= 1.0\n", "= 0.1\n"))
    run_campaign(Campaign(arms, 3, MACHINE, discard=0), Store(repository.parent / "store"))
    (repository / "program.py").write_text(STATED)
    found = judged(repository)
    assert (found.status, "no sign of a slowdown" in found.why) == ("ok", True)


def test_a_version_that_git_does_not_have_is_noise(repository: Path) -> None:
    found = plan(load_spec(repository / "sleepy.yaml"), Store(repository / "no"), MACHINE).items
    arms = [replace(i.arm, tree=replace(i.arm.tree, commit="f" * 40)) for i in found]
    run_campaign(Campaign(tuple(arms), 3, MACHINE, discard=0), Store(repository.parent / "other"))
    (repository / "program.py").write_text(STATED.replace("= 1.0\n", "= 1.1\n"))
    judgement = judged(repository, store="other")
    assert judgement.status == "noise", str(judgement)
    assert "cannot be measured again" in judgement.why


def test_a_new_machine_passes_with_right_science(repository: Path) -> None:
    found = judged(repository, store="empty")
    assert (found.status, found.why) == (
        "ok", "the science is right; there is no record of this machine",
    )  # fmt: skip


def test_wrong_science_fails(repository: Path) -> None:
    (repository / "program.py").write_text(STATED.replace("8.0", "80.0"))
    assert judged(repository, store="empty").status == "invalid science"


def test_a_bar_that_is_missed_for_certain_fails(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = repository / "sleepy.yaml"
    path.write_text(path.read_text() + "bars: {simulate: 0.005}\n")
    words = ["bench", "gate", str(path), "--store", str(repository.parent / "empty")]
    assert main(words) == 12
    assert "sleepy: bar missed, sleepy: simulate 0.00987, bar <= 0.005" in capsys.readouterr().out
    assert main([*words, "--set", "bars.simulate=null"]) == 0


def test_a_program_that_dies_is_no_data(repository: Path) -> None:
    (repository / "program.py").write_text("import sys; sys.exit('lost')")
    found = judged(repository)
    assert (found.status, "lost" in found.why) == ("no data", True)


def test_time_that_is_over_is_noise(repository: Path) -> None:
    assert judged(repository, until=0.0).status == "noise"


@pytest.mark.parametrize(
    ("statuses", "worst", "code"),
    [
        ((), "no data", 14),
        (("ok", "ok"), "ok", 0),
        (("ok", "noise"), "noise", 11),
        (("noise", "no data"), "no data", 14),
        (("regression", "bar missed"), "regression", 12),
        (("bar missed", "no data"), "bar missed", 12),
        (("regression", "invalid science"), "invalid science", 13),
    ],
)
def test_the_worst_decides(statuses: tuple[str, ...], worst: str, code: int) -> None:
    (cell,) = load_spec(ROOT / "benchmarks/specs/hpc.yaml").override({"axes.threads": None}).cells()
    found = worst_status([Judgement(cell, GateStatus(status), "") for status in statuses])
    assert (found, found.exit_code) == (worst, code)


def test_command_ends_with_the_code(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "gate", str(repository / "sleepy.yaml"), "--store",
             str(repository.parent / "empty")]  # fmt: skip
    assert main([*words, "--seconds", "60"]) == 0
    assert capsys.readouterr().out.endswith("Gate: ok.\n")
    (repository / "program.py").write_text(STATED.replace("8.0", "80.0"))
    assert main(words) == 13
    assert "rate 80, expected 5 ... 12" in capsys.readouterr().out


def test_all_specifications_of_the_project_mean_something() -> None:
    specs = [load_spec(path) for path in sorted((ROOT / "benchmarks/specs").glob("*.yaml"))]
    assert {
        "hpc", "coba", "stdp", "microcircuit", "balanced", "hpc-peers", "map", "map-pygenn",
    } == {spec.name for spec in specs}  # fmt: skip
    specs += [load_spec(p) for p in sorted((ROOT / "benchmarks/specs").glob("*/*.yaml"))
              if p.parent.name != "families"]  # fmt: skip
    ids = {cell.spec_id for spec in specs for cell in spec.cells()}
    stored = {path.stem for store in ("store", "published")
              for path in (ROOT / "benchmarks" / store / "specs").glob("*.json")}  # fmt: skip
    assert stored <= ids, "a record of a network that no specification names"


def test_published_records_are_whole_and_of_committed_code() -> None:
    records = list(Store(ROOT / "benchmarks/published").records())
    assert len(records) >= 7
    data = Store(ROOT / "benchmarks/published").load()
    assert set(data["dirty"].values) == {0.0}
    assert set(data["status"].values.ravel()) <= {"ok", "noisy", ""}
    for record in records:
        assert read_sealed(record.path) is not None


def test_the_project_guards_itself() -> None:
    """The specifications that continuous integration names are there, and mean something."""
    text = (ROOT / ".ci/bench").read_text()
    names = [word for word in text.split() if word.startswith("benchmarks/specs/")]
    assert len(names) >= 3
    for name in names:
        cells = load_spec(ROOT / name).cells()
        assert all(cell["checks"] for cell in cells)
    assert ".ci/bench" in (ROOT / ".ci/run").read_text()
