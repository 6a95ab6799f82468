"""``snnlab bench table``: simulators side by side, as a page of Markdown."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument

__all__ = ["add_arguments", "main"]

WORDS = {
    "NO": "missed", "UNCLEAR": "not reached, which may be noise", "UNKNOWN": "not measured",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench table``."""
    parser.add_argument(
        "benchmarks", nargs="*", metavar="BENCHMARK", help="names of benchmarks (default: all)"
    )
    parser.add_argument(
        "--pool", action="store_true",
        help="take the runs of all campaigns together (default: of the last one for each setting)",
    )  # fmt: skip
    parser.add_argument(
        "--bars", nargs="+", default=[], metavar="SPEC",
        help="judge by the bars of these specifications, not by those that records have",
    )  # fmt: skip
    parser.add_argument("--file", type=Path, metavar="FILE.md", help="write the page there too")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Print the page; return the exit code.

    Returns
    -------
    int
        0: no bar was missed for certain; 12: one was; 14: there is nothing.
    """
    from snnlab.bench.bars import Kept
    from snnlab.bench.side_by_side import newest
    from snnlab.bench.spec import load_spec
    from snnlab.bench.store import Store
    from snnlab.bench.table import page, promised
    from snnlab.bench.verdict import VerdictStatus
    from snnlab.record.atomic import replacing

    records = [
        record for record in Store(args.store).records()
        if not args.benchmarks or record.dataset["benchmark"].item() in args.benchmarks
    ]  # fmt: skip
    records = records if args.pool else newest(records)
    if not records:
        sys.stderr.write(f"No such records in {args.store}.\n")
        return VerdictStatus.NO_DATA.exit_code
    bars = {spec.name: spec.values["bars"] for spec in map(load_spec, args.bars)}
    text = page(records, bars)
    sys.stdout.write(text)
    if args.file is not None:
        with replacing(args.file) as partial:
            partial.write_text(text, encoding="utf-8")
    found = promised(records, bars)
    for promise in found:
        if promise.kept is not Kept.YES:
            sys.stderr.write(f"bar {WORDS[promise.kept.name]}: {promise}\n")
    is_missed = any(promise.kept is Kept.NO for promise in found)
    return VerdictStatus.SLOWER.exit_code if is_missed else 0
