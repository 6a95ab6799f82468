"""``snnlab bench run --executor slurm``: the same command, in a batch job."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import spec_of

__all__ = ["add_job_arguments", "run_as_job"]

EXECUTORS = ("here", "slurm", "local")


def add_job_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the command runs."""
    add = parser.add_argument
    add(
        "--executor", choices=EXECUTORS, default="here",
        help="here; in a batch job of Slurm; as a job without Slurm, to try it (default: here)",
    )  # fmt: skip
    add(
        "--slurm", default="", metavar="OPTIONS",
        help='options of sbatch, which win over the profile: ="--partition=batch --time=00:30:00"',
    )  # fmt: skip
    add(
        "--queue-limit", type=float, default=86400.0, metavar="SECONDS",
        help="cancel a job that has not begun by then (default: a day)",
    )  # fmt: skip


def run_as_job(args: argparse.Namespace) -> int:
    """Run the command in a batch job; return its exit code.

    Parameters
    ----------
    args : Namespace
        Of ``snnlab bench run``. Specifications are read here as well, so that a mistake in one is
        told before anything waits in a queue.

    Raises
    ------
    SpecError
        Options that cannot be meant.
    ClusterError
        As in `run_in_job`.
    """
    from snnlab.bench.machine import discover
    from snnlab.bench.slurm.job import Limits, run_in_job
    from snnlab.bench.slurm.options import options_of

    profile = discover(args.profile)
    specs = [spec_of(path, args.settings) for path in args.specs]
    if profile.settings:
        specs = [spec.override(profile.settings, by="machine") for spec in specs]
    cells = [cell for spec in specs for cell in spec.cells()]
    options = options_of(profile.slurm, "profile", is_shared=True)
    options |= options_of(args.slurm, "--slurm")
    return run_in_job(
        _words(args), Path.cwd(), args.store, options,
        cpus=max(cell["threads"] * cell["ranks"] for cell in cells), cluster=args.executor,
        limits=Limits(queue_s=args.queue_limit),
    )  # fmt: skip


def _words(args: argparse.Namespace) -> list[str]:
    """The same command, to be run where the job runs."""
    words = [sys.executable, "-m", "snnlab", "bench", "run", *map(str, args.specs)]
    words += ["--store", str(args.store), "--stack", args.stack]
    words += ["--set", *args.settings] if args.settings else []
    words += ["--profile", str(args.profile)] if args.profile else []
    words += [word for python in args.pythons for word in ("--python", python)]
    words += ["--submitter", args.submitter] if args.submitter else []
    words += [f"--{name}" for name in ("again", "fresh") if getattr(args, name)]
    return words
