"""``snnlab bench ab``: two commits in pairs, in one batch."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench ab``."""
    add = parser.add_argument
    add_spec_arguments(parser, several=False)
    add("baseline", metavar="COMMIT", help="commit, tag or branch")
    add("candidate", nargs="?", default="", metavar="COMMIT", help="default: the files as they are")
    add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Measure pairs of each cell; return the exit code of the worst verdict.

    Returns
    -------
    int
        0: same; 10: faster; 11: inconclusive; 12: slower; 13: invalid; 14: no data.
    """
    from snnlab.bench.compare import compare
    from snnlab.bench.pairs import measure_versions, phase_of
    from snnlab.bench.verdict import worst

    setting = setting_of(args)
    verdicts = []
    for cell in spec_of(args.spec, args.settings).cells():
        found = measure_versions(cell, args.baseline, args.candidate, setting)
        verdicts.append(found.verdict)
        ids = found.finished.record_ids
        records = {r.record_id: r for r in setting.store.records() if r.record_id in ids}
        if len(records) == len(ids):
            told = compare(*(records[name] for name in ids), phase=phase_of(cell))
            sys.stdout.write(f"{cell.label}\n{told}\n")
        else:
            sys.stdout.write(f"{cell.label}\n{found.verdict}\n")
    return worst(verdicts).exit_code
