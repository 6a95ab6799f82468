"""``snnlab bench explain``: where each value of a specification comes from."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_spec_arguments, spec_of

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench explain``."""
    add_spec_arguments(parser, several=False)
    parser.add_argument(
        "--key", default="", metavar="KEY", help="threads, parameters.scale, ... (default: all)"
    )


def main(args: argparse.Namespace) -> int:
    """Explain; return 0."""
    spec = spec_of(args.spec, args.settings)
    sys.stdout.write(spec.explain(args.key) + "\n")
    if not args.key:
        for cell in spec.cells():
            sys.stdout.write(f"{cell.label}: spec {cell.spec_id}, layout {cell.layout_id}\n")
    return 0
