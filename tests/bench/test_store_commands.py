"""``snnlab bench history``, ``annotate``, ``merge`` and ``reproduce``, as one uses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.store import Store
from snnlab.bench.worktree import git
from snnlab.cli import main
from tests.bench.commands import STATED, sleepy
from tests.bench.records import record

N = 24


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A line of 24 commits that is 10 % slower from the twelfth on."""
    found = Store(tmp_path / "store")
    noise = np.random.default_rng(7).normal(1.0, 0.005, N)
    for k in range(N):
        found.add(record(
            simulate=2.0 * noise[k] * (1.1 if k >= N // 2 else 1.0),
            coordinates={
                "commit": f"{k:02}" * 20, "commit_order": k, "dirty": 0.0, "benchmark": "brunel",
                "spec_id": "s", "machine_class_id": "m", "machine_label": "laptop",
                "recorded_at": f"2026-01-{k + 1:02}T00:00:00",
            },
        ))  # fmt: skip
    return found


def test_history_tells_levels_and_what_happened(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "history", "--store", str(store.root)]
    assert main([*words, "brunel"]) == 0
    head, before, change, after, last = capsys.readouterr().out.splitlines()
    assert head == "brunel, snnlab, laptop; 2 threads: wall time of simulate"
    assert before.startswith("  0000000000 ... 1111111111: 1.5")
    assert before.endswith(" s, 12 points")
    assert change.startswith("  change at 1212121212: +")
    assert after.startswith("  1212121212 ... 2323232323: 1.6")
    assert "regression" in last
    assert last.startswith("  No regression yet")
    assert main([*words, "another"]) == 14


def test_an_excluded_record_is_in_no_history(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--store", str(store.root)]
    broken, fine = list(store.records())[:2]
    assert main(["bench", "annotate", broken.record_id, "exclude", "the fan broke", *where]) == 0
    told = capsys.readouterr().out.strip()
    assert (store.root / told).is_file()
    (note,) = store.annotations()
    assert (note["record_id"], note["kind"], note["text"], note["who"]) == (
        broken.record_id, "exclude", "the fan broke", "",
    )  # fmt: skip
    assert main(["bench", "history", *where]) == 0
    assert f"{broken.dataset['commit'].item()[:10]} ..." not in capsys.readouterr().out
    assert main(["bench", "annotate", "nobody", "note", "x", *where]) == 2
    assert main(["bench", "annotate", fine.record_id[:4], "note", "x", *where]) == 2
    assert len(store.annotations()) == 1


def test_merge_takes_over_what_is_lacking(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = Store(tmp_path / "mine")
    mine.add(next(iter(store.records())))
    words = ["bench", "merge", str(store.root), "--store", str(mine.root)]
    assert main(words) == 0
    assert f"{N - 1} new records" in capsys.readouterr().out
    assert main(words) == 0
    assert "0 new records" in capsys.readouterr().out
    assert len(mine.paths()) == N
    assert main(["bench", "merge", str(tmp_path / "none"), "--store", str(mine.root)]) == 2


def test_a_stranger_makes_a_record_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a store and a clone, and without the specification."""
    code, store = tmp_path / "code", Store(tmp_path / "store")
    code.mkdir()
    git(code, "init", "-q", "-b", "main")
    path = sleepy(code, program=STATED)
    (code / ".gitignore").write_text("trace.txt\n")
    git(code, "add", "-A")
    git(code, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "one")
    assert main(["bench", "run", str(path), "--store", str(store.root)]) == 0
    (first,) = store.records()
    git(code, "rm", "-q", "sleepy.yaml")
    (code / "program.py").write_text(STATED.replace("= 1.0\n", "= 2.0\n"))
    git(code, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qam", "twice as slow")
    git(tmp_path, "clone", "-q", str(code), "clone")
    monkeypatch.chdir(tmp_path / "clone")
    words = ["bench", "reproduce", first.record_id, "--store", str(store.root)]
    capsys.readouterr()
    assert main([*words, "--list"]) == 0
    assert capsys.readouterr().out == "Nothing differs.\n"
    assert main(words) == 0
    assert "This is called: repetition." in capsys.readouterr().out
    first, again = sorted(store.records(), key=lambda one: one.record_id)
    for name in ("commit", "spec_id", "series_id", "dirty"):
        assert again.dataset[name].item() == first.dataset[name].item()
    a, b = (one.dataset["wall_time"].sel(phase="simulate").values for one in (first, again))
    np.testing.assert_array_equal(a, b)
    (tmp_path / "elsewhere").mkdir()
    elsewhere = ["--repository", str(tmp_path / "elsewhere"), "--list"]
    assert main([*words[:2], first.record_id, *words[3:], *elsewhere]) == 0
    assert "not in this repository" in capsys.readouterr().out
