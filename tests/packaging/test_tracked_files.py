"""What may be in the repository, and what must not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

# Written in pieces, so that this file does not find itself.
HOSTS = [".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"))]
HOSTS += [".".join(parts) for parts in (("conda", "anaconda", "org"), ("npmjs", "org"))]
REGISTRY = re.compile(
    "|".join([*map(re.escape, HOSTS), r"https?://[^\s\"']*/simple\b", r"--(extra-)?index-url\b"])
)


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git knows and that are there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def with_registry_address(paths: Iterable[Path]) -> list[str]:
    """Files that name a package registry; images and the like are not text, so not read."""
    itself = Path(__file__)
    texts = {path: path.read_bytes().decode(errors="replace") for path in paths if path != itself}
    return [str(path) for path, text in texts.items() if REGISTRY.search(text)]


def test_no_file_names_a_registry() -> None:
    assert with_registry_address(tracked()) == []


@pytest.mark.parametrize(
    "line",
    [f'url = "https://files.{HOSTS[1]}/a"', "https://mirror.example/simple", "--index-url x"],
)
def test_planted_registry_is_found(tmp_path: Path, line: str) -> None:
    planted = tmp_path / "uv.lock"
    planted.write_text(f"[[package]]\n{line}\n")
    assert with_registry_address([planted]) == [str(planted)]


def test_no_lock_file_and_nothing_large() -> None:
    assert [path for path in tracked() if path.name == "uv.lock"] == []
    assert [path for path in tracked() if path.stat().st_size > 2_000_000] == []


def test_notebooks_are_stored_without_outputs() -> None:
    notebooks = [str(path) for path in tracked() if path.suffix == ".ipynb"]
    command = [sys.executable, "-m", "nbstripout", "--verify", *notebooks]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "name", [".ci/run", ".ci/check", ".ci/bench", "binder/postBuild", "binder/start"]
)
def test_scripts_can_be_executed_after_a_clone(name: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-s", name],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert listed.stdout.startswith("100755")
    subprocess.run(["bash", "-n", str(ROOT / name)], timeout=20, check=True)
