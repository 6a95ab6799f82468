"""The command line: which modules it loads, and what each ending means."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnlab import __version__, cli
from snnlab.errors import SpecError


def snnlab(*words: str) -> subprocess.CompletedProcess[str]:
    """Run ``snnlab`` as a user would."""
    command = [sys.executable, "-m", "snnlab", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_version() -> None:
    assert snnlab("--version").stdout == f"snnlab {__version__}\n"


def test_help_names_every_command() -> None:
    text = snnlab("--help").stdout
    assert all(name in text and line in text for name, (_, line) in cli.COMMANDS.items())


def test_no_command_shows_the_usage() -> None:
    done = snnlab()
    assert done.returncode == 2
    assert "usage: snnlab" in done.stderr


def test_unknown_command_lists_the_known_ones() -> None:
    done = snnlab("simulate")
    assert done.returncode == 2
    assert all(name in done.stderr for name in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = snnlab(command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: snnlab {command}")


def test_a_command_loads_its_own_module_only() -> None:
    code = (
        "import sys; from snnlab import cli\n"
        "cli.make_parser('doctor')\n"
        "print(*(n for n in sys.modules if n in ('snnlab.lab', 'snnlab.batch', 'numba', 'numpy')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


def test_only_lab_passes_arguments_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["doctor", "--", "--ip=0.0.0.0"])
    assert "doctor takes no arguments after --" in capsys.readouterr().err


def ends_with(error: BaseException) -> int:
    def action() -> int:
        raise error

    return cli._guarded(action)


def test_a_mistake_is_explained_without_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    error = SpecError("LIFExp.tau_m", "must be > 0 ms", got="-20 ms", remedy="Try 20 ms.")
    assert ends_with(error) == 2
    assert capsys.readouterr().err == "LIFExp.tau_m: must be > 0 ms (got -20 ms).\nTry 20 ms.\n"


def test_a_crash_shows_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(ZeroDivisionError("by nought")) == 1
    text = capsys.readouterr().err
    assert text.startswith("Traceback")
    assert text.endswith("ZeroDivisionError: by nought\n")


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends_with(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == ""
