"""Run the benchmarks: ``python -m benchmarks --models brunel10k,coba4k --rounds 5``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.models import MODELS
from benchmarks.records import Records, read
from benchmarks.rounds import Plan, run_rounds
from benchmarks.simulators import PEERS, simulators
from benchmarks.table import page
from snnlab.bench.machine import available_cores, keep_to

__all__ = ["main", "parse"]

HERE = Path(__file__).parent


def parser() -> argparse.ArgumentParser:
    """Return what understands the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--models", default="all", help=f"all, or of {', '.join(MODELS)} (with commas)")
    add("--rounds", type=int, default=5, metavar="N", help="each with its own seed (default: 5)")
    add(
        "--peers",
        default="nest,brian2",
        help="of nest, brian2, ranks (default: nest,brian2), or none",
    )
    add("--threads", type=int, default=2, metavar="T", help="and as many cores (default: 2)")
    add(
        "--busy", nargs="?", const="snnlab", default="", metavar="SIMULATORS",
        help="also run these (default: snnlab) while another process keeps a core busy",
    )  # fmt: skip
    for peer in PEERS:
        add(f"--{peer}-python", default=sys.executable, metavar="PYTHON", help=f"has {peer}")
    add("--timeout", type=float, default=900.0, metavar="S", help="of one run (default: 900)")
    add("--records", type=Path, default=HERE / "records", metavar="DIR")
    add("--table", type=Path, metavar="FILE.md", help="write the table there too")
    add(
        "--from", type=Path, nargs="+", default=[], dest="stored", metavar="FILE.jsonl",
        help="run nothing; make the table of these records",
    )  # fmt: skip
    return parser


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the arguments, with lists in place of commas.

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
    args.models = list(MODELS) if args.models == "all" else _names(args.models)
    args.peers = [] if args.peers == "none" else _names(args.peers)
    args.busy = _names(args.busy)
    for option, names, known in (
        ("--models", args.models, [*MODELS]),
        ("--peers", args.peers, [*PEERS]),
        ("--busy", args.busy, ["snnlab", *args.peers]),
    ):
        if unknown := [name for name in names if name not in known]:
            asked.error(f"{option}: unknown {', '.join(unknown)}; there are {', '.join(known)}")
    for option in ("rounds", "threads", "timeout"):
        if getattr(args, option) <= 0:
            asked.error(f"--{option} must be > 0, got {getattr(args, option):g}")
    if args.threads > len(available_cores()):
        asked.error(f"--threads {args.threads}: there are {len(available_cores())} cores")
    return args


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def main(words: Sequence[str] | None = None) -> int:
    """Run, or read what was run, and print the table.

    Returns
    -------
    int
        0, or 1 if a run failed, took too long or was not the model that was meant.
    """
    args = parse(words)
    records = read(args.stored) if args.stored else run(args)
    text = page(records)
    print(text)
    if args.table:
        args.table.write_text(text, encoding="utf-8")
    return int(any(r["status"] not in ("ok", "skipped") for r in records))


def run(args: argparse.Namespace) -> list[dict[str, object]]:
    """Run everything, each record on disk before the next run; return them."""
    keep_to(available_cores()[: args.threads])
    pythons = {peer: getattr(args, f"{peer}_python") for peer in PEERS}
    plan = Plan(
        {name: MODELS[name] for name in args.models},
        simulators(args.peers, pythons, args.threads),
        args.rounds, args.threads, args.busy, args.timeout,
    )  # fmt: skip
    records = []
    file: Records | None = None
    for record in run_rounds(plan, say=lambda line: print(line, file=sys.stderr, flush=True)):
        file = file or Records(args.records / f"{record['session']}.jsonl")
        file.append(record)
        records.append(record)
    print(f"Records: {file.path if file else 'none'}\n", file=sys.stderr)
    return records


if __name__ == "__main__":
    sys.exit(main())
