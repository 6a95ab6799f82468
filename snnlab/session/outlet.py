"""Where frames leave the simulation: into the recording, and through the hub to readers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from snnlab.errors import FormatError, SnnlabError, StateError, StorageError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.hub import Hub, Subscription
from snnlab.model.edits import Edit
from snnlab.model.network import Network
from snnlab.record.log.writer import LogWriter
from snnlab.session.logged import ComputedBy, LoggedRecording, Run
from snnlab.session.messages import Message, MessageLog
from snnlab.session.overflow import in_temporary_file
from snnlab.session.recording import Recording, default_limit

__all__ = ["Outlet"]

PUBLISH_S = 0.04
"""Wall-clock time [s] between two frames: 25 a second."""

_MOST_MESSAGES = 1000
"""Messages that wait for the next frame to be written with."""


class Outlet:
    """Gathers what the engine returns and hands it on 25 times a second.

    Only the simulation thread puts something in.

    Parameters
    ----------
    network : Network
    messages : MessageLog
    record : bool or LogWriter
        Whether to keep all frames: in memory first, or in a log from the beginning.
    computed_by : callable
        Tells which device has computed the run until now.
    run : callable
        Tells the network at the start of the run, and the edits since.
    wake : callable
        Called when a reader has made room.

    Attributes
    ----------
    blocked : StorageError or None
        Why what was simulated last is not on disk yet; nothing may follow before it is.
    is_awaited : bool
        Whether somebody turned a knob and the frame that shows it has not left.
    """

    def __init__(
        self,
        network: Network,
        messages: MessageLog,
        *,
        record: bool | LogWriter,
        computed_by: ComputedBy,
        run: Run,
        wake: Callable[[], None],
    ) -> None:
        self.recording: Recording | LoggedRecording | None = None
        if isinstance(record, LogWriter):
            self.recording = LoggedRecording(record, computed_by, run)
        elif record:
            self.recording = Recording(network, default_limit())
        self.hub = Hub(on_error=self._reader_failed, on_room=wake)
        self.published_at: float | None = None
        self.blocked: StorageError | None = None
        self._computed_by = computed_by
        self._run = run
        self._messages = messages
        self._unwritten: deque[Message] = deque(maxlen=_MOST_MESSAGES)
        messages.listen(self._unwritten.append)
        self._fresh: list[Frame] = []
        self.is_awaited = False

    def begin(self, network: Network, step: int) -> None:
        """Begin the log, if there is one, at `step`, where `network` runs."""
        if isinstance(self.recording, LoggedRecording):
            self.recording.begin(network, step)
            if self.recording.found:
                self._messages.warning(self.recording.found)

    def add(self, frame: Frame) -> None:
        """Take the next frame of the engine."""
        self._fresh.append(frame)

    def flush(self) -> None:
        """Record and publish what was gathered since the last time.

        What the disk has no room for waits here, unpublished; `blocked` tells why.
        """
        if not self._fresh:
            return
        frame = merged(self._fresh)
        self._fresh = [frame]
        if self._is_kept(frame):
            self._fresh = []
            self._publish(frame)

    def flush_all(self) -> None:
        """As `flush`, for what must not go on without.

        Raises
        ------
        StorageError
            The disk has no room.
        """
        self.flush()
        if self.blocked is not None:
            raise self.blocked

    def _publish(self, frame: Frame) -> None:
        is_awaited, self.is_awaited = self.is_awaited, False
        self.published_at = time.perf_counter()
        self.hub.publish(frame, is_awaited=is_awaited)

    def _is_kept(self, frame: Frame) -> bool:
        if isinstance(self.recording, LoggedRecording):
            return self._is_logged(self.recording, frame)
        if self.recording is not None:
            self.recording.append(frame)
            if self.recording.is_full:
                self._move_to_disk(self.recording)
        return True

    def _is_logged(self, log: LoggedRecording, frame: Frame) -> bool:
        try:
            self._write_messages(log)
            log.append(frame)
        except StorageError as error:
            if self.blocked is None:
                self.blocked = error
                self._messages.error(error, f"Paused at t = {frame.t_stop * frame.dt:g} ms")
            return False
        self.blocked = None
        log.sync_if_due()
        if log.is_full:
            self._messages.warning(str(self.full(frame.t_stop * frame.dt)))
        return True

    def _write_messages(self, log: LoggedRecording) -> None:
        while self._unwritten:
            log.message(self._unwritten[0])
            self._unwritten.popleft()

    def _move_to_disk(self, recording: Recording) -> None:
        """Go on in a temporary file, since memory is full; or say that there is no room at all."""
        try:
            log = in_temporary_file(recording, self._computed_by, self._run)
        except (StorageError, FormatError) as error:
            self._messages.error(error, "The recording cannot go on on the disk")
            t = recording.frames[-1].t_stop * recording.frames[-1].dt
            self._messages.warning(str(self.full(t)))
            return
        self.recording = log
        self._messages.info(
            f"The recording has reached {recording.n_bytes / 2**20:.4g} MiB and goes on on the "
            f"disk, in '{log.path}' until the session is gone. Open with record='run.snnlog' to "
            "keep it there for good."
        )

    def flush_if_due(self, now: float) -> None:
        """Publish, unless the last frame left less than `PUBLISH_S` before `now` [s]."""
        is_first = self.published_at is None
        if is_first or self.is_awaited or now - (self.published_at or 0.0) >= PUBLISH_S:
            self.flush()

    def await_next(self) -> None:
        """Publish the next frame at once: somebody turned a knob and wants to see what it does."""
        self.is_awaited = True

    @contextmanager
    def logged(self, edit: Edit, step: int) -> Iterator[None]:
        """Put an edit on disk before the block makes it; if that fails, say so there.

        Raises
        ------
        StorageError
            The disk has no room; the edit must not be made.
        """
        if not isinstance(self.recording, LoggedRecording):
            yield
            return
        self.flush_all()
        log, number = self.recording, self.recording.edit(step, edit)
        try:
            yield
        except BaseException:
            log.refuse(number)
            raise

    def change_structure(self, network: Network, step: int) -> None:
        """Take note that the network was edited at `step`; call `flush` before."""
        if isinstance(self.recording, LoggedRecording):
            has_changed = self.recording.change_structure(network, step)
        else:
            has_changed = self.recording is not None and self.recording.change_structure(network)
        if has_changed:
            self._messages.info(
                f"The structure changed at t = {step * network.dt:g} ms: spikes() and dataset() "
                "start here; what came before is in recording.sections."
            )

    def clear(self, network: Network, step: int, *, is_new_run: bool) -> None:
        """Forget everything that was recorded before `step`; call `flush` before."""
        if self._fresh:
            self._publish(merged(self._fresh))
            self._fresh = []
        self.blocked = None
        if isinstance(self.recording, LoggedRecording):
            self.recording.clear(network, step, is_new_run=is_new_run)
        elif self.recording is not None:
            self.recording.clear(network)

    def rewind(self, step: int, network: Network, n_edits: int) -> None:
        """Forget what was recorded from `step` on, where `network` ran after `n_edits` edits.

        Call `flush_all` before. Readers learn of it by the next frame, which begins before the
        last one stopped.
        """
        if isinstance(self.recording, LoggedRecording):
            self.recording.rewind(step, network, n_edits)
        elif self.recording is not None:
            self.recording.rewind(step, network)

    def sync(self) -> None:
        """Force the log, if there is one, onto the disk."""
        if isinstance(self.recording, LoggedRecording):
            self.recording.sync()

    def close(self) -> None:
        """Write what is left and end the log.

        Raises
        ------
        StorageError
            There is no room for what was simulated last.
        """
        self.flush()
        if isinstance(self.recording, LoggedRecording):
            try:
                self._write_messages(self.recording)
            finally:
                self.recording.close()
        if self.blocked is not None:
            raise self.blocked

    @property
    def is_full(self) -> bool:
        """Whether the recording has no room, so that the run has to pause."""
        is_full = self.recording is not None and self.recording.is_full
        return is_full or self.blocked is not None

    def full(self, t: float) -> SnnlabError:
        """Return the error that says so at model time `t` [ms]."""
        if self.blocked is not None:
            return self.blocked
        recording = self.recording
        n_bytes, limit = (recording.n_bytes, recording.limit_bytes or 0) if recording else (0, 0)
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
