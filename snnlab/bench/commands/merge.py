"""``snnlab bench merge``: take over what other stores have, without git."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument
from snnlab.errors import SpecError

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench merge``."""
    parser.add_argument("others", nargs="+", type=Path, metavar="STORE", help="folders of records")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Check every record, and take over what is lacking; return 0."""
    from snnlab.bench.store import Store

    store = Store(args.store)
    for other in args.others:
        if not (other / "records").is_dir():
            raise SpecError(str(other), "must be a store of benchmark records",
                            got="no folder records")  # fmt: skip
        n_new = store.merge(Store(other))
        sys.stdout.write(f"{other}: {n_new} new records\n")
    return 0
