"""Generated code on disk: a second start compiles nothing, damage is mended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from snnlab.errors import BuildError
from snnlab.rules import cache

START = """
import time
from snnlab.model.neurons import AdEx
from snnlab.rules.kernel import compile_block_kernel
from numba.core.event import install_recorder

with install_recorder("numba:compile") as compiled:
    kernel = compile_block_kernel(AdEx)
print(len(compiled.buffer), kernel.compiled.cache_hits)
"""


def start(folder: Path) -> list[int]:
    """Compile in a new process; returns the numbers of compilations and of cache hits."""
    environment = os.environ | {"SNNLAB_CACHE_DIR": str(folder)}
    environment.pop("NUMBA_CACHE_DIR", None)  # would take the machine code elsewhere
    done = subprocess.run(
        [sys.executable, "-c", START], env=environment, capture_output=True, text=True,
        check=True, timeout=120,
    )  # fmt: skip
    return [int(word) for word in done.stdout.split()]


def contents(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*.nb*")}


def test_a_second_start_compiles_nothing(tmp_path: Path) -> None:
    compilations, hits = start(tmp_path)
    assert compilations > 0
    assert hits == 0
    written = contents(tmp_path)
    assert len(written) == 2  # Numba's index and its machine code
    assert start(tmp_path) == [0, 1]
    assert contents(tmp_path) == written


def test_the_same_source_is_the_same_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
    first = cache.generated_module("Some", "value = 1\n")
    assert cache.generated_module("Some", "value = 1\n") is first
    assert cache.generated_module("Some", "value = 2\n").value == 2
    assert len(list(tmp_path.glob("Some_*.py"))) == 2
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_file_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
    path = Path(cache.generated_module("Damaged", "value = 3\n").__file__ or "")
    path.write_text("val")
    monkeypatch.delitem(sys.modules, f"snnlab_generated.{path.stem}")
    assert cache.generated_module("Damaged", "value = 3\n").value == 3


def test_a_source_that_fails_leaves_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            cache.generated_module("Failing", "1 / 0\n")


def test_a_directory_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(BuildError) as caught:
        cache.generated_module("Nowhere", "value = 4\n")
    assert str(caught.value) == (
        f"cache directory: must be a folder that can be written "
        f"(got {tmp_path / 'file'}: {caught.value.__cause__.strerror}).\n"  # type: ignore[union-attr]
        "Set SNNLAB_CACHE_DIR to a folder of yours."
    )


def test_the_directory_of_each_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SNNLAB_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache.cache_directory() == tmp_path / "xdg" / "snnlab"
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache.cache_directory() == tmp_path / "local" / "snnlab"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.cache_directory() == Path.home() / "Library" / "Caches" / "snnlab"
