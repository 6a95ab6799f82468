"""The thread that draws: it takes frames from a session and refreshes what is on the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snnlab.plots.recent import RecentFrames
from snnlab.session.state import SessionState

if TYPE_CHECKING:
    from snnlab.frames.frame import Frame
    from snnlab.session import Session
    from snnlab_widgets.onlooker import Onlooker

__all__ = ["TICK_S", "Display"]

TICK_S = 0.02
"""Shortest time between two pictures; less than that between two frames, so each is drawn."""

AWAIT_S = 0.06
"""Longest wait for a frame while they come: a little more than from one to the next, so that a
running simulation wakes the thread once a frame."""

IDLE_S = 0.5
"""Longest wait when no frames have come for `AWAKE_S`."""

AWAKE_S = 2.0

UNSEEN_S = 0.5
"""Time between two looks at the frames while nobody sees the page."""

SAVED_S = 10.0
"""A part that has taken less than its share may take what is left of so long a time at once."""

MOST_RECORDED = 500
"""Frames of the past that a new page begins with."""


@dataclass
class _Part:
    refresh: Callable[[], object]
    interval_s: float
    share: float | None
    is_unseen: bool
    due_at: float = 0.0
    paid_until: float = field(default_factory=time.monotonic)

    def is_due(self, now: float, *, is_awaited: bool) -> bool:
        """Whether it is time; parts that set the pace do not let wait who waits for a picture."""
        return now >= self.due_at or (is_awaited and self.interval_s <= TICK_S)

    def run(self, now: float, *, is_thrifty: bool) -> None:
        """Refresh it, and let it wait as long as its share of the time asks for.

        When it comes late the next time does not, so that it keeps its pace.
        """
        self.due_at = max(self.due_at + self.interval_s, now + self.interval_s / 2)
        began = time.thread_time()
        self.refresh()
        if self.share is not None and is_thrifty:
            cost_s = (time.thread_time() - began) / self.share
            self.paid_until = max(self.paid_until, now - SAVED_S) + cost_s
            self.due_at = max(self.due_at, self.paid_until)


class Display:
    """Refreshes parts of a page, each at its own pace, from the frames of one session.

    The simulation never waits for it: frames that come while it draws are drawn together. While
    nobody sees the page, frames are kept as before, but nothing is refreshed. An exception of a
    part goes to the session's messages, and that part is not refreshed again.

    Parameters
    ----------
    session : Session
    onlooker : Onlooker, optional
        Knows whether somebody sees the page; default: somebody always does.
    on_end : callable
        Called, on the thread that draws, when the session has been closed.
    """

    def __init__(
        self,
        session: Session,
        onlooker: Onlooker | None = None,
        *,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.recent = RecentFrames()
        self._session = session
        self._onlooker = onlooker
        self._woken = threading.Event()
        if onlooker is not None:
            onlooker.on_look = self.hurry
        self._on_end = on_end
        self._subscription = session.subscribe()
        self._remember_recorded()
        self._parts: list[_Part] = []
        self._is_closed = False
        self._was_thrifty = False
        self._thread = threading.Thread(target=self._run, name="snnlab display", daemon=True)

    def add(
        self,
        refresh: Callable[[], object],
        interval_s: float,
        *,
        share: float | None = None,
        is_unseen: bool = False,
    ) -> None:
        """Call `refresh` from now on, at most every `interval_s` [s].

        Parameters
        ----------
        refresh : callable
        interval_s : float [s]
            Wall-clock time between two calls, at least.
        share : float, optional
            Share of a processor's time that the calls may take while the session runs.
        is_unseen : bool
            Whether it goes on while nobody sees the page, since it keeps a history.
        """
        self._parts.append(_Part(refresh, interval_s, share, is_unseen))

    def hurry(self) -> None:
        """Refresh all parts as soon as possible, since somebody waits for it."""
        for part in list(self._parts):
            part.due_at = 0.0
        self._woken.set()

    def start(self) -> None:
        """Begin to draw."""
        self._thread.start()

    def close(self) -> None:
        """Stop drawing and let go of all parts; closing twice is allowed."""
        self._is_closed = True
        self._subscription.close()
        self._parts = []
        self._woken.set()

    @property
    def _is_seen(self) -> bool:
        return self._onlooker is None or self._onlooker.is_there

    def _run(self) -> None:
        awake_until = drawn_at = 0.0
        while not self._is_closed:
            timeout = AWAIT_S if time.monotonic() < awake_until else IDLE_S
            if not self._is_seen:
                timeout = 0.0
                self._woken.wait(UNSEEN_S)
            self._woken.clear()
            frames, is_awaited = self._subscription.drain(timeout)
            if not frames and self._subscription.is_closed:
                break
            started = time.monotonic()
            if self._remember(frames):
                awake_until = started + AWAKE_S
            self._refresh(started, is_awaited=is_awaited)
            if started - drawn_at < TICK_S:  # many short runs; their frames are drawn together
                self._subscription.pause(max(0.0, started + TICK_S - time.monotonic()))
            drawn_at = started
        if not self._is_closed:
            self._on_end()

    def _remember_recorded(self) -> None:
        """Begin with what has happened before, so that a page made anew is not empty."""
        if self._session.recording is not None:
            for frame in self._session.recording.frames[-MOST_RECORDED:]:
                self.recent.append(frame)
        self._known_stop = self.recent.stop

    def _remember(self, frames: Sequence[Frame]) -> bool:
        """Take note of frames, or that the run went back; returns whether there was either."""
        known_stop, self._known_stop = self._known_stop, 0
        fresh = [frame for frame in frames if frame.t_stop > known_stop]
        for frame in fresh:
            if frame.t_start < self.recent.stop:
                self._go_back(frame.t_start)
            self.recent.append(frame)
        has_gone_back = not frames and self._session.step < self.recent.stop
        if has_gone_back:
            self._go_back(self._session.step)
        return has_gone_back or bool(fresh)

    def _go_back(self, step: int) -> None:
        self.recent.rewind(step, [p.size for p in self._session.network.populations])

    def _refresh(self, now: float, *, is_awaited: bool) -> None:
        is_thrifty = self._session.state is SessionState.RUNNING
        if self._was_thrifty and not is_thrifty:
            self.hurry()  # what came last is shown without delay
        self._was_thrifty = is_thrifty
        is_seen = self._is_seen
        for part in list(self._parts):
            if not part.is_due(now, is_awaited=is_awaited) or not (is_seen or part.is_unseen):
                continue
            if self._subscription.is_awaited:  # what somebody waits for goes first
                return
            try:
                part.run(now, is_thrifty=is_thrifty)
            except Exception as error:
                if self._is_closed:  # a part that was taken off the page while it drew
                    return
                self._parts = [other for other in self._parts if other is not part]
                self._session.messages.error(error, "A view failed and was stopped")
