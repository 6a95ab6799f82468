"""Records become a Markdown page: speed, where the time goes, under load, what did not run."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from benchmarks.limits import PHASES, limit, shares

__all__ = ["page"]

Record = dict[str, Any]
Runs = dict[tuple[str, str], list[Record]]

REFERENCE = "snnlab"


def page(records: Sequence[Record]) -> str:
    """Return the whole page.

    Parameters
    ----------
    records : sequence of dict
        As `benchmarks.records.read` gives them.
    """
    quiet, busy = (counted(records, busy=is_busy) for is_busy in (False, True))
    parts = [
        *conditions(records),
        *titled("Speed", speed(quiet)),
        *titled("Where snnlab's time goes", phases(quiet)),
        *titled("Beside a busy process", under_load(quiet, busy)),
        *titled("Not counted", failures(records)),
    ]
    return "\n".join(parts) + "\n"


def titled(title: str, rows: Iterable[str]) -> list[str]:
    """Return a section; nothing without rows."""
    found = list(rows)
    return ["", f"## {title}", "", *found] if found else []


def counted(records: Iterable[Record], *, busy: bool) -> Runs:
    """Return the runs that count, by model and simulator, each at its fastest setting."""
    by_setting: dict[tuple[str, str], dict[str, list[Record]]] = {}
    for record in records:
        if record["status"] == "ok" and record["busy"] == busy:
            settings = by_setting.setdefault((record["model"], record["simulator"]), {})
            settings.setdefault(record["setting"], []).append(record)
    return {key: fastest(settings.values()) for key, settings in by_setting.items()}


def fastest(settings: Iterable[list[Record]]) -> list[Record]:
    """Return the runs of the best setting among those that ran most often."""
    every = list(settings)
    most = max(map(len, every))
    return min((runs for runs in every if len(runs) == most), key=lambda r: median(times(r)))


def seconds(record: Record) -> float:
    """The time that is compared: of the simulation, or of the construction where that is all."""
    return float(record["figures"].get("simulate_s", record["figures"]["build_s"]))


def times(runs: Iterable[Record]) -> list[float]:
    """Return `seconds` of each run."""
    return [seconds(run) for run in runs]


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return float(statistics.median(values))


def middle(runs: Iterable[Record], name: str) -> float | None:
    """Return the median of a figure over the runs that have it."""
    values = [run["figures"][name] for run in runs if run["figures"].get(name) is not None]
    return median(values) if values else None


# --- sections -------------------------------------------------------------------------------------


def conditions(records: Sequence[Record]) -> Iterator[str]:
    """Machine, versions, and when."""
    yield "# Benchmark"
    if not records:
        return
    first, last = records[0], records[-1]
    machine = first["machine"]
    versions: dict[str, str] = {}
    for record in records:
        own = {k: v for k, v in record["versions"].items() if k != "python"}
        versions |= own
    load = [record["load"][0] for record in records]
    yield ""
    yield (
        f"{machine['processor']}, cores in use: {machine['cores']}, "
        f"{machine['memory_bytes'] / 2**30:.0f} GiB, {machine['platform']}. "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}; "
        f"revision {first['revision'] or 'unknown'}."
    )
    yield ""
    threads = ", ".join(sorted({str(record["threads"]) for record in records}))
    yield (
        f"{first['time'][:16]} to {last['time'][11:16]} UTC, {threads} threads, seeds "
        f"{min(r['seed'] for r in records)} ... {max(r['seed'] for r in records)}, a new one each "
        f"round; load average before a run {min(load):.1f} ... {max(load):.1f}. Medians; real-time "
        "factor is wall time / model time, lower is faster."
    )


def speed(runs: Runs) -> Iterator[str]:
    """One row for each model and simulator."""
    if not runs:
        return
    yield from head(
        "model", "simulator", "runs", "build s", "simulate s", "min ... max", "ratio",
        "real-time factor", "ns/event", "bytes/synapse", "peak MB", "rate Hz", "CV",
    )  # fmt: skip
    for model in dict.fromkeys(model for model, _ in runs):
        reference = runs.get((model, REFERENCE))
        for (other, simulator), mine in runs.items():
            if other == model:
                yield row(model, *speed_cells(simulator, mine, reference))


def speed_cells(simulator: str, mine: list[Record], reference: list[Record] | None) -> list[str]:
    """Cells of a row but the first."""
    setting = mine[0]["setting"].replace("--threads ", "threads=").replace("--precision ", "")
    low, high = min(times(mine)), max(times(mine))
    ratio = ratios(mine, reference) if reference and simulator != REFERENCE else ""
    peak = middle(mine, "peak_bytes")
    return [
        f"{simulator} ({setting})" if setting else simulator,
        str(len(mine)),
        number(middle(mine, "build_s"), 3),
        number(middle(mine, "simulate_s"), 3),
        f"{low:.3f} ... {high:.3f}",
        ratio,
        number(middle(mine, "real_time_factor"), 3),
        number(middle(mine, "ns_per_event"), 2),
        number(middle(mine, "bytes_per_synapse"), 1),
        number(None if peak is None else peak / 2**20, 0),
        number(middle(mine, "rate"), 2),
        number(middle(mine, "cv"), 2),
    ]


def ratios(mine: list[Record], reference: list[Record]) -> str:
    """Ratio of the medians, and the range over rounds in which both ran."""
    whole = median(times(mine)) / median(times(reference))
    ours = {(r["session"], r["round"]): seconds(r) for r in reference}
    each = [
        seconds(r) / ours[r["session"], r["round"]]
        for r in mine
        if (r["session"], r["round"]) in ours
    ]
    if len(each) < 2:
        return f"**{whole:.1f}**"
    return f"**{whole:.1f}** ({min(each):.1f} ... {max(each):.1f})"


def phases(runs: Runs) -> Iterator[str]:
    """Shares of the phases of the median run of each model, and what limits it."""
    ours = {model: mine for (model, simulator), mine in runs.items() if simulator == REFERENCE}
    if not ours:
        return
    yield from head("model", *(f"{phase} %" for phase in PHASES), "limited by")
    for model, mine in ours.items():
        typical = sorted(mine, key=seconds)[len(mine) // 2]
        part = shares(typical["figures"].get("timings", {}))
        cells = [f"{100 * part[phase]:.0f}" if part else "" for phase in PHASES]
        yield row(model, *cells, limit(typical))


def under_load(quiet: Runs, busy: Runs) -> Iterator[str]:
    """How much slower a run is while another process wants one of the cores."""
    if not busy:
        return
    yield from head("model", "simulator", "runs", "quiet s", "busy s", "slowdown", "worst")
    for (model, simulator), mine in busy.items():
        reference = quiet.get((model, simulator))
        if reference:
            before = median(times(reference))
            yield row(
                model, simulator, str(len(mine)), f"{before:.3f}", f"{median(times(mine)):.3f}",
                f"**{median(times(mine)) / before:.2f}**", f"{max(times(mine)) / before:.2f}",
            )  # fmt: skip


def failures(records: Iterable[Record]) -> Iterator[str]:
    """Every run that did not count, and why; alike ones once, with their number."""
    found = Counter(
        (r["model"], r["simulator"] + (" (busy)" if r["busy"] else ""), r["status"], r["why"])
        for r in records
        if r["status"] != "ok"
    )
    if found:
        yield from head("model", "simulator", "runs", "what", "why")
    for (model, simulator, status, why), n in found.items():
        yield row(model, simulator, str(n), status, why.replace("|", "/").replace("\n", " "))


# --- Markdown -------------------------------------------------------------------------------------


def head(*titles: str) -> Iterator[str]:
    """Return the first two lines of a table."""
    yield row(*titles)
    yield "|" + "---|" * len(titles)


def row(*cells: str) -> str:
    """Return one line of a table."""
    return f"| {' | '.join(cells)} |"


def number(value: float | None, digits: int) -> str:
    """Return a number as text; empty where there is none."""
    return "" if value is None else f"{value:.{digits}f}"
