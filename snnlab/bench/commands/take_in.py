"""``snnlab bench import``: results of other tools become records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument
from snnlab.errors import SpecError

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench import``."""
    from snnlab.bench.importers.files import LAYOUTS

    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="files or folders")
    parser.add_argument(
        "--layout", choices=tuple(LAYOUTS), help="of the files (default: what they look like)"
    )
    parser.add_argument(
        "--state", nargs="+", action="extend", default=[], metavar="NAME=TEXT",
        help="what the files do not say and you know: machine_label=JUSUF, simulator=nest",
    )  # fmt: skip
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Import; return 0, or 14 if there was nothing to import."""
    from snnlab.bench.importers.files import import_results
    from snnlab.bench.store import Store
    from snnlab.bench.verdict import VerdictStatus

    stated = {}
    for text in args.state:
        name, equals, value = text.partition("=")
        if not equals:
            raise SpecError("--state", "must be NAME=TEXT", got=repr(text))
        stated[name] = value
    store = Store(args.store)
    before, total = len(store.paths()), 0
    for path in args.paths:
        for record in import_results(path, args.layout, stated):
            store.add(record)
            total += 1
    new = len(store.paths()) - before
    sys.stdout.write(f"{total} records read, {new} of them new in {args.store}\n")
    return 0 if total else VerdictStatus.NO_DATA.exit_code
