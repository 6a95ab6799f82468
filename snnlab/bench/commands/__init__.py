"""``snnlab bench``: run, plan, show and compare benchmarks, guard against slowdowns."""

from __future__ import annotations

import argparse
from importlib import import_module

__all__ = ["SUBCOMMANDS", "add_arguments", "main"]

SUBCOMMANDS = {
    "run": "run what a specification still lacks in a store",
    "plan": "say what is there, what is missing and how long it would take",
    "explain": "say where each value of a specification comes from",
    "watch": "measure what is due: new commits, a changed stack, a schedule, gaps",
    "report": "write the records of a store as pages that need no server",
    "import": "take in results of beNNch, asv, pytest-benchmark or ReFrame",
    "export": "write records as a table or for github-action-benchmark",
    "template": "print a pipeline for GitHub Actions or GitLab CI",
}
"""Name -> one line of help; each is a module of this package with `add_arguments` and `main`."""

MODULES = {"import": "take_in"}
"""Names that Python keeps for itself -> their modules."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the subcommands of ``snnlab bench``."""
    subparsers = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in SUBCOMMANDS.items():
        subparser = subparsers.add_parser(name, help=text, description=text)
        import_module(f"{__name__}.{MODULES.get(name, name)}").add_arguments(subparser)


def main(args: argparse.Namespace) -> int:
    """Do what was asked for; return the exit code of the subcommand."""
    module = MODULES.get(args.action, args.action)
    code: int = import_module(f"{__name__}.{module}").main(args)
    return code
