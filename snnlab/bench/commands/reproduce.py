"""``snnlab bench reproduce``: a record again, from what it says of itself alone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_run_arguments, setting_of, the_record

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench reproduce``."""
    add = parser.add_argument
    add("record", metavar="RECORD", help="beginning of its id")
    add(
        "--repository", type=Path, default=Path(), metavar="DIR",
        help="checkout that has its version, or folder of its model file (default: here)",
    )  # fmt: skip
    add("--list", action="store_true", help="say what differs here and now, and run nothing")
    add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Tell what differs, run, compare; return the exit code.

    Returns
    -------
    int
        0: it ran, and every science check passed; 13: one failed; 14: it did not run.
    """
    from snnlab.bench.compare import compare
    from snnlab.bench.reproduce import recipe_of, reproduce
    from snnlab.bench.verdict import VerdictStatus

    setting = setting_of(args)
    record = the_record(setting.store, args.record)
    if args.list:
        found = recipe_of(record, args.repository, setting.machine)
        lines = [f"{d.group}, {d.name}: {d.a}, now {d.b}" for d in found.differences]
        sys.stdout.writelines(f"{line}\n" for line in lines or ["Nothing differs."])
        return 0
    again = reproduce(
        record, args.repository, setting.store, setting.machine, pythons=setting.pythons,
        tell=setting.tell,
    )  # fmt: skip
    sys.stdout.write(f"a {record.record_id}, b {again.record_id}\n{compare(record, again)}\n")
    statuses = set(again.dataset["status"].values.ravel())
    if "invalid_science" in statuses:
        return VerdictStatus.INVALID.exit_code
    return 0 if statuses <= {"ok", "noisy"} else VerdictStatus.NO_DATA.exit_code
