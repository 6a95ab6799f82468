"""One run in a process of its own, with an end in any case."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Outcome", "busy_process", "run_process"]

_LAST_LINES = 3


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    status : str
        ``"ok"``, ``"failed"``, ``"timeout"``, ``"regime"`` (ran, but was not the model that was
        meant) or ``"skipped"``.
    why : str
        What there is to say unless it is ok.
    figures : mapping
        What the run printed as JSON; empty if it did not.
    """

    status: str
    why: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


def run_process(command: Sequence[str | Path], *, timeout_s: float) -> Outcome:
    """Run a command that prints one JSON object on a line of its own.

    Parameters
    ----------
    command : sequence
        Program and arguments.
    timeout_s : float [s]
        After this time it is killed, with everything that it has started.
    """
    process = subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end_group(process)
        return Outcome("timeout", f"not done after {timeout_s:g} s")
    except BaseException:  # Ctrl-C must not leave a simulator behind
        _end_group(process)
        raise
    if process.returncode:
        return Outcome("failed", f"exit code {process.returncode}: {_last_words(err or out)}")
    figures = _last_object(out)
    if figures is None:
        return Outcome("failed", f"printed no figures: {_last_words(out or err)}")
    return Outcome("ok", figures=figures)


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a process and what it has started: compilers, simulators."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _last_object(text: str) -> dict[str, Any] | None:
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                figures: dict[str, Any] = json.loads(line, parse_constant=_refuse)
            except ValueError:
                return None
            return figures
    return None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no figure")


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-_LAST_LINES:]) or "nothing was printed"


@contextmanager
def busy_process(command: Sequence[str]) -> Iterator[int]:
    """Keep a core busy for the length of the block; gives the process id.

    Parameters
    ----------
    command : sequence of str
        A program that computes without end.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
