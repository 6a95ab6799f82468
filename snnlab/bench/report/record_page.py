"""The page of one record: everything that it holds, and what it does not."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from snnlab.bench.outliers import outliers
from snnlab.bench.report.content import Content
from snnlab.bench.report.frame import page
from snnlab.bench.report.markup import Markup, element, link, table
from snnlab.bench.report.numbers import UNAVAILABLE, short
from snnlab.bench.schema import RECORD, VARIABLES

__all__ = ["record_page"]

FACTS = (
    "record_id", "benchmark", "benchmark_version", "simulator", "simulator_version", "commit",
    "commit_time", "commit_order", "dirty", "machine_label", "backend", "gpu_model", "n_nodes",
    "ranks", "threads", "stack_variant", "campaign", "recorded_at", "submitter", "series_id",
    "spec_id", "machine_class_id", "stack_id", "layout_id", "schema_version",
)  # fmt: skip

MUST_TELL = ("wall_time", "memory", "energy", "check_ok")
"""Quantities of which a page says that they are missing, if they are."""

HEAD = ("quantity", "unit", "stands out", "repeats", "median", "least", "most")


def record_page(content: Content, place: int, back: str) -> str:
    """Return the page of a record.

    Parameters
    ----------
    content : Content
    place : int
        Of the record.
    back : str
        Address of the page of its line, from the top of the site.
    """
    title = f"Record of {content.title(place)}"
    by_name = {name: list(_rows(content, name, place)) for name in content.arrays}
    rows = [row for own in by_name.values() for row in own]
    missing = [VARIABLES[name].long_name for name in MUST_TELL if not by_name.get(name)]
    parts = [
        element("p", link(f"../{back}", "The history that it belongs to")),
        _notes(content, place),
        table("What was measured", HEAD, rows, numbers=4),
        element("p", f"{UNAVAILABLE}: {', '.join(missing)}.") if missing else "",
        _status(content, place),
        table("What it is a record of", ("coordinate", "value"), _facts(content, place)),
        element("h2", "Provenance"),
        element("pre", _provenance(content.provenance[place]), tabindex="0"),
    ]
    return page(title, *parts, up="../index.html")


def _rows(content: Content, name: str, place: int) -> Iterator[tuple[object, ...]]:
    """A row for each number, over repeats, of one variable."""
    values = content.arrays[name][place]
    if values.dtype.kind == "O":
        return
    dims = [dim for dim in content.dims[name] if dim != RECORD]
    attrs = content.data.variables[name].attrs
    others = [dim for dim in dims if dim != "repeat"]
    array = values if "repeat" in dims else values[np.newaxis]
    summary = content.summaries[name]
    counts = summary.counts[place]
    numbers = (summary.middle[place], summary.least[place], summary.most[place])
    for index in map(tuple, np.argwhere(counts)):
        labels = [str(content.columns[dim][k]) for dim, k in zip(others, index, strict=True)]
        what = " ".join([str(attrs.get("long_name", name)), ", ".join(labels)]).strip()
        unit = str(attrs.get("units", ""))
        if name == "metric_value":
            unit = str(content.arrays["metric_unit"][place][index[0]])
        column = array[(slice(None), *index)]
        yield (
            what, "" if unit == "1" else unit,
            _standing_out(column) if name in {"wall_time", "real_time_factor"} else "",
            int(counts[index]), *(short(float(of_all[index])) for of_all in numbers),
        )  # fmt: skip


def _standing_out(column: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Markup | str:
    places = np.flatnonzero(outliers(column))
    if not places.size:
        return ""
    said = ", ".join(f"repeat {k + 1}: {short(float(column[k]))}" for k in places)
    return element("span", said, class_="worse")


def _status(content: Content, place: int) -> Markup | str:
    if "status" not in content.arrays:
        return element("p", "How the repeats ended was not recorded.")
    names, counts = np.unique(content.arrays["status"][place].astype(str), return_counts=True)
    said = [f"{count} {name}" for name, count in zip(names, counts, strict=True) if name]
    return element("p", f"Repeats: {', '.join(said) or 'how they ended was not recorded'}.")


def _facts(content: Content, place: int) -> list[tuple[str, str]]:
    texts = [(name, content.coordinate(name, place)) for name in (*FACTS, *content.swept)]
    return [(name, text or "not recorded") for name, text in texts if text or name in FACTS]


def _notes(content: Content, place: int) -> Markup | str:
    notes = content.notes.get(content.record_ids[place], ())
    rows = [(note["at"], note["kind"].replace("_", " "), note["text"], note["who"])
            for note in notes]  # fmt: skip
    return table("Annotations", ("when", "kind", "text", "by"), rows) if rows else ""


def _provenance(text: str) -> str:
    return json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False)
