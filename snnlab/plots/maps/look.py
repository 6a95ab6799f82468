"""What plots of maps share: colours, sizes, axes, and what stands where nothing is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
from holoviews.plotting.util import process_cmap

from snnlab.analysis.sheet import Sheet
from snnlab.plots.ink import NOTHING, PAPER_TO_INK, evenly

__all__ = [
    "AXES", "CYCLE", "DEVIATION", "EMPTY", "GRID_STEPS", "NOTHING", "NUMBER", "PAPER_TO_INK",
    "SIDE", "colour_list", "empty_text", "note_text", "sheet_axes", "sheet_bounds", "square",
    "time_mark",
]  # fmt: skip

EMPTY = "no synapses yet"

SIDE = 440
"""Longer side of a plot of a sheet [px]."""

CYCLE = process_cmap("CET_CBC1", 256, provider="colorcet")
"""Colours along a way round a torus, told apart by people who confuse red and green."""

DEVIATION = "cividis"

NUMBER = "%.4g"
"""How the numbers beside a bar of colours are written."""

GRID_STEPS = "grid steps"

AXES = ("x", "y")


def sheet_axes(whose: str) -> list[hv.Dimension]:
    """Return the axes of a plot of a sheet; `whose` places they are, ``"target"``."""
    return [hv.Dimension(axis, label=f"{whose} {axis} ({GRID_STEPS})") for axis in AXES]


def sheet_bounds(sheet: Sheet) -> tuple[float, float, float, float]:
    """Return the edges of a picture of a sheet with a pixel for each neuron."""
    return -0.5, -0.5, sheet.columns - 0.5, sheet.rows - 0.5


def colour_list(colours: str | Sequence[str], n: int) -> list[str]:
    """Return `n` colours, evenly of a list or of a named map."""
    if isinstance(colours, str):
        return list(process_cmap(colours, n))
    return evenly(colours, n)


def empty_text(is_empty: bool, x: float, y: float) -> hv.Labels:
    """Return `EMPTY` at a place of a plot, or nothing; always an element of the same type.

    Parameters
    ----------
    is_empty : bool
    x, y : float
        Middle of the plot.
    """
    return note_text(EMPTY if is_empty else "", x, y)


def note_text(text: str, x: float, y: float) -> hv.Labels:
    """Return a note at a place of a plot, or nothing; always an element of the same type."""
    data = [(x, y, text)] if text else []
    return hv.Labels(data, ["x", "y"], "note").opts(
        text_color="#555555", text_font_size="12pt", backend="bokeh"
    )


def time_mark(t: float | None) -> hv.VLines:
    """Return a line at a time [ms] of a plot over time [s], or none; always of the same type."""
    data = [] if t is None else [t / 1000.0]
    return hv.VLines(data, ["time"]).opts(
        color="#555555", line_dash="dashed", line_width=2, apply_ranges=False, backend="bokeh"
    )


def square(columns: float, rows: float, *, side: int = SIDE, **more: Any) -> dict[str, Any]:
    """Return the options of a plot of a sheet, with pixels that are square.

    Parameters
    ----------
    columns, rows : float
        Extent of its axes.
    side : int
        Its longer side [px].
    **more : Any
        Further options.
    """
    longest = max(columns, rows)
    size = {
        "frame_width": max(1, round(side * columns / longest)),
        "frame_height": max(1, round(side * rows / longest)),
    }
    shared = {"active_tools": [], "framewise": True, "backend": "bokeh"}
    return {**size, **shared, **more}
