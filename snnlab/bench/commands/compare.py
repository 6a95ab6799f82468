"""``snnlab bench compare``: two records or commits, what differs first."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument
from snnlab.errors import SpecError

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench compare``."""
    add = parser.add_argument
    add("a", metavar="A", help="baseline: a record, or a commit, tag or branch")
    add("b", metavar="B", help="candidate")
    add("--phase", default="", metavar="PHASE", help="what is compared (default: simulate)")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Compare; return the exit code.

    Returns
    -------
    int
        0: same; 10: faster; 11: nothing can be said; 12: slower; 13: invalid; 14: no data.
    """
    from snnlab.bench.compare import compare, find_records, newest_by_series
    from snnlab.bench.store import Store

    store = Store(args.store)
    sides = [find_records(store, text, commit_of=_commit) for text in (args.a, args.b)]
    if all(len(side) == 1 for side in sides):
        pairs = [(sides[0][0], sides[1][0])]
    else:
        a, b = (newest_by_series(side) for side in sides)
        pairs = [(a[series], b[series]) for series in sorted(a.keys() & b.keys())]
    if not pairs:
        raise SpecError(
            "Records", "must have a series in common", got=f"none of {args.a} and {args.b}",
            remedy="Name single records to see what differs.",
        )  # fmt: skip
    codes = []
    for first, second in pairs:
        found = compare(first, second, phase=args.phase)
        codes.append(found.exit_code)
        name = first.dataset["benchmark"].item() if "benchmark" in first.dataset else "benchmark"
        sys.stdout.write(f"{name}: a {first.record_id}, b {second.record_id}\n{found}\n\n")
    return next((code for code in (13, 12, 14, 11, 0, 10) if code in codes), 0)


def _commit(text: str) -> str:
    """The commit of a branch or tag of the repository that we are in; empty if there is none."""
    from snnlab.bench.worktree import git

    try:
        return git(Path.cwd(), "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}")
    except SpecError:
        return ""
