"""How long the journeys through the page take; they are tests, and here their stop-watch counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.budgets.promise import Measured

__all__ = ["measure"]

ROOT = Path(__file__).parents[2]

JOURNEYS: dict[str, float | None] = {
    "newcomer": 120.0, "student": 300.0, "modeller": 600.0, "hpc_user": None, "author": None,
    "sceptic": None,
}  # fmt: skip
"""Journey -> how long it may take [s]."""


def measure() -> Iterator[Measured]:
    """Yield the time of each journey; one that fails takes for ever."""
    for name, bar in JOURNEYS.items():
        words = [sys.executable, "-m", "pytest", "-q", f"tests/browser/test_{name}.py"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        path = ROOT / "artifacts" / f"journey_{name}.json"
        seconds = float("inf")
        if done.returncode == 0:
            seconds = json.loads(path.read_text())["the whole journey (s)"]
        yield Measured(f"journey: {name}", bar, "s", (seconds,), "as tests/browser does it")
