"""A file is the old one or the new one, whatever happens while it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnlab.record.atomic import replacing


def write_and_fail(path: Path, error: type[BaseException]) -> None:
    with replacing(path) as partial:
        partial.mkdir()
        (partial / "half").touch()
        raise error


def test_new_file_appears_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replacing(path) as partial:
        partial.write_text("new")
        assert partial.suffix == ".txt"
        assert not path.exists()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_interrupted_writing_leaves_the_old_one(tmp_path: Path, error: type) -> None:
    path = tmp_path / "a.zarr"
    path.write_text("old")
    with pytest.raises(error):
        write_and_fail(path, error)
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]
    assert path.read_text() == "old"


def test_directory_takes_the_place_of_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "a.zarr"
    for content in ("old", "new"):
        with replacing(path) as partial:
            partial.mkdir()
            (partial / content).touch()
    assert [p.name for p in path.iterdir()] == ["new"]
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]
