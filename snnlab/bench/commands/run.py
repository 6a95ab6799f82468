"""``snnlab bench run``: run what a specification still lacks."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from snnlab.bench.commands.as_job import add_job_arguments, run_as_job
from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of

if TYPE_CHECKING:
    from snnlab.bench.campaign import Finished
    from snnlab.bench.one_run import Run

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench run``."""
    add_spec_arguments(parser)
    add_run_arguments(parser)
    parser.add_argument(
        "--again", action="store_true", help="run cells, too, of which there are records already"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="do not go on with a campaign that was interrupted"
    )
    add_job_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Run; return the exit code.

    Returns
    -------
    int
        0: everything ran, or was there; 13: a science check failed; 14: something did not run.
    """
    from snnlab.bench.campaign import Campaign, run_campaign
    from snnlab.bench.plan import plan
    from snnlab.bench.verdict import VerdictStatus

    if args.executor != "here":
        return run_as_job(args)
    setting = setting_of(args)
    worst = 0
    for path in args.specs:
        spec = spec_of(path, args.settings)
        found = plan(
            spec, setting.store, setting.machine, pythons=setting.pythons, stack_variant=args.stack
        )
        able = tuple(item for item in found.items if not item.obstacle)
        for item in found.items:
            if item.obstacle:
                sys.stderr.write(f"{item.arm.label}: left out, {item.obstacle}\n")
        if not able:
            worst = worst or VerdictStatus.NO_DATA.exit_code
        batches = [able] if args.again and able else found.batches
        if not batches:
            sys.stderr.write(f"{spec.name}: nothing to run\n")
        for items in batches:
            values = items[0].arm.cell.values
            campaign = Campaign(
                tuple(item.arm for item in items),
                values["repeats"] if args.again else items[0].missing, setting.machine,
                seed=values["seed"] if args.again else items[0].seed, discard=values["discard"],
                stack_variant=args.stack, submitter=args.submitter,
            )  # fmt: skip
            finished = run_campaign(campaign, setting.store, tell=setting.tell, is_fresh=args.fresh)
            worst = _told(finished, worst)
    return worst


def _told(finished: Finished, worst: int) -> int:
    """Tell what a campaign gave; return the exit code so far."""
    from snnlab.bench.verdict import VerdictStatus

    arms = finished.campaign.arms
    for arm, runs, name in zip(arms, finished.runs, finished.record_ids, strict=True):
        sys.stdout.write(f"{name}  {arm.label}  {_summary(runs)}\n")
        statuses = {run.status for run in runs}
        if "invalid_science" in statuses:
            worst = VerdictStatus.INVALID.exit_code
        elif not statuses <= {"ok", "noisy"}:
            worst = worst or VerdictStatus.NO_DATA.exit_code
    return worst


def _summary(runs: Sequence[Run]) -> str:
    """What the runs of a cell gave, in one line."""
    times = [run.phases["simulate"] for run in runs if run.counts and "simulate" in run.phases]
    told = ", ".join(f"{n} {status}" for status, n in Counter(r.status for r in runs).items())
    return f"simulate {median(times):.4g} s (median), {told}" if times else told
