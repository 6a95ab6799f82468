"""One line of the doctor's report, and how the doctor asks without importing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "State", "ask_python"]

State = Literal["ok", "warning", "missing"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Parameters
    ----------
    name : str
        What was looked for.
    state : {"ok", "warning", "missing"}
        ``"warning"``: snnlab works, something is slower or absent; ``"missing"``: it does not.
    found : str
        Version, path or size, as text.
    mend : str
        What to do, as a sentence; empty when there is nothing to do.
    """

    name: str
    state: State
    found: str
    mend: str = ""


def ask_python(code: str, *, timeout: float = 60.0) -> str:
    """Return what `code` prints in a Python process of its own; empty if it fails.

    Parameters
    ----------
    code : str
        A short program.
    timeout : float [s]
        How long it may take.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""
