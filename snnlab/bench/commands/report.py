"""``snnlab bench report``: the records of a store as pages."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from snnlab.bench.commands.options import add_store_argument

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench report``."""
    parser.add_argument("folder", type=Path, help="where the pages go")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Write the pages; return 0."""
    from snnlab.bench.read_many import processes_for
    from snnlab.bench.report.site import write_site
    from snnlab.bench.store import Store

    processes = processes_for(len(Store(args.store).paths()))
    site = write_site(args.store, args.folder, processes=processes)
    sys.stdout.write(f"{site.n_records} records on {site.n_pages} pages: {site.index}\n")
    return 0
