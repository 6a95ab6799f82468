"""``snnlab bench gate``: fail on a proven slowdown, a missed bar or wrong science."""

from __future__ import annotations

import argparse
import sys
import time

from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench gate``."""
    add = parser.add_argument
    add_spec_arguments(parser)
    add_run_arguments(parser)
    add("--against", default="", metavar="COMMIT", help="measure pairs against it in any case")
    add(
        "--seconds", type=float, default=600.0, metavar="S",
        help="nothing further begins after this time (default: 600)",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Judge the files as they are; return the exit code.

    Returns
    -------
    int
        0: ok, or nothing to compare with and the science is right; 11: noise, nothing could be
        shown; 12: slower, shown by pairs, or a bar missed for certain; 13: a science check failed;
        14: nothing was measured.
    """
    from snnlab.bench.gate import gate, worst_status

    setting = setting_of(args, until=time.monotonic() + args.seconds)
    specs = [spec_of(path, args.settings) for path in args.specs]
    judgements = gate(specs, setting, against=args.against)
    sys.stdout.writelines(f"{judgement}\n" for judgement in judgements)
    status = worst_status(judgements)
    sys.stdout.write(f"Gate: {status}.\n")
    return status.exit_code
