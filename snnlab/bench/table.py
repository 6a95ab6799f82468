"""Records of a store as a Markdown page: side by side, speed, where the time goes, what failed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import median

from snnlab.bench.bars import Kept, Promise, promises
from snnlab.bench.limits import PHASES, limit, parts, shares
from snnlab.bench.markdown import number, table
from snnlab.bench.record import Record
from snnlab.bench.side_by_side import (
    REFERENCE,
    Group,
    fastest,
    groups_of,
    middle,
    ratios,
    reference_of,
)

__all__ = ["page", "promised"]

Cells = list[str]


def page(records: Iterable[Record], bars: Mapping[str, Mapping[str, float]] | None = None) -> str:
    """Return the whole page.

    Parameters
    ----------
    records : iterable of Record
    bars : mapping, optional
        Benchmark -> bars in place of those that the records have.
    """
    groups = groups_of(records, bars)
    best = fastest(groups)
    quiet, busy = ([g for g in best if bool(g.beside) is is_busy] for is_busy in (False, True))
    lines = [
        "# Benchmark",
        *_conditions(groups),
        *table("Side by side", *_side_by_side(quiet, busy)),
        *table("Speed", SPEED, _speed(groups, quiet)),
        *table("Where the time goes", ("network", *(f"{p} %" for p in PHASES), "limited by"),
               _phases(quiet)),
        *table("Beside busy processes", BUSY, _beside(groups, busy)),
        *table("Science", ("network", "simulator", "check", "median", "band"), _science(best)),
        *table("Bars", ("network", "figure", "measured", "bar", "reached"), _bars(quiet)),
        *table("Not counted", ("network", "simulator", "runs", "what", "why"), _failures(groups)),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def promised(
    records: Iterable[Record], bars: Mapping[str, Mapping[str, float]] | None = None
) -> list[Promise]:
    """Return the bars, and what was measured of each; arguments as of `page`."""
    return list(promises(g for g in fastest(groups_of(records, bars)) if not g.beside))


def _conditions(groups: Sequence[Group]) -> Iterator[str]:
    """Machine, versions, and when."""
    records = [record for group in groups for record in group.records]
    runs = [run for group in groups for run in group.runs]
    if not runs:
        return
    versions: dict[str, str] = {}
    for record in records:
        packages = record.provenance.get("stack", {}).get("packages", {})
        versions |= {name: text for name, text in packages.items() if name != "python"}
    machines = _texts(records, "machine_label")
    commits = [commit[:12] for commit in _texts(records, "commit")]
    load = [run.figures["load"] for run in runs if "load" in run.figures]
    times = sorted(run.started_at for run in runs if run.started_at)
    seeds = [run.seed for run in runs]
    n_noisy = sum(run.status == "noisy" for run in runs)
    yield ""
    yield (
        f"{'; '.join(machines)}. "
        f"{', '.join(f'{name} {version}' for name, version in versions.items())}; "
        f"commit {', '.join(commits) or 'unknown'}."
    )
    yield ""
    yield (
        (f"{times[0][:16]} to {times[-1][:16]} UTC, " if times else "")
        + f"seeds {min(seeds):g} ... {max(seeds):g}, a new one each round"
        + (f"; load average before a run {min(load):.1f} ... {max(load):.1f}" if load else "")
        + (f"; {n_noisy} of {len(runs)} runs noisy" if n_noisy else "")
        + ". Medians; a ratio is the median over rounds, with its range; real-time factor is wall "
        "time / model time, lower is faster."
    )


def _texts(records: Sequence[Record], name: str) -> list[str]:
    found = (str(r.dataset[name].item()) for r in records if name in r.dataset.coords)
    return list(dict.fromkeys(text for text in found if text))


def _networks(groups: Iterable[Group]) -> list[str]:
    return list(dict.fromkeys(group.network for group in groups))


# --- sections -------------------------------------------------------------------------------------


def _side_by_side(quiet: list[Group], busy: list[Group]) -> tuple[Cells, list[Cells]]:
    """One row for each network: times, then ratios to the reference."""
    peers = [s for s in dict.fromkeys(g.simulator for g in quiet) if s != REFERENCE]
    if not peers:
        return [], []
    head = ["network", f"{REFERENCE} s", "busy s", *(f"{peer} s" for peer in peers),
            *(f"{peer} / {REFERENCE}" for peer in peers)]  # fmt: skip
    rows = []
    for network in _networks(quiet):
        of = {g.simulator: g for g in quiet if g.network == network}
        mine = of.get(REFERENCE)
        beside = next((g for g in busy if (g.network, g.simulator) == (network, REFERENCE)), None)
        each = [ratios(of[p], mine) if p in of and mine is not None else [] for p in peers]
        rows.append([
            network, _seconds(mine), _seconds(beside), *(_seconds(of.get(p)) for p in peers),
            *(f"{median(found):.3g}" if found else "" for found in each),
        ])  # fmt: skip
    return head, rows


def _seconds(group: Group | None) -> str:
    return "" if group is None else f"{group.seconds:.3g}"


SPEED = (
    "network", "simulator", "runs", "construct s", "simulate s", "min ... max", "ratio",
    "real-time factor", "ns/event", "bytes/synapse", "peak MB", "rate Hz", "CV",
)  # fmt: skip


def _speed(groups: list[Group], quiet: list[Group]) -> Iterator[Cells]:
    """One row for each network and simulator; of the reference, for each setting."""
    for group in groups:
        is_ours = group.simulator == REFERENCE and group.counted and not group.beside
        if group not in quiet and not is_ours:
            continue
        reference = reference_of(quiet, group.network)
        times = [run.seconds for run in group.counted]
        each = ratios(group, reference) if reference not in (None, group) else []
        peak = middle(group, "peak_bytes")
        yield [
            group.network, group.label, str(len(times)), number(middle(group, "construct"), 3),
            number(middle(group, "simulate"), 3), f"{min(times):.3f} ... {max(times):.3f}",
            _range(each), number(middle(group, "real_time_factor"), 3),
            number(middle(group, "ns_per_event"), 2), number(middle(group, "bytes_per_synapse"), 1),
            number(None if peak is None else peak / 2**20, 0), number(middle(group, "rate"), 2),
            number(middle(group, "check cv"), 2),
        ]  # fmt: skip


def _range(each: Sequence[float]) -> str:
    """The median of some ratios, and their range."""
    if not each:
        return ""
    spread = f" ({min(each):.1f} ... {max(each):.1f})" if len(each) > 1 else ""
    return f"**{median(each):.1f}**{spread}"


def _phases(quiet: list[Group]) -> Iterator[Cells]:
    """Shares of the phases of the median run of the reference, and what limits it."""
    for group in quiet:
        if group is not reference_of(quiet, group.network):
            continue
        figures = group.typical.figures
        part = shares(parts(figures))
        if words := limit(figures, group.threads):
            cells = [f"{100 * part[phase]:.0f}" if part else "" for phase in PHASES]
            yield [group.network, *cells, words]


BUSY = ("network", "simulator", "processes", "runs", "quiet s", "busy s", "slowdown", "worst")


def _beside(groups: list[Group], busy: list[Group]) -> Iterator[Cells]:
    """How much slower a run is while others want its cores."""
    alone = {(g.network, g.label): g for g in groups if not g.beside}
    for group in busy:
        before = alone.get((group.network, group.label))
        each = ratios(group, before) if before is not None else []
        if before is not None and each:
            yield [
                group.network, group.simulator, str(group.beside), str(len(each)),
                f"{before.seconds:.3f}", f"{group.seconds:.3f}", f"**{median(each):.2f}**",
                f"{max(each):.2f}",
            ]  # fmt: skip


COUNT = 1e4
"""From here on a value is that of a count, which is told whole."""


def _science(groups: list[Group]) -> Iterator[Cells]:
    """What was checked, where it was found, and where it had to be."""
    for group in groups:
        bands = {}
        for record in group.records:
            data = record.dataset.isel(record=0)
            for k, name in enumerate(data["check"].values if "check" in data.coords else ()):
                low, high = (data[f"check_{n}"].values[0, k] for n in ("low", "high"))
                if math.isfinite(low):  # results of others come without a band
                    bands[str(name)] = f"{low:.10g} ... {high:.10g}"
        for name, band in bands.items():
            value = middle(group, f"check {name}")
            told = "" if value is None else f"{value:.{10 if value >= COUNT else 4}g}"
            beside = f", {group.beside} beside" if group.beside else ""
            yield [group.network, f"{group.label}{beside}", name, told, band]


def _bars(quiet: list[Group]) -> Iterator[Cells]:
    """What the reference should reach, and whether it does."""
    for promise in promises(quiet):
        reached = f"**{promise.kept}**" if promise.kept is Kept.NO else str(promise.kept)
        yield [promise.network, promise.figure, promise.measured, promise.wanted, reached]


def _failures(groups: Iterable[Group]) -> Iterator[Cells]:
    """Every run that did not count, and why; alike ones once, with their number."""
    found = Counter(
        (group.network, group.label, run.status, run.why)
        for group in groups for run in group.runs if run not in group.counted
    )  # fmt: skip
    for (network, label, status, why), n in found.items():
        yield [network, label, str(n), status, why]
