"""``snnlab bench plan``: what is there, what is missing, how long it would take."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_run_arguments, add_spec_arguments, setting_of, spec_of

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench plan``."""
    add_spec_arguments(parser)
    add_run_arguments(parser)


def main(args: argparse.Namespace) -> int:
    """Plan; return 0."""
    from snnlab.bench.plan import plan

    setting = setting_of(args)
    for path in args.specs:
        spec = spec_of(path, args.settings)
        found = plan(
            spec, setting.store, setting.machine, pythons=setting.pythons, stack_variant=args.stack
        )
        sys.stdout.write(f"{found}\n")
    return 0
