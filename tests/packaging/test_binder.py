"""Binder: repo2docker detects and renders the folder as meant. Needs no Docker."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig

import pytest

from snnlab.lab import CONFIG
from tests.architecture.source import ROOT


@pytest.fixture(scope="module")
def rendered() -> str:
    """What repo2docker would build: its log, then the Dockerfile."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def test_python_is_the_one_we_name(rendered: str) -> None:
    assert "Building conda environment for python=3.12" in rendered


def test_environment_is_binder_s_own(rendered: str) -> None:
    assert "env update" in rendered
    assert "binder/environment.yml" in rendered


def test_scripts_of_ours_run(rendered: str) -> None:
    assert "./binder/postBuild" in rendered
    assert 'R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in rendered


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_script_is_sound(name: str) -> None:
    script = ROOT / "binder" / name
    text = script.read_bytes()
    assert text.startswith(b"#!")
    assert b"\r" not in text
    subprocess.run(["bash", "-n", str(script)], check=True, timeout=20)


def test_start_sets_the_stage() -> None:
    scripts = sysconfig.get_path("scripts")
    done = subprocess.run(
        [str(ROOT / "binder/start"), "printenv", "JUPYTER_CONFIG_PATH", "NUMBA_NUM_THREADS"],
        env={**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split() == [str(CONFIG), "1"]
