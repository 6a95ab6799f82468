"""The hub hands frames to whoever reads them, with credit: nobody is flooded, nothing piles up.

A lossless reader gets every frame as it is; while its queue is full the simulation waits. A screen
reader gets a frame only after it has said that the last one was painted; what comes in between is
merged, so that no spike is missing from the picture.
"""

from __future__ import annotations

import inspect
import threading
import weakref
from collections import deque
from collections.abc import Callable

from snnlab.errors import SpecError
from snnlab.frames.decimate import can_follow, merged
from snnlab.frames.frame import Frame

__all__ = ["Hub", "Subscription"]

MOST_SPIKES = 5_000_000
"""Spikes (80 MB) that wait for one screen reader; beyond it the oldest frames are left out."""

MOST_SAMPLED = 256 * 2**20
"""Bytes of samples and structural events for which the same holds."""

_MOST_PARTS = 64

Callback = Callable[[Frame], None]
OnError = Callable[[BaseException, "Subscription"], None]


class Subscription:
    """One reader of frames; made by `Hub.subscribe`, which holds it only weakly: keep it.

    Parameters
    ----------
    callback : callable, optional
        Gets every frame that is delivered; a bound method is held weakly. Without one, `take`.
    lossless : bool
        Every frame and a simulation that waits, or merged frames and a simulation that does not.
    max_pending : int
        Screen reader with callback: frames that may be under way before `ready` is called.
        Lossless reader without callback: frames that may wait to be taken.
    on_error : callable
        Gets the exception of a failing callback; the subscription is closed first.
    on_room : callable
        Called whenever the reader has made room.

    Attributes
    ----------
    n_dropped : int
        Spikes that a screen reader missed because it was gone for too long.
    """

    def __init__(
        self,
        callback: Callback | None,
        *,
        lossless: bool,
        max_pending: int,
        on_error: OnError,
        on_room: Callable[[], None],
    ) -> None:
        self.lossless = lossless
        self.max_pending = max_pending
        self.n_dropped = 0
        self._callback = _weakly(callback)
        self._on_error = on_error
        self._on_room = on_room
        self._credit = max_pending
        self._pending: deque[Frame] = deque()
        self._is_awaited = False
        self._changed = threading.Condition()
        self._is_delivering = False
        self._is_closed = False

    @property
    def is_closed(self) -> bool:
        """Whether it gets no more frames; those that wait can still be taken."""
        return self._is_closed or self._is_orphan

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for what is to be seen now."""
        return self._is_awaited

    @property
    def is_full(self) -> bool:
        """Whether the simulation has to wait for it."""
        return self.lossless and not self.is_closed and len(self._pending) >= self.max_pending

    @property
    def _is_orphan(self) -> bool:
        return self._callback is not None and self._callback() is None

    def ready(self) -> None:
        """Give credit back: one more frame may come, at once if one is waiting."""
        with self._changed:
            self._credit = min(self._credit + 1, self.max_pending)
        self._deliver()

    def take(self, timeout: float | None = None) -> Frame | None:
        """Wait for the next frame; for a screen reader: all that happened since the last one.

        Parameters
        ----------
        timeout : float [s], optional
            Longest wait; default: until there is one or the subscription is closed.

        Returns
        -------
        Frame or None
            None when the time is over, or nothing will come any more.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self.is_closed, timeout)
            frame = self._next() if self._pending else None
        self._on_room()
        return frame

    def drain(self, timeout: float | None = None) -> tuple[list[Frame], bool]:
        """As `take`, but return all that wait as they are: to merge many of them costs time.

        Parameters
        ----------
        timeout : float [s], optional
            Longest wait; default: until there is one or the subscription is closed.

        Returns
        -------
        frames : list of Frame
        is_awaited : bool
            Whether somebody waits for what is to be seen now; there may be no frame then.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._pending or self._is_awaited or self.is_closed, timeout
            )
            frames, is_awaited = list(self._pending), self._is_awaited
            self._pending.clear()
            self._is_awaited = False
        self._on_room()
        return frames, is_awaited

    def pause(self, timeout: float) -> None:
        """Let time pass in which frames may gather, unless one comes that is awaited.

        Parameters
        ----------
        timeout : float [s]
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_awaited or self.is_closed, timeout)

    def nudge(self) -> None:
        """End waiting in `drain` and `pause`: something is to be seen that no frame tells."""
        with self._changed:
            self._is_awaited = True
            self._changed.notify_all()

    def close(self) -> None:
        """Get no more frames; closing twice is allowed."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._on_room()

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def push(self, frame: Frame, *, is_awaited: bool = False) -> None:
        """Take note of a frame and deliver it if there is credit; for the hub."""
        with self._changed:
            if self.is_closed:
                return
            self._pending.append(frame)
            self._is_awaited |= is_awaited
            if not self.lossless:
                self._keep_small()
            self._changed.notify_all()
        self._deliver()

    def _deliver(self) -> None:
        """Call the callback while there is credit; one thread at a time, so frames keep order."""
        while (work := self._begin_delivery()) is not None:
            callback, frame = work
            try:
                callback(frame)
            except Exception as error:
                self.close()
                self._on_error(error, self)
            finally:
                with self._changed:
                    self._is_delivering = False

    def _begin_delivery(self) -> tuple[Callback, Frame] | None:
        with self._changed:
            callback = self._callback() if self._callback else None
            has_credit = self.lossless or self._credit > 0
            if callback is None or self._is_closed or self._is_delivering:
                return None
            if not self._pending or not has_credit:
                return None
            self._credit -= not self.lossless
            self._is_delivering = True
            return callback, self._next()

    def _next(self) -> Frame:
        if not self.lossless:
            self._merge()
        frame = self._pending.popleft()
        self._is_awaited &= bool(self._pending)
        return frame

    def _merge(self) -> None:
        """Merge what may be merged: one frame, or one for each structure the network had."""
        groups: list[list[Frame]] = []
        for frame in self._pending:
            if groups and can_follow(groups[-1][-1], frame):
                groups[-1].append(frame)
            else:
                groups.append([frame])
        self._pending = deque(merged(group) for group in groups)

    def _keep_small(self) -> None:
        if len(self._pending) > _MOST_PARTS:
            self._merge()
        n_spikes = sum(frame.n_spikes for frame in self._pending)
        n_sampled = sum(frame.sampled_bytes for frame in self._pending)
        while len(self._pending) > 1 and (n_spikes > MOST_SPIKES or n_sampled > MOST_SAMPLED):
            oldest = self._pending.popleft()
            n_spikes -= oldest.n_spikes
            n_sampled -= oldest.sampled_bytes
            self.n_dropped += oldest.n_spikes


class Hub:
    """Fans the frames of one simulation out to its readers.

    Parameters
    ----------
    on_error : callable
        Gets the exception of a failing callback and its subscription.
    on_room : callable
        Called when a reader has made room, from any thread.
    """

    def __init__(self, *, on_error: OnError, on_room: Callable[[], None] = lambda: None) -> None:
        self._on_error = on_error
        self._on_room = on_room
        self._readers: list[weakref.ref[Subscription]] = []
        self._lock = threading.Lock()

    def subscribe(
        self, callback: Callback | None = None, *, lossless: bool = False, max_pending: int = 2
    ) -> Subscription:
        """Return a new reader; it ends when it is closed or nobody holds it any more."""
        if max_pending < 1:
            raise SpecError("subscribe.max_pending", "must be >= 1", got=str(max_pending))
        subscription = Subscription(
            callback, lossless=lossless, max_pending=max_pending,
            on_error=self._on_error, on_room=self._on_room,
        )  # fmt: skip
        with self._lock:
            self._readers.append(weakref.ref(subscription))
        return subscription

    @property
    def subscriptions(self) -> list[Subscription]:
        """The readers that are still there."""
        with self._lock:
            alive = [(ref, sub) for ref in self._readers if (sub := ref()) and not sub.is_closed]
            self._readers = [ref for ref, _ in alive]
        return [sub for _, sub in alive]

    @property
    def is_full(self) -> bool:
        """Whether a lossless reader has no room, so that the simulation has to wait."""
        return any(subscription.is_full for subscription in self.subscriptions)

    def publish(self, frame: Frame, *, is_awaited: bool = False) -> None:
        """Hand a frame to every reader; never waits, except for callbacks.

        Parameters
        ----------
        frame : Frame
        is_awaited : bool
            Whether somebody waits for what it shows, such as what came of an edit.
        """
        for subscription in self.subscriptions:
            subscription.push(frame, is_awaited=is_awaited)

    def nudge(self) -> None:
        """Let readers that drain look at once, as when a run has stopped."""
        for subscription in self.subscriptions:
            subscription.nudge()

    def close(self) -> None:
        """Close every subscription."""
        for subscription in self.subscriptions:
            subscription.close()


def _weakly(callback: Callback | None) -> Callable[[], Callback | None] | None:
    """Hold a bound method weakly, so that a subscription does not keep a view alive."""
    if callback is None:
        return None
    return weakref.WeakMethod(callback) if inspect.ismethod(callback) else lambda: callback
