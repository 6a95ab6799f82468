"""One command, one spelling: README, Makefile, pre-commit and continuous integration agree."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from snnlab.cuda.available import obstacle
from snnlab.cuda.probe import look
from tests.architecture.source import ROOT


def checks() -> set[str]:
    """The commands of .ci/check."""
    text = (ROOT / ".ci/check").read_text()
    return set(re.findall(r"(uv run [a-z-]+(?: (?:--)?[a-z]+)*)", text))


def test_pre_commit_runs_what_ci_checks() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = {hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    assert hooks == checks()


def test_ci_runs_the_checks_and_the_test_command() -> None:
    text = (ROOT / ".ci/run").read_text()
    order = [text.index(words) for words in (".ci/check ||", ".ci/bench ||", "uv run pytest")]
    assert order == sorted(order)


def test_make_calls_the_same_commands() -> None:
    text = (ROOT / "Makefile").read_text()
    assert {"lab: ; uv run snnlab lab", "test: ; uv run pytest", "check: ; .ci/check"} <= set(
        text.splitlines()
    )


def test_gpu_tests_need_a_gpu_and_say_so() -> None:
    """They have a command of their own, which fails where there is none."""
    ini, folder = "tests/gpu/pytest.ini", "tests/gpu"
    assert f"pytest -c {ini} {folder}" in (ROOT / "Makefile").read_text()
    command = [sys.executable, "-m", "pytest", "-c", ini, folder, "--collect-only", "-q"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    error = obstacle(look(), 0)
    assert done.returncode == (0 if error is None else 1)
    assert error is None or f"No GPU to test on. {error}" in done.stdout + done.stderr


def test_readme_has_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "pip install uv && uv run snnlab lab" in text
    assert "pip install uv && uv run pytest" in text
