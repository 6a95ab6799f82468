"""``snnlab doctor``: what is installed, what is not, and how to mend it.

Nothing here imports the packages it asks about. What can only be learnt by loading a library is
asked of a Python process of its own, so that a broken MPI or GPU driver cannot hurt the doctor.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Callable, Sequence

from snnlab.doctor.extras import GET_BROWSER, browser, find_browser, gpu, mpi, ranks, slurm
from snnlab.doctor.finding import Finding, State
from snnlab.doctor.installed import lab_extensions, packages
from snnlab.doctor.machine import cache_folder, cores, memory, python, system

__all__ = [
    "CHECKS",
    "GET_BROWSER",
    "Finding",
    "add_arguments",
    "diagnose",
    "find_browser",
    "main",
    "report",
]

SIGNS: dict[State, str] = {"ok": "ok", "warning": "warning", "missing": "MISSING"}

CHECKS: tuple[Callable[[], Finding | list[Finding]], ...] = (
    python,
    system,
    cores,
    memory,
    cache_folder,
    packages,
    lab_extensions,
    mpi,
    ranks,
    gpu,
    slurm,
    browser,
)


def diagnose() -> list[Finding]:
    """Return the findings of all checks, in the order in which a reader wants them."""
    findings: list[Finding] = []
    for check in CHECKS:
        found = check()
        findings += found if isinstance(found, list) else [found]
    return findings


def report(findings: Sequence[Finding]) -> str:
    """Return the findings as text for a terminal, one per line, mends indented below."""
    width = max((len(finding.name) for finding in findings), default=0)
    lines = []
    for finding in findings:
        lines.append(f"{SIGNS[finding.state]:8}{finding.name:{width}}  {finding.found}")
        lines += [f"{'':8}{'':{width}}  {finding.mend}"] if finding.mend else []
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab doctor``."""
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")


def main(args: argparse.Namespace) -> int:
    """Print the findings; return 1 if something that snnlab needs is missing, else 0."""
    findings = diagnose()
    as_json = json.dumps([dataclasses.asdict(finding) for finding in findings], indent=2)
    print(as_json if args.json else report(findings))
    return int(any(finding.state == "missing" for finding in findings))
