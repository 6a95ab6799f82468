"""``snnlab bench template``: a pipeline for GitHub Actions or GitLab CI."""

from __future__ import annotations

import argparse
import sys

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench template``."""
    add = parser.add_argument
    add("service", choices=("github", "gitlab"))
    add("specs", nargs="+", metavar="SPEC.yaml", help="specifications, as the repository has them")
    add("--branch", default="main", help="whose commits make the history (default: main)")
    add("--store-branch", default="benchmarks", help="holds the records (default: benchmarks)")
    add("--schedule", default="17 2 * * *", help="as cron has it, UTC (GitHub)")
    add("--runner", default="ubuntu-latest", help="label or tag of the runner")
    add("--slurm", default="", help='options of Slurm: "--nodes=1 --exclusive" (GitLab)')
    add(
        "--srun", action="store_true",
        help="start jobs of Slurm from the login node; default: Jacamar does",
    )  # fmt: skip
    add("--hours", type=int, default=5, help="nothing begins after this time (default: 5)")


def main(args: argparse.Namespace) -> int:
    """Print the pipeline; return 0."""
    from snnlab.bench.templates.github import github_workflow
    from snnlab.bench.templates.gitlab import gitlab_pipeline
    from snnlab.bench.templates.pipeline import Pipeline

    pipeline = Pipeline(
        specs=tuple(args.specs), branch=args.branch, store_branch=args.store_branch,
        schedule=args.schedule, runner=args.runner, slurm=args.slurm, hours=args.hours,
    )  # fmt: skip
    is_github = args.service == "github"
    text = github_workflow(pipeline) if is_github else gitlab_pipeline(pipeline, by_srun=args.srun)
    sys.stdout.write(text)
    return 0
