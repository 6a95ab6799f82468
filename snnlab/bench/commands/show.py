"""``snnlab bench show``: what a store holds, or all that one record says."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

from snnlab.bench.commands.options import add_store_argument
from snnlab.errors import SpecError

if TYPE_CHECKING:
    from snnlab.bench.record import Record

__all__ = ["add_arguments", "main"]

COLUMNS = (
    "record", "benchmark", "simulator", "version", "threads", "simulate s", "real time", "runs",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``snnlab bench show``."""
    add = parser.add_argument
    add("record", nargs="?", default="", metavar="RECORD", help="beginning of its id, or a commit")
    add("--json", action="store_true", help="print the provenance as JSON")
    add_store_argument(parser)


def main(args: argparse.Namespace) -> int:
    """Show; return 0, or 14 if there is nothing."""
    from snnlab.bench.compare import find_records
    from snnlab.bench.store import Store

    store = Store(args.store)
    if args.json and not args.record:
        raise SpecError("--json", "must come with a record", got="none")
    found = find_records(store, args.record) if args.record else list(store.records())
    if not found:
        sys.stdout.write(f"No records in {args.store}.\n")
        return 14
    if args.json:
        sys.stdout.write(json.dumps(found[-1].provenance, indent=1) + "\n")
        return 0
    if len(found) > 1:
        rows = [COLUMNS, *(_row(record) for record in found)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(COLUMNS))]
        for row in rows:
            line = "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True))
            sys.stdout.write(line.rstrip() + "\n")
        return 0
    sys.stdout.write("\n".join(_lines(found[0])) + "\n")
    return 0


def _row(record: Record) -> tuple[str, ...]:
    import numpy as np

    from snnlab.bench.derived import derive

    data = derive(record.dataset)
    times = data["wall_time"].values[0] if "wall_time" in data else np.empty((0, 0))
    phases = list(data["phase"].values) if "phase" in data.coords else []
    simulate = times[:, phases.index("simulate")] if "simulate" in phases else np.array([np.nan])
    factor = data["real_time_factor"].values if "real_time_factor" in data else np.array([np.nan])
    commit = _of(data, "commit")[:10] + ("+" if _of(data, "dirty") == "1" else "")
    return (
        record.record_id, _of(data, "benchmark"), _of(data, "simulator"),
        commit or _of(data, "simulator_version"), _of(data, "threads"), _median(simulate),
        _median(factor), _statuses(data),
    )  # fmt: skip


def _lines(record: Record) -> list[str]:
    """All that a record says, for people."""
    import numpy as np

    data = record.dataset
    names = sorted(str(n) for n in data.coords if data.coords[n].dims == ("record",))
    lines = [f"{name}: {_of(data, name)}" for name in names if _of(data, name)]
    lines.append(f"runs: {_statuses(data)}")
    for phase in data["phase"].values if "phase" in data.coords else ():
        values = data["wall_time"].sel(phase=phase).values[0]
        if np.isfinite(values).any():
            low, high = np.nanmin(values), np.nanmax(values)
            lines.append(f"{phase}: {_median(values)} s ({low:.4g} ... {high:.4g})")
    for check in data["check"].values if "check" in data.coords else ():
        one = data.sel(check=check)
        value, low, high = (one[f"check_{n}"].values[0] for n in ("value", "low", "high"))
        lines.append(f"check {check}: {_median(value)}, band {_median(low)} ... {_median(high)}")
    lines += [f"run {block}: {why}" for block, why in record.provenance.get("notes", {}).items()]
    return lines


def _of(data: Any, name: str) -> str:
    """A coordinate as text; empty where it is not recorded."""
    if name not in data.coords:
        return ""
    value = data.coords[name].values[0]
    if isinstance(value, str):
        return value
    return "" if math.isnan(value) else f"{value:.12g}"


def _median(values: Any) -> str:
    import numpy as np

    known = values[np.isfinite(values)]
    return f"{np.median(known):.4g}" if known.size else ""


def _statuses(data: Any) -> str:
    counted = Counter(s for s in data["status"].values.ravel() if s) if "status" in data else {}
    return ", ".join(f"{n} {status}" for status, n in counted.items())
