"""Charts as SVG inside of a page: a history, and the parts of a phase."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from snnlab.bench.history import EventKind, History
from snnlab.bench.report.frame import COLOURS
from snnlab.bench.report.markup import Markup, element
from snnlab.bench.report.numbers import short

__all__ = ["OTHER", "history_chart", "parts_chart", "ticks"]

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 34, 70

LABELS = 190
"""Room at the left for 24 letters."""

OTHER = "other (no timer explains it)"

FILLS = {
    "update": "#0072B2", "deliver": "#E69F00", "communicate": "#009E73", "collocate": "#CC79A7",
    "sync": "#56B4E9", OTHER: "#BBBBBB",
}  # fmt: skip
"""Okabe and Ito's colours, the same phase in the same one as in the notebook's plots."""

REST = ("#D55E00", "#F0E442", "#7F7F7F", "#000000")

DASHES = {
    EventKind.CHANGE: None, EventKind.EARLY_WARNING: "8 4", EventKind.MACHINE_CHANGED: "8 4",
    EventKind.BORDER: "2 4",
}  # fmt: skip


def ticks(low: float, high: float, n: int = 5) -> list[float]:
    """Return about `n` round numbers in an interval."""
    if not high > low:
        return [low]
    rough = (high - low) / n
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * next(f for f in (1, 2, 5, 10) if f * unit >= rough * 0.999)
    first = math.ceil(low / step)
    return [step * k for k in range(first, math.floor(high / step + 1e-9) + 1)]


def history_chart(history: History, quantity: str, unit: str, targets: Sequence[str]) -> Markup:
    """Return points in the order of versions, levels and events; each point leads to its record.

    Parameters
    ----------
    history : History
        With at least one point.
    quantity, unit : str
        What the values are.
    targets : sequence of str
        Address of each point's record.
    """
    values = history.series.values
    low, high = _range(values)
    n = len(values)

    def at(k: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (k + 0.5) / n

    def up(value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)

    parts = [_frame(quantity, unit), *_grid(low, high, up)]
    parts += [
        element("line", x1=_n(at(v.start - 0.4)), x2=_n(at(v.stop - 0.6)), y1=_n(up(v.median)),
                y2=_n(up(v.median)), stroke=COLOURS["ink"], stroke_width=3, opacity=0.6)
        for v in history.levels
    ]  # fmt: skip
    parts += _event_lines(history, at)
    noisy = history.series.noisy
    for k, value in enumerate(values):
        label = f"{history.series.versions[k]}: {short(value)} {unit}"
        is_noisy = noisy is not None and bool(noisy[k])
        mark = _point(at(k), up(float(value)), is_noisy=is_noisy)
        parts.append(element("a", element("title", label + " (noisy)" * is_noisy), mark,
                             href=targets[k]))  # fmt: skip
    parts += _version_labels(history.series.versions, at)
    what = f"{quantity} of {n} records; {_said(history)}"
    return _svg(what, parts)


def parts_chart(rows: Mapping[str, Mapping[str, float]], phase: str) -> Markup:
    """Return a bar of seconds for each row, cut into its parts, the unexplained one last.

    Parameters
    ----------
    rows : mapping
        Label -> part -> seconds >= 0.
    phase : str
        What the parts are of.
    """
    names = list(dict.fromkeys(name for parts in rows.values() for name in parts))
    rest = iter(REST * (1 + len(names) // len(REST)))
    fills = {name: FILLS.get(name) or next(rest) for name in names}
    longest = max(sum(parts.values()) for parts in rows.values()) or 1.0
    height = 30 * len(rows) + 20 * len(names) + 60
    width = WIDTH - LABELS - RIGHT
    found = []
    for k, (label, parts) in enumerate(rows.items()):
        x, y = float(LABELS), 10 + 30 * k
        found.append(element("text", label[:24], x=LABELS - 8, y=y + 15, text_anchor="end",
                             font_size=13))  # fmt: skip
        for name, seconds in parts.items():
            long = width * seconds / longest
            found.append(
                element("rect", element("title", f"{label}, {name}: {short(seconds)} s"),
                        x=_n(x), y=y, width=_n(long), height=20, fill=fills[name],
                        stroke=COLOURS["paper"])
            )  # fmt: skip
            x += long
    foot = 10 + 30 * len(rows)
    for value in ticks(0.0, longest):
        x = LABELS + width * value / longest
        found.append(element("text", short(value), x=_n(x), y=foot + 16, text_anchor="middle",
                             font_size=12))  # fmt: skip
    found.append(element("text", f"wall time of {phase} [s]", x=LABELS, y=foot + 36,
                         font_size=13))  # fmt: skip
    for k, name in enumerate(names):
        y = foot + 46 + 20 * k
        found.append(element("rect", x=LABELS, y=y, width=14, height=14, fill=fills[name]))
        found.append(element("text", name, x=LABELS + 20, y=y + 12, font_size=13))
    return _svg(f"parts of {phase} in seconds, the same as in the table", found, height)


def _range(
    values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]],
) -> tuple[float, float]:
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.1 * (high - low) or 0.1 * abs(high) or 1.0
    return max(low - room, 0.0) if low >= 0 else low - room, high + room


def _svg(label: str, parts: Sequence[Markup], height: int = HEIGHT) -> Markup:
    return element("svg", *parts, viewBox=f"0 0 {WIDTH} {height}", width=WIDTH, height=height,
                   role="group", aria_label=label, font_family="system-ui, sans-serif",
                   fill=COLOURS["ink"])  # fmt: skip


def _frame(quantity: str, unit: str) -> Markup:
    label = f"{quantity} [{unit}]" if unit not in {"", "1"} else quantity
    return element(
        "g",
        element("text", label, x=LEFT, y=20, font_size=13),
        element("line", x1=LEFT, x2=LEFT, y1=TOP, y2=HEIGHT - BOTTOM, stroke=COLOURS["ink"]),
        element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM,
                stroke=COLOURS["ink"]),
        element("text", "version", x=WIDTH - RIGHT, y=HEIGHT - 6, text_anchor="end", font_size=13),
    )  # fmt: skip


def _grid(low: float, high: float, up: Callable[[float], float]) -> list[Markup]:
    found = []
    for value in ticks(low, high):
        y = _n(up(value))
        found.append(element("line", x1=LEFT - 5, x2=LEFT, y1=y, y2=y, stroke=COLOURS["ink"]))
        found.append(element("text", short(value), x=LEFT - 9, y=y, dy=4, text_anchor="end",
                             font_size=12))  # fmt: skip
    return found


def _event_lines(history: History, at: Callable[[float], float]) -> list[Markup]:
    found = []
    for k, event in enumerate(history.events):
        x, colour = _n(at(event.at - 0.5)), _colour(history, k)
        found.append(
            element("line", element("title", event.cause), x1=x, x2=x, y1=TOP,
                    y2=HEIGHT - BOTTOM, stroke=colour, stroke_width=2,
                    stroke_dasharray=DASHES[event.kind])
        )  # fmt: skip
        found.append(element("text", _word(history, k), x=x, dx=4, y=TOP + 10 + 14 * (k % 3),
                             font_size=12))  # fmt: skip
    return found


def _word(history: History, k: int) -> str:
    event = history.events[k]
    if event.kind is EventKind.CHANGE:
        return "worse" if event.worse else "better"
    return str(event.kind)


def _colour(history: History, k: int) -> str:
    return COLOURS.get(_word(history, k), COLOURS["quiet"])


def _said(history: History) -> str:
    words = [f"{_word(history, k)} at {history.series.versions[e.at]}"
             for k, e in enumerate(history.events)]  # fmt: skip
    return ", ".join(words) or "no change"


def _point(x: float, y: float, *, is_noisy: bool) -> Markup:
    if is_noisy:
        cross = f"M{_n(x - 4)} {_n(y - 4)}l8 8m0 -8l-8 8"
        return element("path", d=cross, stroke=COLOURS["quiet"], stroke_width=2, fill="none")
    return element("circle", cx=_n(x), cy=_n(y), r=4, fill="#0072B2")


def _version_labels(versions: Sequence[str], at: Callable[[float], float]) -> list[Markup]:
    step = max(1, -(-len(versions) // 12))
    return [
        element("text", versions[k][:10], text_anchor="end", font_size=11,
                transform=f"translate({_n(at(k) + 4)},{HEIGHT - BOTTOM + 12}) rotate(-35)")
        for k in range(0, len(versions), step)
    ]  # fmt: skip


def _n(value: float) -> str:
    return f"{value:.1f}"
