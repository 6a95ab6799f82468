"""`Panel`: one diagram of a figure: axes with quantity and unit, what is drawn, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnlab.plots.paper.drawing import Dots, Line, Mark, Picture, Rectangle, Text

__all__ = ["Axis", "Column", "Panel", "Series", "marks_of", "ticks"]

_TICK = 2.5
_SIZE = 8.0
_FAINT = "#888888"


@dataclass(frozen=True)
class Axis:
    """A range of numbers with what they mean: ``"time"``, ``"ms"``."""

    quantity: str
    unit: str
    low: float
    high: float

    @property
    def label(self) -> str:
        """Quantity and unit: ``"time (ms)"``."""
        return f"{self.quantity} ({self.unit})"


@dataclass(frozen=True)
class Column:
    """Numbers that a panel shows, for those who want to draw it again."""

    name: str
    unit: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Series:
    """Something drawn: ``"dots"``, ``"line"``, ``"bars"`` (from `x` to the next `x`) or ``"grey"``.

    For ``"grey"``, `y` is an image with the lowest row last.
    """

    kind: str
    x: NDArray[np.float64]
    y: NDArray[Any]
    colour: str
    label: str = ""


@dataclass(frozen=True)
class Panel:
    """One diagram.

    Parameters
    ----------
    name : str
        ``"raster"``.
    x, y : Axis
    series : tuple of Series
    columns : tuple of Column
        All of one length.
    note : str
        Above it, to the right.
    """

    name: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    columns: tuple[Column, ...]
    note: str = ""


def ticks(low: float, high: float, most: int) -> NDArray[np.float64]:
    """Return at most about `most` round numbers from `low` to `high`."""
    raw = (high - low) / max(1, most)
    power = 10.0 ** np.floor(np.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * 0.999)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    return np.asarray(np.arange(first, last + 1) * step)


def marks_of(
    panel: Panel, x: float, y: float, width: float, height: float, *, letter: str = ""
) -> list[Mark]:
    """Return a panel as marks; `x`, `y` is the upper left corner of its area [pt]."""
    axes = panel.x, panel.y

    def at(series_x: Any, series_y: Any) -> tuple[Any, Any]:
        u = (np.asarray(series_x, float) - axes[0].low) / (axes[0].high - axes[0].low)
        v = (np.asarray(series_y, float) - axes[1].low) / (axes[1].high - axes[1].low)
        return x + u * width, y + (1.0 - v) * height

    marks: list[Mark] = []
    for series in panel.series:
        marks += _drawn(series, at, (x, y, width, height))
    marks += _frame(x, y, width, height)
    marks += _time_ticks(panel.x, at, y + height, width)
    marks += _value_ticks(panel.y, at, x, height)
    marks += _legend(panel, x, y, width)
    if letter:
        marks.append(Text(x - 44, y - 4, letter, 11, is_bold=True))
    return marks


def _drawn(series: Series, at: Any, box: tuple[float, float, float, float]) -> list[Mark]:
    if series.kind == "grey":
        return [Picture(*box, 255 - series.y)]
    if series.kind == "bars":
        left, top = at(series.x[:-1], series.y)
        right, bottom = at(series.x[1:], np.zeros(len(series.y)))
        return [
            Rectangle(float(a), float(t), float(max(0.3, b - a - 0.4)), float(z - t), series.colour)
            for a, b, t, z in zip(left, right, top, bottom, strict=True)
            if z > t
        ]
    x, y = at(series.x, series.y)
    if series.kind == "dots":
        return [Dots(x, y, series.colour)]
    return [Line(x, y, series.colour, 0.9)]


def _frame(x: float, y: float, width: float, height: float) -> list[Mark]:
    """Left and lower line, as journals like it."""
    return [Line(np.array([x, x, x + width]), np.array([y, y + height, y + height]))]


def _time_ticks(axis: Axis, at: Any, bottom: float, width: float) -> list[Mark]:
    marks: list[Mark] = []
    for value in ticks(axis.low, axis.high, max(4, int(width / 55))).tolist():
        x = float(at(value, 0.0)[0])
        marks.append(Line(np.array([x, x]), np.array([bottom, bottom + _TICK])))
        marks.append(Text(x, bottom + _TICK + 8, _number(value), _SIZE, "middle"))
    x = float(at((axis.low + axis.high) / 2, 0.0)[0])
    return [*marks, Text(x, bottom + _TICK + 19, axis.label, _SIZE + 1, "middle")]


def _value_ticks(axis: Axis, at: Any, left: float, height: float) -> list[Mark]:
    marks: list[Mark] = []
    for value in ticks(axis.low, axis.high, max(4, int(height / 26))).tolist():
        y = float(at(0.0, value)[1])
        marks.append(Line(np.array([left - _TICK, left]), np.array([y, y])))
        marks.append(Text(left - _TICK - 2, y + 2.8, _number(value), _SIZE, "end"))
    y = float(at(0.0, (axis.low + axis.high) / 2)[1])
    return [*marks, Text(left - 34, y, axis.label, _SIZE + 1, "middle", is_upright=False)]


def _legend(panel: Panel, x: float, y: float, width: float) -> list[Mark]:
    """Names in their colours, above the area; the note at its right end."""
    marks: list[Mark] = []
    place = x
    for series in panel.series:
        if series.label:
            marks.append(Rectangle(place, y - 10, 6, 6, series.colour))
            marks.append(Text(place + 9, y - 4.2, series.label, _SIZE))
            place += 20 + 4.6 * len(series.label)
    if panel.note:
        marks.append(Text(x + width, y - 4.2, panel.note, _SIZE - 1, "end", colour=_FAINT))
    return marks


def _number(value: float) -> str:
    if value == round(value) and abs(value) < 1e9:
        text = f"{round(value):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    else:
        text = f"{value:.6g}"
    return text.replace("-", "\N{MINUS SIGN}")
