"""The wheel holds what the checkout shows, and works without it."""

from __future__ import annotations

import email
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGES, ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, capture_output=True, timeout=120, check=True)
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_every_source_file(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        str(path.relative_to(folder.parent))
        for folder in PACKAGES.values()
        for path in folder.rglob("*")
        if path.suffix in {".py", ".js", ".css", ".json", ".cu", ".npz"}
        or path.name == "DATA_LICENSES"
    }
    assert sources - inside == set()


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0].partition("-")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"snnlab", "snnlab_widgets", "snnlab_jupyter"}


def test_wheel_names_the_licences_of_code_and_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        told = email.message_from_bytes(archive.read(name))
        folder = name.removesuffix("METADATA") + "licenses/"
        texts = [archive.read(folder + path).decode() for path in told.get_all("License-File", [])]
    assert told["License-Expression"] == "BSD-3-Clause AND CC-BY-4.0"
    assert any(text.startswith("BSD 3-Clause License") for text in texts)
    assert any("https://creativecommons.org/licenses/by/4.0/" in text for text in texts)


def test_installed_lab_brings_the_first_notebook(wheel: Path, tmp_path: Path) -> None:
    installed, elsewhere = tmp_path / "installed", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = ["uv", "pip"] if shutil.which("uv") else [sys.executable, "-m", "pip"]
    command = [*pip, "install", "--no-deps", "--target", str(installed), str(wheel)]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    done = subprocess.run(
        [sys.executable, "-c", "from snnlab import lab; print(lab.__file__, lab.first_notebook())"],
        env={**os.environ, "PYTHONPATH": str(installed)},
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Copied 01_first_spikes.ipynb")
    assert str(installed) in done.stdout
    copied = elsewhere / "01_first_spikes.ipynb"
    assert copied.read_bytes() == (ROOT / "notebooks/01_first_spikes.ipynb").read_bytes()
