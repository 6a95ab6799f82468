"""The history of a series: points, levels, and what happened between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.plots.backend import load, options
from snnlab.plots.bench.resource_plot import HEIGHT
from snnlab.plots.palette import ON_LIGHT

__all__ = ["EVENT_LOOK", "PastEvent", "PastLevel", "PastSeries", "past"]

EVENT_LOOK: Mapping[str, tuple[str, str]] = {
    "worse": (ON_LIGHT[1], "solid"),
    "better": (ON_LIGHT[2], "solid"),
    "early warning": (ON_LIGHT[4], "dashed"),
    "machine changed": (ON_LIGHT[3], "dashed"),
    "border": ("#555555", "dotted"),
}
"""What happened -> colour and dash of its line; the text beside it says the same."""

NOISY = "noisy batch, raises no alarm"
ANCHOR = "anchor version, same batches"


class PastSeries(Protocol):
    """One value per batch, as `snnlab.bench.history.Series`."""

    name: str
    values: NDArray[np.float64]
    versions: tuple[str, ...]
    anchor: NDArray[np.float64] | None
    noisy: NDArray[np.bool_] | None


class PastEvent(Protocol):
    """Something that happened, as `snnlab.bench.history.Event`."""

    kind: Any
    at: int
    cause: str
    worse: bool


class PastLevel(Protocol):
    """Points without a change, as `snnlab.bench.history.Level`."""

    start: int
    stop: int
    median: float


class _Past(Protocol):
    @property
    def series(self) -> PastSeries: ...
    @property
    def events(self) -> Sequence[PastEvent]: ...
    @property
    def levels(self) -> Sequence[PastLevel]: ...


def past(
    history: _Past, *, quantity: str = "wall time of simulate", unit: str = "s",
    record_ids: Sequence[str] = (),
) -> hv.Overlay:  # fmt: skip
    """Return a history with its levels and events.

    Parameters
    ----------
    history : History
        As `snnlab.bench.history.history` returns it.
    quantity, unit : str
        What the values are.
    record_ids : sequence of str
        Of each point; the hover tool shows them.

    Returns
    -------
    holoviews.Overlay
        Points in the order of versions. Level lines stop at changes and at borders that no code
        has made.
    """
    load()
    series = history.series
    axis = hv.Dimension("batch", label="batch, in the order of versions")
    value = hv.Dimension("value", label=quantity, unit=None if unit in {"", "1"} else unit)
    places = np.arange(len(series.values))
    noisy = np.zeros(len(places), bool) if series.noisy is None else np.asarray(series.noisy)
    parts: list[Any] = [
        hv.Segments(
            [(level.start - 0.4, level.median, level.stop - 0.6, level.median)
             for level in history.levels],
            ["from", "level", "to", "level_end"],
        ).opts(color="black", line_width=3, alpha=0.6, backend="bokeh")
    ]  # fmt: skip
    ids = list(record_ids) or [""] * len(places)
    vdims = [value, hv.Dimension("version"), hv.Dimension("record")]
    for chosen, label, colour, marker in (
        (~noisy, "median of a batch", ON_LIGHT[0], "circle"),
        (noisy, NOISY, ON_LIGHT[6], "x"),
    ):
        own = places[chosen & np.isfinite(series.values)]
        if own.size:
            rows = [(k, series.values[k], series.versions[k], ids[k]) for k in own]
            parts.append(hv.Scatter(rows, axis, vdims, label=label).opts(
                color=colour, marker=marker, size=8, tools=["hover", "tap"], backend="bokeh"
            ))  # fmt: skip
    if series.anchor is not None:
        own = places[np.isfinite(series.anchor)]
        parts.append(hv.Scatter((own, series.anchor[own]), axis, value, label=ANCHOR).opts(
            color=ON_LIGHT[6], marker="diamond", size=6, backend="bokeh"
        ))  # fmt: skip
    parts += _events(history)
    ticks = _ticks(series.versions)
    return hv.Overlay(parts).opts(
        **options(HEIGHT, title=f"history of {series.name}", xticks=ticks, xrotation=45),
        xlabel=axis.pprint_label, ylabel=value.pprint_label,
        legend_position="right", padding=0.1,
    )  # fmt: skip


def _events(history: _Past) -> list[Any]:
    known = history.series.values[np.isfinite(history.series.values)]
    top = float(known.max()) if known.size else 1.0
    line = 0.09 * (float(np.ptp(known)) if known.size else 1.0)
    parts: list[Any] = []
    for k, event in enumerate(history.events):
        colour, dash = EVENT_LOOK[_look(event)]
        where = event.at - 0.5
        parts.append(
            hv.VLine(where).opts(color=colour, line_dash=dash, line_width=2, backend="bokeh")
        )
        parts.append(hv.Text(where + 0.2, top - line * (k % 3), _look(event)).opts(
            text_font_size="9pt", text_align="left", text_baseline="bottom", text_color="#333333",
            backend="bokeh",
        ))  # fmt: skip
    return parts


def _look(event: PastEvent) -> str:
    kind = str(event.kind)
    return kind if kind in EVENT_LOOK else "worse" if event.worse else "better"


def _ticks(versions: Sequence[str], most: int = 12) -> list[tuple[int, str]]:
    step = max(1, -(-len(versions) // most))
    return [(k, versions[k][:10]) for k in range(0, len(versions), step)]
