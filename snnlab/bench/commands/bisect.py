"""``snnlab bench bisect``: which commit made a benchmark slower."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of
from snnlab.errors import SpecError

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench bisect``."""
    add = parser.add_argument
    add_spec_arguments(parser, several=False)
    add("good", metavar="GOOD", help="last commit that is known to be fast")
    add("bad", metavar="BAD", help="first commit that is known to be slow")
    add(
        "--pairs", default="10", metavar="N[,N...]",
        help="numbers of pairs at which each commit is judged (default: 10)",
    )  # fmt: skip
    add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Bisect; return the exit code.

    Returns
    -------
    int
        12: a commit was found; 0: the bad commit is not slower.
    """
    from snnlab.bench.adapters.choice import adapter_for
    from snnlab.bench.bisect import bisect
    from snnlab.bench.pairs import measure_of
    from snnlab.bench.verdict import Rule, Verdict

    setting = setting_of(args)
    cells = spec_of(args.spec, args.settings).cells()
    if len(cells) > 1:
        raise SpecError(
            str(args.spec), "must be one cell to bisect", got=f"{len(cells)} cells",
            remedy="Choose with --set axes.NAME=null parameters.NAME=VALUE.",
        )  # fmt: skip
    cell = cells[0]

    def tell(commit: str, found: Verdict) -> None:
        sys.stderr.write(f"{commit[:10]} {found}\n")

    found = bisect(
        adapter_for(cell["simulator"]).tree(cell).folder, args.good, args.bad,
        measure_of(cell, setting.pythons), rule=Rule(looks=_looks(args.pairs)), tell=tell,
    )  # fmt: skip
    if not found.commit:
        sys.stdout.write(f"{args.bad} is not shown to be slower than {args.good}.\n")
        return 0
    sys.stdout.write(f"First slower commit: {found.commit}\n")
    if len(found.suspects) > 1:
        names = ", ".join(commit[:10] for commit in found.suspects)
        sys.stdout.write(f"Could not be told apart: {names}\n")
    return 12


def _looks(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise SpecError("--pairs", "must be numbers, separated by commas", got=text) from error
