"""``snnlab bench export``: records for other tools."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench export``."""
    from snnlab.bench.exporters.github_action import TOOLS

    parser.add_argument(
        "file", type=Path,
        help=".csv or .parquet: all numbers as a table; .json: for github-action-benchmark",
    )  # fmt: skip
    parser.add_argument(
        "--tool", choices=tuple(TOOLS), default="customSmallerIsBetter",
        help="input of the action that the .json is for (default: customSmallerIsBetter)",
    )  # fmt: skip
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Export; return 0, or 14 if there was nothing to export."""
    from snnlab.bench.exporters.github_action import github_action_entries
    from snnlab.bench.exporters.table_file import write_table
    from snnlab.bench.store import load
    from snnlab.bench.verdict import VerdictStatus
    from snnlab.record.atomic import replacing

    data = load(args.store)
    if args.file.suffix == ".json":
        entries = github_action_entries(data, args.tool)
        with replacing(args.file) as partial:
            partial.write_text(json.dumps(entries, indent=1, ensure_ascii=False), "utf-8")
        n = len(entries)
    else:
        n = write_table(data, args.file)
    sys.stdout.write(f"{n} entries in {args.file}\n")
    return 0 if n else VerdictStatus.NO_DATA.exit_code
