"""Machine code older than the source is removed, whichever compiled file is the newer one."""

import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import snnlab
from snnlab.build import sink
from snnlab.cpu import stale

PACKAGE = Path(snnlab.__file__).parent
SOURCES = [PACKAGE / "build" / "sink.py", PACKAGE / "rules" / "elementary.py"]


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder in which Numba keeps one old and one new function, and something else."""
    folder = SimpleNamespace(stats=SimpleNamespace(cache_path=str(tmp_path)))
    monkeypatch.setattr(stale, "_COMPILED", (folder,))
    newest = max(p.stat().st_mtime for p in PACKAGE.rglob("*.py"))
    for name, age in (("old.nbi", 1e6), ("old.1.nbc", 1e6), ("new.nbi", -10), ("old.pyc", 1e6)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (newest - age, newest - age))
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_only_code_older_than_the_source_goes(kept):
    assert stale.remove_stale_code() == 2
    assert names(kept) == {"new.nbi", "old.pyc"}
    assert stale.remove_stale_code() == 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_a_change_of_any_compiled_file_counts(kept, monkeypatch, source):
    """The one that changed need not be the one whose code is kept."""
    ahead = max(p.stat().st_mtime for p in PACKAGE.rglob("*.py")) + 20
    real = Path.stat
    monkeypatch.setattr(
        Path, "stat",
        lambda path, **k: SimpleNamespace(st_mtime=ahead) if path == source else real(path, **k),
    )  # fmt: skip
    monkeypatch.setattr(time, "time", lambda: ahead + 1)
    assert stale.remove_stale_code() == 3
    assert names(kept) == {"old.pyc"}


def test_a_wrong_clock_removes_nothing(kept, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert stale.remove_stale_code() == 0
    assert len(names(kept)) == 4


def test_what_another_process_has_removed_meanwhile_is_no_error(kept):
    (kept / "gone.nbi").symlink_to(kept / "nowhere")  # is listed, and cannot be looked at
    assert stale.remove_stale_code() == 2
    assert names(kept) == {"new.nbi", "old.pyc", "gone.nbi"}


def test_the_folders_are_those_of_the_compiled_functions():
    folders = {Path(f.stats.cache_path).resolve() for f in stale._COMPILED}
    for function in (sink.put, stale._COMPILED[1]):
        assert Path(function.stats.cache_path).resolve() in folders
