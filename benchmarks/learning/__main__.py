"""Measure learning, on one thread or a GPU: ``python -m benchmarks.learning``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning import accuracy, demo, gesture, rewiring, speed
from benchmarks.learning.tasks import TASKS
from benchmarks.machine import machine, revision

__all__ = ["main", "parse"]

HERE = Path(__file__).parents[1]

WHAT = ("speed", "rewiring", "accuracy", "gesture", "demo")


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments.

    Parameters
    ----------
    words : sequence of str, optional
        Default: the command line.

    Raises
    ------
    SystemExit
        Something that cannot be meant; said on stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__)
    add = parser.add_argument
    add("what", nargs="*", metavar="WHAT", help=f"of {', '.join(WHAT)} (default: all)")
    add("--rounds", type=int, default=5, metavar="N", help="of timings (default: 5)")
    add("--seeds", type=int, default=3, metavar="N", help="of each accuracy (default: 3)")
    add("--task", choices=TASKS, action="append", help="whose gradient is timed (default: all)")
    add(
        "--only", action="append", default=[], metavar="NAME",
        help="a network whose name begins so (default: digits and vowels). There are "
        + "; ".join(accuracy.CASES).replace("%", "%%"),
    )  # fmt: skip
    add("--device", default="cpu", help="that learns gestures (default: cpu); cuda:0, ...")
    add("--trials", type=int, metavar="N", help="gestures (default: 8; on a GPU 1077)")
    add("--batch", type=int, metavar="N", help="of gestures (default: 4; on a GPU 512)")
    add("--records", type=Path, default=HERE / "records", metavar="DIR")
    args = parser.parse_args(words)
    unknown = sorted(set(args.what) - set(WHAT))
    if unknown:
        parser.error(f"there is no {unknown[0]!r}, but {', '.join(WHAT)}")
    args.what = args.what or list(WHAT)
    on_cpu = args.device == "cpu"
    args.trials = args.trials or (8 if on_cpu else gesture.N_TRIALS)
    args.batch = args.batch or (4 if on_cpu else 512)
    args.task = args.task or list(TASKS)
    beginnings = tuple(args.only)
    args.cases = [n for n in accuracy.CASES if n.startswith(beginnings or accuracy.EMBEDDED)]
    if not args.cases:
        parser.error(f"--only: nothing begins with {beginnings[0]!r}")
    return args


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and write what was measured.

    Returns
    -------
    int
        0.
    """
    args = parse(words)
    found: dict[str, list[dict[str, Any]]] = {}
    lines: list[str] = []
    if "speed" in args.what:
        found["speed"] = _said(r for task in args.task for r in speed.rounds(task, args.rounds))
        lines += speed.summary(found["speed"])
    if "rewiring" in args.what:
        found["rewiring"] = _said(rewiring.runs(args.rounds))
        lines += rewiring.summary(found["rewiring"])
    if "accuracy" in args.what:
        found["accuracy"] = _said(accuracy.runs(args.cases, args.seeds))
        lines += accuracy.summary(found["accuracy"])
    if "gesture" in args.what:
        runs = gesture.runs(args.device, args.trials, args.batch, epochs=2)
        found["gesture"] = _said(runs)
        lines += gesture.summary(found["gesture"])
    if "demo" in args.what:
        found["demo"] = _said(demo.runs(args.rounds))
        lines += demo.summary(found["demo"])
    print("\n".join(lines))
    started = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    facts = {"machine": machine(), "revision": revision(HERE.parent), "load": os.getloadavg()}
    page = {"time": started, **facts, **found}
    path = args.records / f"{started}-learning.json"
    path.write_text(json.dumps(page, indent=1) + "\n", encoding="utf-8")
    print(f"Records: {path}", file=sys.stderr)
    return 0


def _said(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Show each record as it comes."""
    found = []
    for record in records:
        print(json.dumps(record)[:160], file=sys.stderr, flush=True)
        found.append(record)
    return found


if __name__ == "__main__":
    sys.exit(main())
