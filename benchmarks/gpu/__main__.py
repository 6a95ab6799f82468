"""Measure the CUDA engine on the first GPU: ``python -m benchmarks.gpu``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.gpu.measurements import MEASUREMENTS
from benchmarks.gpu.plan import Plan, command, gpu_of, of_measurements, of_variants
from benchmarks.gpu.plan import records as records_of
from benchmarks.gpu.records import Records, read
from benchmarks.gpu.table import page
from snnlab.cuda.available import obstacle, summary
from snnlab.cuda.probe import look

__all__ = ["main", "parse"]

HERE = Path(__file__).parents[1]


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    add = parser.add_argument
    add(
        "--only", action="append", default=[], metavar="NAME",
        help="a measurement whose name begins so; may be given several times. There are "
        + "; ".join(MEASUREMENTS),
    )  # fmt: skip
    add("--seeds", type=int, default=3, metavar="N", help="runs of each (default: 3)")
    add("--seconds", type=float, default=360.0, metavar="S", help="in all (default: 360)")
    add(
        "--variants", action="store_true",
        help="instead run the microcircuit with other numbers of threads and pieces of rows",
    )  # fmt: skip
    add("--records", type=Path, default=HERE / "records", metavar="DIR")
    add("--table", type=Path, metavar="FILE.md", help="write the table there too")
    add(
        "--from", type=Path, nargs="+", default=[], dest="stored", metavar="FILE.jsonl",
        help="run nothing; make the table of these records",
    )  # fmt: skip
    return parser


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments, with names in place of their beginnings.

    Parameters
    ----------
    words : sequence of str, optional
        Default: the command line.

    Raises
    ------
    SystemExit
        Something that cannot be meant; said on stderr.
    """
    asked = parser()
    args = asked.parse_args(words)
    args.names = [n for n in MEASUREMENTS if not args.only or n.startswith(tuple(args.only))]
    for beginning in args.only:
        if not any(name.startswith(beginning) for name in MEASUREMENTS):
            asked.error(f"--only: nothing begins with {beginning!r}")
    for option in ("seeds", "seconds"):
        if getattr(args, option) <= 0:
            asked.error(f"--{option} must be > 0, got {getattr(args, option):g}")
    return args


def main(words: Sequence[str] | None = None) -> int:
    """Measure, or read what was measured, and print the table.

    Returns
    -------
    int
        0; 1 without a GPU, or if a run failed or was not the network that was meant. What took
        too long is reported and no failure.
    """
    args = parse(words)
    if args.stored:
        records = read(args.stored)
    else:
        facts = look()
        error = obstacle(facts, 0)
        if error is not None:
            print(f"No GPU to measure. {error}", file=sys.stderr)
            return 1
        print(summary(facts), file=sys.stderr)
        tasks = (
            of_variants(args.seeds) if args.variants else of_measurements(args.names, args.seeds)
        )
        records = run(Plan(tasks, gpu_of(facts), args.seconds, command), args.records)
    text = page(records)
    print(text)
    if args.table:
        args.table.write_text(text, encoding="utf-8")
    return int(any(r["status"] in ("failed", "regime") for r in records))


def run(plan: Plan, folder: Path) -> list[dict[str, Any]]:
    """Run everything, each record on disk before the next run; return them."""
    found = []
    file: Records | None = None
    for record in records_of(plan, say=lambda line: print(line, file=sys.stderr, flush=True)):
        file = file or Records(folder / f"{record['session']}-gpu.jsonl")
        file.append(record)
        found.append(record)
    print(f"Records: {file.path if file else 'none'}\n", file=sys.stderr)
    return found


if __name__ == "__main__":
    sys.exit(main())
