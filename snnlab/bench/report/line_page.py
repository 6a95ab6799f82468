"""The page of one specification on one machine: its histories, and what its time is spent on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snnlab.bench.history import EventKind, History, history
from snnlab.bench.report.chart import OTHER, history_chart, parts_chart
from snnlab.bench.report.content import Content
from snnlab.bench.report.frame import page
from snnlab.bench.report.markup import Markup, element, link, table
from snnlab.bench.report.numbers import short
from snnlab.bench.schema import RECORD
from snnlab.bench.timeline import Quantity, main_quantity, ok_values, series_of

__all__ = ["Line", "line_of", "line_page"]

PARENT = "simulate"


@dataclass(frozen=True)
class Line:
    """One line of history, looked at.

    Parameters
    ----------
    places : tuple of int
        All its records.
    quantity : Quantity or None
        Of these records; None where nothing was measured.
    past : History or None
        None where no record belongs to a version.
    points : tuple of int
        Place of the record behind each point of the history.
    """

    places: tuple[int, ...]
    quantity: Quantity | None
    past: History | None
    points: tuple[int, ...]

    @property
    def noisy(self) -> set[int]:
        """Places of records of noisy batches, which raise no alarm."""
        if self.past is None or self.past.series.noisy is None:
            return set()
        marks = zip(self.points, self.past.series.noisy, strict=True)
        return {place for place, is_noisy in marks if is_noisy}

    @property
    def newest(self) -> int:
        """Place of the newest record: of the last version, if any belongs to one."""
        return self.points[-1] if self.points else self.places[-1]

    @property
    def state(self) -> Markup | str:
        """What the history says at its end, for a table."""
        if self.past is None:
            return "no data"
        changes = [e for e in self.past.events if e.kind is not EventKind.BORDER]
        if not changes:
            return "no change"
        last = changes[-1]
        if last.kind is EventKind.CHANGE:
            word = "worse" if last.worse else "better"
            return element("span", f"{word}: {last.cause}", class_=word)
        return f"{last.kind}: {last.cause}"


def line_of(content: Content, places: Sequence[int]) -> Line:
    """Look at the records of one line of history."""
    data = content.data.isel({RECORD: list(places)})
    quantity = main_quantity(data)
    if quantity is None:
        return Line(tuple(places), None, None, ())
    series, own = series_of(data, quantity, content.layout(places[-1]), excluded=content.excluded)
    past = history(series) if own and (series.values > 0).all() else None
    return Line(tuple(places), quantity, past, tuple(places[k] for k in own))


def line_page(content: Content, lines: Sequence[Line]) -> str:
    """Return the page of all lines of one specification on one machine.

    Parameters
    ----------
    content : Content
    lines : sequence of Line
        One per layout and variant of the software.
    """
    first = lines[0].newest
    parts: list[object] = []
    parameters = content.parameters(first)
    if parameters:
        parts.append(element("p", f"Parameters: {parameters}"))
    if len(lines) > 1:
        parts += _scaling(content, lines)
    for line in lines:
        parts += _history(content, line)
    parts += _parts(content, lines)
    return page(content.title(first), *parts, up="../index.html")


def _scaling(content: Content, lines: Sequence[Line]) -> list[object]:
    rows = [
        (content.layout(line.newest), line.state, content.coordinate("stack_variant", line.newest),
         line.quantity.unit if line.quantity else "", _median(line))
        for line in lines
    ]  # fmt: skip
    head = ("layout", "history", "stack", "unit", "newest median")
    return [table("Newest of each layout", head, rows, numbers=1)]


def _median(line: Line) -> str:
    if line.quantity is None:
        return short(float("nan"))
    values = line.quantity.values[line.places.index(line.newest)]
    return short(float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan"))


def _history(content: Content, line: Line) -> list[object]:
    found: list[object] = [element("h2", f"History, {content.layout(line.newest)}")]
    targets = [f"../{content.record_page(place)}" for place in line.points]
    if line.past is not None and line.quantity is not None:
        found.append(history_chart(line.past, line.quantity.name, line.quantity.unit, targets))
        versions = line.past.series.versions
        events = [(str(e.kind), versions[e.at], e.cause) for e in line.past.events]
        found.append(table("What happened", ("what", "version", "cause"), events))
        if line.past.needs_pairs:
            found.append(element(
                "p", "A change in a history is no regression yet: only pairs measured in one "
                "batch say so.", class_="quiet",
            ))  # fmt: skip
    else:
        found.append(element("p", "No record of a version has a value: no data."))
    found.append(_records(content, line))
    return found


def _records(content: Content, line: Line) -> Markup:
    rows = []
    excluded, noisy = content.excluded, line.noisy
    for k, place in enumerate(line.places):
        values = np.empty(0) if line.quantity is None else line.quantity.values[k]
        known = values[np.isfinite(values)]
        middle = short(float(np.median(known)) if known.size else float("nan"))
        name = content.coordinate("commit", place)[:10] or content.coordinate(
            "simulator_version", place
        )
        remarks = ["dirty tree"] * (content.coordinate("dirty", place) == "1")
        remarks += ["anchor"] * (content.coordinate("anchor", place) == "1")
        remarks += ["excluded"] * (content.record_ids[place] in excluded)
        remarks += ["noisy batch (\u00d7)"] * (place in noisy)
        rows.append(
            (link(f"../{content.record_page(place)}", content.record_ids[place][:13]),
             content.coordinate("recorded_at", place)[:16] or "not recorded",
             name or "not recorded", ", ".join(remarks), len(known), middle)
        )  # fmt: skip
    unit = f" [{line.quantity.unit}]" if line.quantity and line.quantity.unit else ""
    what = line.quantity.name if line.quantity else "nothing measured"
    head = ("record", "measured at", "version", "remarks", "repeats", f"median{unit}")
    return table(f"Records: {what}", head, rows, numbers=2)


def _parts(content: Content, lines: Sequence[Line]) -> list[object]:
    """Chart and table of what the newest records spend their time on."""
    if "wall_time" not in content.data:
        return []
    rows: dict[str, dict[str, float]] = {}
    for line in lines:
        parts = _seconds(content, line.newest)
        if parts:
            rows.setdefault(content.layout(line.newest), parts)
    if not rows:
        return []
    names = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    cells = [
        (label, *(short(parts.get(name, float("nan"))) for name in names),
         f"{100 * parts.get(OTHER, 0.0) / sum(parts.values()):.1f} %")
        for label, parts in rows.items()
    ]  # fmt: skip
    head = ("layout", *names, "unexplained share")
    return [
        element("h2", f"Parts of {PARENT}"),
        parts_chart({k: {n: max(v, 0.0) for n, v in p.items()} for k, p in rows.items()}, PARENT),
        table(f"Parts of {PARENT} of the newest record, medians in seconds", head, cells,
              numbers=len(head) - 1),
    ]  # fmt: skip


def _seconds(content: Content, place: int) -> dict[str, float]:
    """Median seconds of each part of `PARENT`, the unexplained one last."""
    data = content.data.isel({RECORD: [place]})
    names = [str(name) for name in data["phase"].values]
    below = [n for n in names if n.startswith(f"{PARENT}/") and n.count("/") == 1]
    found = {}
    for name in below:
        values = ok_values(data, data["wall_time"].sel(phase=name))
        if np.isfinite(values).any():
            found[name.partition("/")[2]] = float(np.nanmedian(values))
    if found:
        found[OTHER] = float(np.nanmedian(ok_values(data, data["other_time"])))
    return found
