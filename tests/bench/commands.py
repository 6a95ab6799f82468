"""Specifications of commands that cost next to nothing."""

from __future__ import annotations

import textwrap
from pathlib import Path

PROGRAM = """
import json, os, sys, time
seconds, seed = float(sys.argv[1]), int(sys.argv[2])
with open("trace.txt", "a") as file:
    file.write(f"{seed}\\n")
began = time.perf_counter()
time.sleep(seconds)
print(json.dumps({
    "phases": {"simulate": time.perf_counter() - began},
    "values": {"rate": 8.0}, "n_spikes": 10, "versions": {"program": "1.0"},
}))
"""

STATED = """
import json, random, sys
seconds, seed = float(sys.argv[1]), int(sys.argv[2])
factor = 1.0
noise = random.Random(f"{seed} {factor}").gauss(1.0, 0.01)
print(json.dumps({
    "phases": {"simulate": factor * seconds * noise}, "values": {"rate": 8.0},
    "versions": {"program": "1.0"},
}))
"""
"""It says how long it takes, with a noise of 1 % on each run, and does not wait for it: what its
figures show does not depend on what else runs here."""

SPEC = """
name: sleepy
simulator: command
command: ["{python}", "program.py", "{seconds}", "{seed}"]
parameters: {seconds: 0.01}
checks: {rate: [5, 12]}
repeats: 3
discard: 0
foreign_limit: 100
sentinel_change: 100
"""


def sleepy(folder: Path, *, program: str = PROGRAM, spec: str = SPEC, more: str = "") -> Path:
    """Write a program that sleeps, and a specification of it; return the latter's path."""
    (folder / "program.py").write_text(textwrap.dedent(program))
    path = folder / "sleepy.yaml"
    path.write_text(spec + more)
    return path


def traced(folder: Path) -> list[int]:
    """Seeds of the runs that were begun, in order."""
    return [int(line) for line in (folder / "trace.txt").read_text().split()]
