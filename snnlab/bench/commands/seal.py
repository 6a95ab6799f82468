"""``snnlab bench seal``: records of before get the copy of themselves that is read at once."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_store_argument

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench seal``."""
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Check and seal; return 0, or 14 if there is nothing."""
    from snnlab.bench.store import Store

    store = Store(args.store)
    if not (n_records := len(store.paths())):
        sys.stdout.write(f"No records in {args.store}.\n")
        return 14
    n_sealed, n_left = store.seal()
    told = f"{n_records} records are as they were written, {n_sealed} of them were sealed now"
    left = f"; {n_left} have a form that cannot be sealed" if n_left else ""
    sys.stdout.write(f"{told}{left}.\n")
    return 0
