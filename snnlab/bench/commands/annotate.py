"""``snnlab bench annotate``: say something about a record, beside it."""

from __future__ import annotations

import argparse
import sys

from snnlab.bench.commands.options import add_store_argument, the_record

__all__ = ["add_arguments", "main"]

KINDS = ("exclude", "expected_change", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench annotate``."""
    add = parser.add_argument
    add("record", metavar="RECORD", help="beginning of its id")
    add("kind", choices=KINDS, help="exclude takes it out of histories and guards")
    add("text", help="why")
    add("--who", default="", help="ORCID or pseudonym (default: nobody)")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Write the annotation; return 0."""
    from snnlab.bench.store import Store

    store = Store(args.store)
    record = the_record(store, args.record)
    path = store.annotate(record.record_id, args.kind, args.text, who=args.who)
    sys.stdout.write(f"{path.relative_to(store.root)}\n")
    return 0
