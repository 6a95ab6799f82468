"""A store as pages: an index, a page per specification and machine, a page per record."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snnlab.bench.history import EventKind, on_machine
from snnlab.bench.ids import content_id
from snnlab.bench.report.content import Content, collect
from snnlab.bench.report.frame import page
from snnlab.bench.report.line_page import Line, line_of, line_page
from snnlab.bench.report.markup import element, link, table
from snnlab.bench.report.numbers import short
from snnlab.bench.report.record_page import record_page
from snnlab.bench.store import Store
from snnlab.errors import StorageError
from snnlab.record.atomic import replacing

__all__ = ["Site", "lines_of", "write_site"]


@dataclass(frozen=True)
class Site:
    """What was written.

    Parameters
    ----------
    index : Path
        The page to begin with.
    n_records, n_pages : int
    """

    index: Path
    n_records: int
    n_pages: int


def write_site(
    root: str | os.PathLike[str], folder: str | os.PathLike[str], *, processes: int = 1
) -> Site:
    """Write the pages of a store into a folder.

    They need no server and no network, and run nothing: opened from a disk they are complete.

    Parameters
    ----------
    root : path
        Of the store.
    folder : path
        Made if needed. Pages of earlier reports are replaced; other files are left alone.
    processes : int
        That read records, see `read_many`.

    Raises
    ------
    FormatError
        There is no store, or a record in it was changed.
    StorageError
        The disk does not take them.
    """
    content = collect(Store(root), processes=processes)
    out = Path(folder)
    pages: dict[str, str] = {}
    listed: list[tuple[str, list[Line]]] = []
    for key, lines in lines_of(content).items():
        address = f"lines/{key}.html"
        listed.append((address, lines))
        pages[address] = line_page(content, lines)
        for line in lines:
            for place in line.places:
                pages[content.record_page(place)] = record_page(content, place, address)
    pages["index.html"] = _index(content, listed)
    _write(out, pages)
    return Site(out / "index.html", len(content.record_ids), len(pages))


def lines_of(content: Content) -> dict[str, list[Line]]:
    """Return the lines of each page; what moves in most lines of a machine is the machine's.

    Parameters
    ----------
    content : Content

    Returns
    -------
    dict
        Name of a page -> lines, one for each layout and variant of the software.
    """
    found = {
        key: [line_of(content, places) for places in groups]
        for key, groups in sorted(_groups(content).items())
    }
    machines: dict[str, list[tuple[str, int]]] = {}
    for key, lines in found.items():
        for k, line in enumerate(lines):
            if line.past is not None and (machine := _machine(content, line.newest)):
                machines.setdefault(machine, []).append((key, k))
    for places in machines.values():
        pasts = [past for key, k in places if (past := found[key][k].past) is not None]
        for (key, k), past in zip(places, on_machine(pasts), strict=True):
            found[key][k] = replace(found[key][k], past=past)
    return found


def _machine(content: Content, place: int) -> str:
    return content.coordinate("machine_class_id", place) or content.coordinate(
        "machine_label", place
    )


def _groups(content: Content) -> dict[str, list[list[int]]]:
    """Name of a page -> places of the records of each of its lines."""
    found: dict[str, dict[str, list[int]]] = {}
    for place in range(len(content.record_ids)):
        series = content.coordinate("series_id", place)
        machine = _machine(content, place)
        known = content.coordinate("spec_id", place) and machine
        key = [content.coordinate("spec_id", place), machine] if known else [series]
        found.setdefault(content_id(key), {}).setdefault(series, []).append(place)
    return {key: list(series.values()) for key, series in found.items()}


def _index(content: Content, listed: Sequence[tuple[str, list[Line]]]) -> str:
    n = len(content.record_ids)
    rows = []
    for address, lines in listed:
        for line in lines:
            place = line.newest
            rows.append(
                (link(address, content.title(place)), content.parameters(place),
                 content.layout(place), line.state, line.quantity.unit if line.quantity else "",
                 len(line.places), _newest(line))
            )  # fmt: skip
    worse = _counted(listed)
    said = ", ".join(f"{count} {word}" for word, count in worse.items() if count) or "no change"
    head = ("benchmark", "parameters", "layout", "history", "unit", "records", "newest median")
    return page(
        "Benchmarks",
        element("p", f"{n} records in {len(rows)} lines of history. At their ends: {said}."),
        element("p", "Wall times are medians of repeats; lower is faster. A change in a history "
                "is a reason to measure pairs, not yet a regression.", class_="quiet"),
        table("All lines of history", head, rows, numbers=2),
    )  # fmt: skip


def _newest(line: Line) -> str:
    if line.past is None:
        return short(float("nan"))
    return short(float(line.past.series.values[-1]))


def _counted(listed: Sequence[tuple[str, list[Line]]]) -> dict[str, int]:
    found = {"worse": 0, "better": 0, "early warning": 0, "machine changed": 0}
    for _, lines in listed:
        for line in lines:
            events = line.past.events if line.past else ()
            ends = [e for e in events if e.kind is not EventKind.BORDER]
            if ends:
                last = ends[-1]
                is_change = last.kind is EventKind.CHANGE
                found[("worse" if last.worse else "better") if is_change else str(last.kind)] += 1
    return found


def _write(out: Path, pages: Mapping[str, str]) -> None:
    try:
        for folder in {(out / name).parent for name in pages}:
            folder.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            with replacing(out / name) as partial:
                partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(str(out), "must take the pages of a report", got=str(error)) from error
