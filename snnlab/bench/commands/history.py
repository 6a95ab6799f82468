"""``snnlab bench history``: levels of each line of history, and what happened between them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from snnlab.bench.commands.options import add_store_argument

if TYPE_CHECKING:
    from snnlab.bench.report.content import Content
    from snnlab.bench.report.line_page import Line

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench history``."""
    parser.add_argument(
        "benchmarks", nargs="*", metavar="BENCHMARK", help="names of benchmarks (default: all)"
    )
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Tell; return 0, or 14 if no record belongs to a version."""
    from snnlab.bench.report.content import collect
    from snnlab.bench.report.site import lines_of
    from snnlab.bench.store import Store

    content = collect(Store(args.store))
    told = [
        "\n".join(_told(content, line))
        for lines in lines_of(content).values() for line in lines
        if line.past is not None
        and (not args.benchmarks or content.coordinate("benchmark", line.newest) in args.benchmarks)
    ]  # fmt: skip
    if not told:
        sys.stderr.write(f"No history in {args.store}.\n")
        return 14
    sys.stdout.write("\n\n".join(told) + "\n")
    return 0


def _told(content: Content, line: Line) -> Iterator[str]:
    if line.past is None or line.quantity is None:
        return
    series, unit = line.past.series, line.quantity.unit
    words = (content.title(line.newest), content.parameters(line.newest),
             content.layout(line.newest))  # fmt: skip
    yield f"{'; '.join(w for w in words if w)}: {line.quantity.name}"
    events = {event.at: event for event in line.past.events}
    starts = {level.start: level for level in line.past.levels}
    for at in sorted(events.keys() | starts.keys()):
        if at in events:
            yield f"  {events[at].kind} at {series.versions[at]}: {events[at].cause}"
        if at in starts:
            level = starts[at]
            ends = dict.fromkeys((series.versions[level.start], series.versions[level.stop - 1]))
            n = level.stop - level.start
            points = f"{n} point{'s' if n > 1 else ''}"
            yield f"  {' ... '.join(ends)}: {level.median:.4g} {unit}, {points}"
    if not starts:
        yield f"  {len(series.values)} points, the last {series.values[-1]:.4g} {unit}; all noisy"
    if line.past.needs_pairs:
        yield "  No regression yet: that only pairs show (snnlab bench ab)."
