"""A quantity over resources: a line through medians, a dot for each repeat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np

from snnlab.plots.backend import load, options
from snnlab.plots.bench.lines import RESOURCES, Line
from snnlab.plots.palette import colours

__all__ = ["MARKERS", "over_resources", "resource_axis", "unavailable"]

MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "star", "hex", "x")
"""Lines differ in their marks, too: for prints without colours."""

HEIGHT = 340


def resource_axis(x: str) -> hv.Dimension:
    """Return the x axis: number of threads, ranks or nodes, or a parameter."""
    return hv.Dimension(x, label=RESOURCES.get(x, x.removeprefix("p_")))


def over_resources(
    found: Sequence[Line], x: str, quantity: hv.Dimension, *, title: str,
    ideal: Sequence[tuple[Line, np.ndarray[Any, Any]]] = (), is_log: bool = True,
    limit: float | None = None,
) -> hv.Overlay:  # fmt: skip
    """Return the plot of lines through medians; what would be ideal is dashed.

    Parameters
    ----------
    found : sequence of Line
        At least one; else draw `unavailable`.
    x : str
        What is on the x axis.
    quantity : holoviews.Dimension
        With its unit.
    title : str
    ideal : sequence of (Line, (n,) float64)
        What a line would be at best.
    is_log : bool
        Whether both axes are logarithmic.
    limit : float, optional
        A value that is worth a line of its own.
    """
    load()
    axis = resource_axis(x)
    parts: list[Any] = []
    looks = zip(found, colours(len(found)), _markers(len(found)), strict=True)
    for k, (line, colour, marker) in enumerate(looks):
        label = line.label or "median"
        parts.append(hv.Curve((line.x, line.median), axis, quantity, label=label).opts(
            color=colour, line_width=2, backend="bokeh"))  # fmt: skip
        dots = "a repeat" if k == 0 else ""
        parts.append(hv.Scatter(line.points, axis, quantity, label=dots).opts(
            color=colour, marker=marker, size=7, alpha=0.75, tools=["hover"], backend="bokeh"
        ))  # fmt: skip
    for k, (line, values) in enumerate(ideal):
        label = "ideal" if k == 0 else ""
        parts.append(hv.Curve((line.x, values), axis, quantity, label=label).opts(
            color="#666666", line_dash="dashed", line_width=1, backend="bokeh"))  # fmt: skip
    if limit is not None:
        parts.append(
            hv.HLine(limit).opts(color="#666666", line_dash="dotted", line_width=1, backend="bokeh")
        )
    ticks = sorted({float(value) for line in found for value in line.x})
    more = {"logx": is_log, "logy": is_log, "xticks": [(t, f"{t:g}") for t in ticks]}
    return hv.Overlay(parts).opts(
        **options(HEIGHT, title=title, **more), legend_position="right", padding=0.1
    )


def unavailable(x: str, quantity: hv.Dimension, *, title: str, why: str) -> hv.Overlay:
    """Return an empty plot that says why there is nothing in it."""
    load()
    text = hv.Text(0.5, 0.5, f"{quantity.label}: unavailable\n{why}").opts(
        text_font_size="11pt", text_color="#333333", backend="bokeh"
    )
    frame = hv.Scatter(([], []), resource_axis(x), quantity)
    return (frame * text).opts(
        **options(HEIGHT, title=title), xlim=(0, 1), ylim=(0, 1), xticks=0, yticks=0
    )


def _markers(n: int) -> list[str]:
    return [MARKERS[k % len(MARKERS)] for k in range(n)]
