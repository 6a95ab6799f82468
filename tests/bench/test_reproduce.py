"""A record is made again at its version, after what differs was told."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import pytest

from snnlab.bench.importers.files import import_results
from snnlab.bench.machine import discover
from snnlab.bench.reproduce import recipe_of, reproduce
from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from snnlab.bench.watch_loop import Watched, Watcher
from snnlab.errors import SpecError
from tests.bench.commands import sleepy


def git(folder: Path, *words: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip


@pytest.mark.parametrize("more", ["axes: {n: [3]}\n", "variants: [{n: 3}, {n: 4}]\n"])
def test_record_is_made_again_at_its_version(tmp_path: Path, more: str) -> None:
    code = tmp_path / "code"
    code.mkdir()
    git(code, "init", "-b", "main")
    path = sleepy(code, more=more)
    git(code, "add", "-A")
    git(code, "commit", "-m", "one")
    store, machine = Store(tmp_path / "store"), discover()
    spec = load_spec(path).override({"repeats": 1})
    watcher = Watcher(Watched(code, "main", (spec,), store, machine))
    watcher.run(watcher.due()[0])
    (code / "program.py").write_text("raise SystemExit('a later version that does not run')")
    git(code, "commit", "-a", "-m", "two")
    (record,) = (r for r in store.records() if r.dataset["p_n"].item() == 3.0)

    assert recipe_of(record, code, machine).differences == ()
    again = reproduce(record, code, store, machine)
    for name in ("commit", "spec_id", "series_id", "p_n"):
        assert again.dataset[name].item() == record.dataset[name].item()
    assert again.record_id != record.record_id
    assert again.dataset["status"].values.tolist() == [["ok"]]

    other = dataclasses.replace(machine, facts=machine.facts | {"cores": 999})
    (one,) = recipe_of(record, code, other).differences
    assert (one.group, one.name, one.b) == ("machine", "cores", "999")
    (gone,) = recipe_of(record, tmp_path, machine).differences
    assert (gone.name, gone.b) == ("commit", "not in this repository")


def test_results_of_other_tools_cannot_be_made_again(tmp_path: Path) -> None:
    (record, *_) = import_results(Path(__file__).parent / "files/bennch.csv")
    with pytest.raises(SpecError, match="must tell its specification"):
        recipe_of(record, tmp_path, discover())
