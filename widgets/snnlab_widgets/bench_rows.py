"""What the benchmark panel shows, as plain values: the plan, a history, a record, what differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.confounders import confounders
from snnlab.bench.history import EventKind, history
from snnlab.bench.outliers import outliers
from snnlab.bench.plan import Plan
from snnlab.bench.record import Record
from snnlab.bench.timeline import main_quantity, series_of

__all__ = ["comparison_rows", "line_names", "line_of", "plan_rows", "record_facts"]

FACTS = (
    "record_id", "benchmark", "simulator", "simulator_version", "commit", "recorded_at",
    "machine_label", "threads", "ranks", "stack_id", "stack_variant",
)  # fmt: skip

NAMED = ("benchmark", "simulator", "machine_label", "threads", "ranks")


def plan_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return a row for each cell of a plan."""
    return [
        {
            "label": item.arm.label, "have": item.have, "wanted": item.wanted,
            "missing": item.missing, "obstacle": item.obstacle,
            "seconds": None if np.isnan(item.seconds) else round(item.seconds, 1),
        }
        for item in plan.items
    ]  # fmt: skip


def line_names(data: xr.Dataset) -> list[dict[str, str]]:
    """Return id and name of each line of history, the one that was measured last first."""
    if not data.sizes.get("record") or "series_id" not in data.coords:
        return []
    found: dict[str, int] = {}
    for place, series in enumerate(data["series_id"].values):
        found.pop(str(series), None)
        found[str(series)] = place
    return [{"id": series, "name": _name(data, place)} for series, place in reversed(found.items())]


def line_of(data: xr.Dataset, series: str) -> dict[str, Any]:
    """Return a line of history to be drawn.

    Returns
    -------
    dict
        ``quantity``, ``unit``, ``points`` (value, version, id, noisy), ``levels`` (start, stop,
        median), ``events`` (at, word, cause); no points where nothing was measured.
    """
    nothing: dict[str, Any] = {"quantity": "", "unit": "", "points": [], "levels": [], "events": []}
    if not data.sizes.get("record") or "series_id" not in data.coords:
        return nothing
    own = data.isel(record=np.flatnonzero(data["series_id"].values == series))
    quantity = main_quantity(own) if own.sizes["record"] else None
    if quantity is None:
        return nothing
    one, places = series_of(own, quantity, series)
    if not places or not (one.values > 0).all():
        return nothing | {"quantity": quantity.name, "unit": quantity.unit}
    past = history(one)
    noisy = np.zeros(len(places), bool) if one.noisy is None else one.noisy
    return {
        "quantity": quantity.name,
        "unit": quantity.unit,
        "points": [
            {"value": float(value), "version": one.versions[k], "noisy": bool(noisy[k]),
             "id": str(own["record_id"].values[places[k]])}
            for k, value in enumerate(one.values)
        ],
        "levels": [[level.start, level.stop, level.median] for level in past.levels],
        "events": [{"at": e.at, "word": _word(e), "cause": e.cause} for e in past.events],
    }  # fmt: skip


def record_facts(record: Record) -> dict[str, Any]:
    """Return what a record is of, and its phases."""
    data = record.dataset
    facts = [(name, _text(data, name) or "not recorded") for name in FACTS]
    swept = sorted(str(n) for n in data.coords if str(n).startswith("p_"))
    facts += [(name.removeprefix("p_"), _text(data, name)) for name in swept]
    rows = []
    if "wall_time" in data:
        for phase in map(str, data["phase"].values):
            values = data["wall_time"].sel(phase=phase).values[0]
            known = values[np.isfinite(values)]
            if known.size:
                odd = np.flatnonzero(outliers(values)) + 1
                least, most = float(known.min()), float(known.max())
                odd_ones = ", ".join(f"repeat {k}" for k in odd)
                rows.append([phase, len(known), float(np.median(known)), least, most, odd_ones])
    missing = [name for name in ("memory", "energy", "check_ok") if name not in data]
    statuses = [str(s) for s in data["status"].values[0] if s] if "status" in data else []
    return {
        "id": record.record_id,
        "facts": [list(fact) for fact in facts],
        "phases": rows,
        "missing": missing,
        "status": ", ".join(f"{statuses.count(s)} {s}" for s in dict.fromkeys(statuses)),
    }


def comparison_rows(a: Record, b: Record) -> dict[str, Any]:
    """Return what differs between two records, and the ratio of their medians below it."""
    told = confounders(_coordinates(a), _coordinates(b))
    medians = before, after = _median(a), _median(b)
    ratio = after / before if before and after else None
    return {
        "a": a.record_id,
        "b": b.record_id,
        "differences": [[d.group, d.name, d.a, d.b] for d in told.differences],
        "medians": list(medians),
        "ratio": ratio,
        "word": told.word_for(slower=False),
        "may": told.may_say_regression,
    }


def _median(record: Record) -> float | None:
    quantity = main_quantity(record.dataset)
    if quantity is None:
        return None
    return float(np.nanmedian(quantity.values))


def _coordinates(record: Record) -> dict[str, Any]:
    coords = record.dataset.coords
    return {str(n): coords[n].values[0] for n in coords if coords[n].dims == ("record",)}


def _word(event: Any) -> str:
    if event.kind is EventKind.CHANGE:
        return "worse" if event.worse else "better"
    return str(event.kind)


def _name(data: xr.Dataset, place: int) -> str:
    one = data.isel(record=[place])
    words = []
    for name in NAMED:
        text = _text(one, name)
        if text and name in {"threads", "ranks"}:
            text = f"{text} {name[:-1] if text == '1' else name}"
        words += [text] * bool(text)
    return ", ".join(words)


def _text(data: xr.Dataset, name: str) -> str:
    if name not in data.coords:
        return ""
    value = data[name].values[0]
    if isinstance(value, str):
        return value
    return "" if np.isnan(value) else f"{value:g}"
