"""The synapses that came and went of late, for plots that are drawn now and then."""

from __future__ import annotations

import threading
from typing import NamedTuple

from snnlab.frames.structure import StructuralEvents

__all__ = ["Interval", "RecentEvents"]

_MOST_PARTS = 256


class Interval(NamedTuple):
    """All events in ``t_start <= step < t_stop``."""

    events: StructuralEvents
    t_start: int
    t_stop: int


class RecentEvents:
    """Events in order of time: one writer, any number of readers, bounded in memory.

    Parameters
    ----------
    most : int
        Events that are kept, of the last steps; 27 bytes each.
    """

    def __init__(self, most: int = 500_000) -> None:
        self.most = most
        self._parts: list[StructuralEvents] = []
        self._start = self._stop = 0
        self._lock = threading.Lock()

    @property
    def stop(self) -> int:
        """Step up to which all events are known."""
        return self._stop

    def append(self, events: StructuralEvents, t_start: int, t_stop: int) -> None:
        """Add the events of the next steps.

        Parameters
        ----------
        events : StructuralEvents
        t_start, t_stop : int
            Steps of which these are all events. Steps that are known already belong to a run that
            went back, and are forgotten first; after a gap, all are.
        """
        self.rewind(t_start)
        with self._lock:
            if t_start != self._stop:
                self._parts, self._start = [], t_start
            if len(events):
                self._parts.append(events)
            self._stop = t_stop
            if len(self._parts) > _MOST_PARTS:
                self._parts = [StructuralEvents.joined(self._parts)]
            if sum(map(len, self._parts)) > self.most:
                self._forget_half()

    def _forget_half(self) -> None:
        events = StructuralEvents.joined(self._parts)
        first = len(events) - self.most // 2
        self._start = int(events.step[first - 1]) + 1
        self._parts = [events.at(events.step >= self._start)]

    def rewind(self, step: int) -> None:
        """Forget the events from `step` on."""
        with self._lock:
            if step >= self._stop:
                return
            self._stop = step
            self._start = min(self._start, step)
            events = StructuralEvents.joined(self._parts)
            self._parts = [events.between(0, step)]

    def known(self) -> Interval:
        """Return what is known."""
        with self._lock:
            return Interval(StructuralEvents.joined(self._parts), self._start, self._stop)
