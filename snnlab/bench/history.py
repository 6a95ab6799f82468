"""The history of a series: levels, changes, and borders that no code has made.

A change of the machine, of the software around the simulator, of the timers or of the
specification splits a series before anything is tested. What moves together with most other series
of a machine, or with the anchor version that is measured beside every batch, is the machine's. Even
a clear change is only called a change here: the word "regression" is kept for pairs measured in one
batch.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from snnlab.bench.change_points import ChangePoint, change_points, early_warning
from snnlab.bench.verdict import Direction
from snnlab.errors import SpecError

__all__ = ["BORDERS", "Event", "EventKind", "History", "Level", "Series", "history", "on_machine"]

BORDERS = {
    "machine_class_id": "machine",
    "stack_id": "software stack",
    "timer_flags": "timer flags",
    "spec_id": "specification",
}
"""What splits a series without being a change of the code, and how it is called."""

TOGETHER = 3
"""Batches within which changes count as simultaneous."""


class EventKind(StrEnum):
    """What happened at a point of a history."""

    CHANGE = "change"
    EARLY_WARNING = "early warning"
    MACHINE_CHANGED = "machine changed"
    BORDER = "border"


@dataclass(frozen=True, kw_only=True)
class Series:
    """One value per batch, in the order of versions.

    Parameters
    ----------
    name : str
        What the line is called.
    values : (n,) float64
        Median of each batch; NaN where nothing was measured.
    batches : tuple of int
        Number of each batch, common to all series of a machine.
    versions : tuple of str
        What is on the x axis: commit or tag of each point.
    borders : mapping of str to tuple of str
        For keys of `BORDERS`, the id at each point; a change splits the series.
    anchor : (n,) float64, optional
        The frozen anchor version, measured in the same batches.
    noisy : (n,) bool, optional
        Batches whose sentinel moved: kept, but they raise no alarm.
    direction : Direction
        Which values are better.
    """

    name: str
    values: NDArray[np.float64]
    batches: tuple[int, ...]
    versions: tuple[str, ...]
    borders: Mapping[str, tuple[str, ...]]
    anchor: NDArray[np.float64] | None = None
    noisy: NDArray[np.bool_] | None = None
    direction: Direction = Direction.LOWER

    def __post_init__(self) -> None:
        n = len(self.values)
        parts: dict[str, Sequence[object] | NDArray[np.generic]] = {
            "batches": self.batches,
            "versions": self.versions,
            **self.borders,
        }
        parts |= {} if self.anchor is None else {"anchor": self.anchor}
        parts |= {} if self.noisy is None else {"noisy": self.noisy}
        for part, entries in parts.items():
            if len(entries) != n:
                raise SpecError(
                    f"Series {self.name!r}.{part}", f"must have {n} entries", got=str(len(entries))
                )
        unknown = sorted(set(self.borders) - set(BORDERS))
        if unknown:
            raise SpecError(
                f"Series {self.name!r}.borders", f"keys must be of {list(BORDERS)}", got=unknown[0]
            )


@dataclass(frozen=True)
class Event:
    """Something that happened at a point of a history.

    Parameters
    ----------
    kind : EventKind
        What it is.
    at : int
        Index of the first point after it.
    cause : str
        One line for people.
    ratio : float
        Level after / level before; 1 at a border, whose sides are not compared.
    worse : bool
        Whether the new level is the worse one.
    """

    kind: EventKind
    at: int
    cause: str
    ratio: float = 1.0
    worse: bool = False


@dataclass(frozen=True)
class Level:
    """Points ``[start, stop)`` without a change, and their median."""

    start: int
    stop: int
    median: float


@dataclass(frozen=True)
class History:
    """A series with what was found in it.

    Parameters
    ----------
    series : Series
        The data.
    events : tuple of Event
        In order of their place.
    levels : tuple of Level
        What lies between borders and changes.
    """

    series: Series
    events: tuple[Event, ...]
    levels: tuple[Level, ...]

    @property
    def needs_pairs(self) -> tuple[Event, ...]:
        """Events that pairs against the last good version have to decide."""
        return tuple(
            e for e in self.events if e.kind in {EventKind.CHANGE, EventKind.EARLY_WARNING}
        )


def history(series: Series, *, floor: float = 0.03) -> History:
    """Return the levels and events of one series.

    Parameters
    ----------
    series : Series
        The data.
    floor : float
        Relative change that is not worth reporting.

    Returns
    -------
    History
        `on_machine` then finds out what the machine has done to several of them.
    """
    borders = _borders(series)
    cuts = [0, *(e.at for e in borders), len(series.values)]
    events = list(borders)
    for start, stop in itertools.pairwise(cuts):
        events += _changes(series, start, stop, floor)
    events.sort(key=lambda e: e.at)
    return History(series, tuple(events), _levels(series, events))


def on_machine(histories: Sequence[History]) -> list[History]:
    """Return the histories of one machine; what moved in half of them at once is the machine's.

    Parameters
    ----------
    histories : sequence of History
        All series of one machine class. A single one is returned as it is.

    Returns
    -------
    list of History
        In the same order.
    """
    if len(histories) < 2:
        return list(histories)
    return [replace(h, events=tuple(_joint(e, h, histories) for e in h.events)) for h in histories]


def _joint(event: Event, own: History, histories: Sequence[History]) -> Event:
    """The event, renamed if at least half of the series move when it happens, and its way."""
    if event.kind not in {EventKind.CHANGE, EventKind.EARLY_WARNING}:
        return event
    batch = own.series.batches[event.at]
    moving = sum(
        any(
            abs(h.series.batches[e.at] - batch) <= TOGETHER and e.worse == event.worse
            for e in h.events
            if e.kind is not EventKind.BORDER
        )
        for h in histories
    )
    if moving < 2 or 2 * moving < len(histories):
        return event
    cause = f"{moving} of {len(histories)} series of this machine moved together"
    return replace(event, kind=EventKind.MACHINE_CHANGED, cause=cause)


def _borders(series: Series) -> list[Event]:
    found = []
    for at in range(1, len(series.values)):
        changed = [
            name
            for key, name in BORDERS.items()
            if key in series.borders and series.borders[key][at] != series.borders[key][at - 1]
        ]
        if changed:
            cause = " and ".join(changed) + " changed: what follows is not compared with before"
            found.append(Event(EventKind.BORDER, at, cause))
    return found


def _usable(series: Series, start: int, stop: int) -> NDArray[np.intp]:
    """Indices in ``[start, stop)`` that may raise an alarm."""
    usable = ~np.isnan(series.values[start:stop])
    if series.noisy is not None:
        usable &= ~series.noisy[start:stop]
    return start + np.flatnonzero(usable)


def _changes(series: Series, start: int, stop: int, floor: float) -> list[Event]:
    """Changes and the early warning of a part without borders."""
    points = _usable(series, start, stop)
    values = series.values[points]
    found: list[ChangePoint] = change_points(values, floor=floor)
    warning = early_warning(values, floor=floor)
    return [
        _event(series, point, int(points[point.at]), floor)
        for point in [*found, *([warning] if warning else [])]
    ]


def _event(series: Series, point: ChangePoint, at: int, floor: float) -> Event:
    kind = EventKind.EARLY_WARNING if point.provisional else EventKind.CHANGE
    worse = (point.ratio - 1.0) * series.direction.sign > 0
    cause = f"{point.ratio - 1:+.1%} at {series.versions[at]}"
    if _anchor_moved(series, at, point.ratio, floor):
        kind, cause = EventKind.MACHINE_CHANGED, f"the anchor version moved, too ({cause})"
    return Event(kind, at, cause, point.ratio, worse)


def _anchor_moved(series: Series, at: int, ratio: float, floor: float) -> bool:
    """Whether the frozen version changed at the same time and in the same direction."""
    if series.anchor is None:
        return False
    points = np.flatnonzero(~np.isnan(series.anchor))
    values = series.anchor[points]
    warning = early_warning(values, floor=floor)
    moved = [*change_points(values, floor=floor), *([warning] if warning else [])]
    return any(
        abs(int(points[m.at]) - at) <= TOGETHER and (m.ratio > 1) == (ratio > 1) for m in moved
    )


def _levels(series: Series, events: Sequence[Event]) -> tuple[Level, ...]:
    certain = [e.at for e in events if e.kind is not EventKind.EARLY_WARNING]
    cuts = sorted({0, *certain, len(series.values)})
    parts = [(a, b, series.values[_usable(series, a, b)]) for a, b in itertools.pairwise(cuts)]
    return tuple(Level(a, b, float(np.median(v))) for a, b, v in parts if v.size)
