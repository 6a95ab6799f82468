"""Measures what the laboratory promises: ``python -m benchmarks.budgets``.

Each promise with its bar, what was measured, and under which conditions. The exit code is 1 where
one is missed. Parts can be chosen with ``--only``; those with a page need Chromium.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.browser.visit import browser, served
from benchmarks.budgets import edits, journeys, memory, page, ranks, starts
from benchmarks.budgets.promise import Measured, table

__all__ = ["PARTS", "main"]

Stage = Callable[[], tuple[Any, Any]]
"""Starts Chromium and JupyterLab on the first call, and returns them."""

PARTS: dict[str, Callable[[argparse.Namespace, Stage], Iterator[Measured]]] = {
    "edits": lambda told, _: edits.measure(
        told.neurons, told.indegree, told.threads, told.repeats, told.back
    ),
    "ranks": lambda told, _: ranks.measure(told.ranks, told.repeats),
    "presets": lambda _told, _stage: starts.measure_presets(),
    "first": lambda told, stage: starts.measure_page(*stage(), told.repeats),
    "page": lambda told, stage: page.measure(*stage(), told.repeats),
    "memory": lambda told, stage: memory.measure(*stage(), told.minutes),
    "journeys": lambda _told, _stage: journeys.measure(),
}
"""Name of a part -> what measures it."""


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print a table with its conditions, and return 1 where a promise is missed."""
    told = _told(words)
    found: list[Measured] = []
    with ExitStack() as stack:
        started: list[tuple[Any, Any]] = []

        def stage() -> tuple[Any, Any]:
            if not started:
                started.append((stack.enter_context(browser()), stack.enter_context(served())))
            return started[0]

        for name in told.only:
            for one in PARTS[name](told, stage):
                found.append(one)
                mark = "" if one.is_kept else "  MISSED"
                print(f"{one.what}: {one.median:.3g} {one.unit}, worst {one.worst:.3g}{mark}",
                      file=sys.stderr, flush=True)  # fmt: skip
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end\n")
    print(table(found))
    if told.json:
        told.json.write_text(json.dumps([asdict(m) for m in found], indent=1) + "\n")
    return int(not all(m.is_kept for m in found))


def _told(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.budgets", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART",
                        help=f"parts to measure: {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--neurons", type=int, default=100_000, metavar="N")
    parser.add_argument("--indegree", type=int, default=100, metavar="K")
    parser.add_argument("--threads", type=int, default=2, metavar="T")
    parser.add_argument("--ranks", type=int, default=2, metavar="R")
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    parser.add_argument("--back", type=float, default=10_000.0, metavar="MS")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="MIN",
                        help="how long the memory of a tab is watched")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values there too")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
