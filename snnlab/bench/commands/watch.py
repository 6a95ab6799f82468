"""``snnlab bench watch``: measure what is due, once or again and again."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from pathlib import Path

from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench watch``."""
    add = parser.add_argument
    add_spec_arguments(parser)
    add_run_arguments(parser)
    add("--repository", type=Path, default=Path(), metavar="DIR", help="of the code (default: .)")
    add("--ref", default="HEAD", help="branch whose commits are the versions (default: HEAD)")
    add("--list", action="store_true", help="say what is due, and run nothing")
    add("--looks", type=int, metavar="N", help="end after N looks; 1 in cron and CI")
    add("--interval", type=float, default=600.0, metavar="S", help="between looks (default: 600)")
    add("--hours", type=float, default=8.0, help="nothing begins after this time (default: 8)")
    add("--every", type=float, metavar="H", help="measure the head again after so many hours")
    add(
        "--anchor", default="", metavar="COMMIT",
        help="a version that is measured in the same rounds as each other one: where it moves, "
        "too, the machine has changed",
    )  # fmt: skip
    add("--gaps", type=int, default=0, metavar="N", help="gaps to fill per line and look")


def main(args: argparse.Namespace) -> int:
    """Watch; return the exit code.

    Returns
    -------
    int
        0: everything that was due was measured, or nothing was; 14: something could not be.
    """
    from snnlab.bench.verdict import VerdictStatus
    from snnlab.bench.watch_loop import Watched, Watcher, watch

    setting = setting_of(args)
    watched = Watched(
        args.repository.resolve(), args.ref,
        tuple(spec_of(path, args.settings) for path in args.specs), setting.store,
        setting.machine, setting.pythons, args.stack,
        None if args.every is None else timedelta(hours=args.every), args.gaps,
        anchor=args.anchor,
    )  # fmt: skip
    watcher = Watcher(watched, _say)
    if args.list:
        sys.stdout.writelines(f"{task}\n" for task in watcher.due())
        return 0
    tried = watch(
        watcher.due, watcher.run, interval=args.interval, tell=_say, looks=args.looks,
        until=time.monotonic() + 3600.0 * args.hours,
    )  # fmt: skip
    return VerdictStatus.NO_DATA.exit_code if any(trouble for _, trouble in tried) else 0


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
