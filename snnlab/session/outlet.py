"""Where frames leave the simulation: into the recording, and through the hub to readers."""

from __future__ import annotations

import time
from collections.abc import Callable

from snnlab.errors import StateError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.hub import Hub, Subscription
from snnlab.model.network import Network
from snnlab.session.messages import MessageLog
from snnlab.session.recording import Recording, default_limit

__all__ = ["Outlet"]

PUBLISH_S = 0.04
"""Wall-clock time [s] between two frames: 25 a second."""


class Outlet:
    """Gathers what the engine returns and hands it on 25 times a second.

    Only the simulation thread puts something in.

    Parameters
    ----------
    network : Network
    messages : MessageLog
    record : bool
        Whether to keep all frames in memory.
    wake : callable
        Called when a reader has made room.
    """

    def __init__(
        self, network: Network, messages: MessageLog, *, record: bool, wake: Callable[[], None]
    ) -> None:
        self.recording = Recording(network, default_limit()) if record else None
        self.hub = Hub(on_error=self._reader_failed, on_room=wake)
        self.published_at: float | None = None
        self._messages = messages
        self._fresh: list[Frame] = []
        self._is_awaited = False

    def add(self, frame: Frame) -> None:
        """Take the next frame of the engine."""
        self._fresh.append(frame)

    def flush(self) -> None:
        """Record and publish what was gathered since the last time."""
        if not self._fresh:
            return
        frame = merged(self._fresh)
        self._fresh = []
        self._is_awaited = False
        self.published_at = time.perf_counter()
        if self.recording is not None:
            self.recording.append(frame)
            if self.recording.is_full:
                self._messages.warning(str(self.full(frame.t_stop * frame.dt)))
        self.hub.publish(frame)

    def flush_if_due(self, now: float) -> None:
        """Publish, unless the last frame left less than `PUBLISH_S` before `now` [s]."""
        is_first = self.published_at is None
        if is_first or self._is_awaited or now - (self.published_at or 0.0) >= PUBLISH_S:
            self.flush()

    def await_next(self) -> None:
        """Publish the next frame at once: somebody turned a knob and wants to see what it does."""
        self._is_awaited = True

    def change_structure(self, network: Network, t: float) -> None:
        """Take note that the network was edited at `t` [ms]; call `flush` before."""
        if self.recording is not None and self.recording.change_structure(network):
            self._messages.info(
                f"The structure changed at t = {t:g} ms: spikes() and dataset() start here; what "
                "came before is in recording.sections."
            )

    def clear(self, network: Network) -> None:
        """Forget everything that was recorded; call `flush` before."""
        if self.recording is not None:
            self.recording.clear(network)

    def rewind(self, step: int, network: Network) -> None:
        """Forget what was recorded from `step` on, where `network` ran; call `flush` before.

        Readers learn of it by the next frame, which begins before the last one stopped.
        """
        if self.recording is not None:
            self.recording.rewind(step, network)

    @property
    def is_full(self) -> bool:
        """Whether the recording has no room, so that the run has to pause."""
        return self.recording is not None and self.recording.is_full

    def full(self, t: float) -> StateError:
        """Return the error that says so at model time `t` [ms]."""
        recording = self.recording
        n_bytes, limit = (recording.n_bytes, recording.limit_bytes) if recording else (0, 0)
        return StateError(
            "Session.recording",
            f"must stay below {limit / 2**20:.4g} MiB",
            got=f"{n_bytes / 2**20:.4g} MiB at t = {t:g} ms",
            remedy="Nothing is lost. Save with session.save(path), then "
            "session.clear_recording(); or raise session.recording.limit_bytes; or open with "
            "record=False.",
        )

    def _reader_failed(self, error: BaseException, _subscription: Subscription) -> None:
        self._messages.error(error, "A reader of frames failed and was closed")
