"""Everything that happened, on disk as it happens; memory holds none of it."""

from __future__ import annotations

import json
import threading
import weakref
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from snnlab.frames.decimate import until
from snnlab.frames.frame import Frame
from snnlab.model.edits import Edit
from snnlab.model.history import Applied
from snnlab.model.network import Network
from snnlab.record.layout import Layout
from snnlab.record.log.reader import FrameLog, LoggedSection
from snnlab.record.log.writer import LogWriter
from snnlab.session.messages import Message
from snnlab.session.recording import Section, meaning

__all__ = ["ComputedBy", "LoggedRecording", "Run"]

Run = Callable[[], tuple[Network, Sequence[Applied]]]
"""What tells the network at the start of the run, and the edits since."""

ComputedBy = Callable[[], str]
"""What tells which device has computed the run until now."""


class _Beginning(NamedTuple):
    """A section that is written as soon as something happens in it."""

    cause: str
    step: int
    network: Network


class LoggedRecording:
    """The frames of a run in a log, for one writer and any number of readers.

    A reader sees what `snnlab.session.recording.Recording` would show, and reads it from disk.

    Parameters
    ----------
    writer : LogWriter
        From now on only this object may use it.
    computed_by : callable
        See `ComputedBy`.
    run : callable
        See `Run`.
    is_temporary : bool
        Whether the file goes when nobody holds this object any more.
    limit_bytes : int, optional
        The run has to pause when the file is longer; may be changed at any time. Default: none.

    Notes
    -----
    What writes raises `StorageError` where the disk has no room; the same call may then be made
    again. Nothing is written twice.
    """

    def __init__(
        self,
        writer: LogWriter,
        computed_by: ComputedBy,
        run: Run,
        *,
        is_temporary: bool = False,
        limit_bytes: int | None = None,
    ) -> None:
        self.limit_bytes = limit_bytes
        self.path = writer.path
        self.is_temporary = is_temporary
        self._writer = writer
        self._reader = FrameLog(writer.path)
        self._computed_by = computed_by
        self._run = run
        self._lock = threading.RLock()
        self._first = len(self._reader.sections)
        self._networks: list[Network] = []
        self._due: _Beginning | None = None
        self._late: deque[Callable[[], object]] = deque()
        if is_temporary:
            weakref.finalize(self, writer.path.unlink, missing_ok=True)

    # --- reading ----------------------------------------------------------------------------

    @property
    def n_bytes(self) -> int:
        """Length of the file."""
        return self._writer.n_bytes

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.limit_bytes is not None and self.n_bytes >= self.limit_bytes

    @property
    def sections(self) -> tuple[Section, ...]:
        """All sections, oldest first; a structural edit begins a new one."""
        with self._lock:
            found = self._reader.refresh().sections[self._first :]
            sections = [Section(n, f) for n, f in zip(self._networks, found, strict=True)]
            if self._due is not None:
                sections.append(Section(self._due.network, []))
        # An edit is written into a section that the next edit may end before anything happened.
        return tuple(s for k, s in enumerate(sections, 1) if s.frames or k == len(sections))

    @property
    def frames(self) -> Sequence[Frame]:
        """The frames since the last structural edit, each read when it is asked for."""
        return self.sections[-1].frames

    def spikes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return step and global id of all spikes since the last structural edit, in order."""
        frames = self.frames
        if isinstance(frames, LoggedSection):
            return frames.spikes()
        return np.empty(0, np.int64), np.empty(0, np.int64)

    @property
    def found(self) -> str:
        """What a user has to know about the file as it was found; empty if it was sound or new."""
        damage, aside = self._writer.damage, self._writer.aside
        if damage is None:
            return ""
        return f"File '{self.path}' was damaged: {damage}. They lie in '{aside}' now."

    # --- writing: the simulation thread alone -------------------------------------------------

    def begin(self, network: Network, step: int) -> None:
        """Begin the first run at `step`, where `network` runs."""
        self._begin(_Beginning("start", step, network))
        self._add_edits(self._run()[1])

    def adopt(self, sections: Iterable[Section]) -> None:
        """Begin with what was recorded in memory so far."""
        edits, cause, step = list(self._run()[1]), "start", 0
        for section in sections:
            step = section.frames[0].t_start if section.frames else step
            self._due = _Beginning(cause, step, section.network)
            cause = "structure"
            for frame in section.frames:
                n = bisect_right(edits, frame.t_start, key=lambda applied: applied.step)
                self._add_edits(edits[:n])
                self.append(frame)
                edits, step = edits[n:], frame.t_stop
        self._add_edits(edits)

    def append(self, frame: Frame) -> None:
        """Put the next frame on disk."""
        self._catch_up()
        self._writer.frame(frame)

    def edit(self, step: int, edit: Edit) -> int:
        """Put an edit on disk before it takes effect; return what `refuse` asks for."""
        self._catch_up()
        return self._writer.edit(step, _edit_data(edit))

    def refuse(self, number: int) -> None:
        """Say that an edit did not take effect after all; on disk with what comes next."""
        self._late.append(lambda: self._writer.refusal(number))

    def message(self, message: Message) -> None:
        """Put on disk what the session had to say."""
        self._catch_up()
        self._writer.message(message.time, message.level, message.text)

    def change_structure(self, network: Network, step: int) -> bool:
        """Begin a section if ids or recorders mean something else now; return whether they do."""
        with self._lock:
            now = self._due.network if self._due is not None else self._networks[-1]
            if meaning(now) == meaning(network):
                return False
            cause = self._due.cause if self._due is not None else "structure"
            self._due = _Beginning(cause, step, network)
            return True

    def clear(self, network: Network, step: int, *, is_new_run: bool) -> None:
        """Leave behind what is on disk, where it stays, and begin anew at `step`."""
        with self._lock:
            is_new_run |= self._due is not None and self._due.cause == "reset"
            self._first = len(self._reader.refresh().sections)
            self._networks = []
            self._due = _Beginning("reset" if is_new_run else "cleared", step, network)

    def rewind(self, step: int, network: Network, n_edits: int) -> None:
        """Take note that the run went back to `step`, where `network` ran after `n_edits` edits."""
        with self._lock:
            if self._due is not None and self._due.cause == "reset":
                self._due = self._due._replace(step=step, network=network)
                return
            sections = self._reader.refresh().sections
            run = [k for k, s in enumerate(sections) if s.contents.run == self._reader.last_run]
            k = max((k for k in run if sections[k].t_start < step), default=run[0])
            self._go_back(k, sections[k], max(step, sections[k].t_start), n_edits)
            self._due = None
            del self._networks[max(k + 1 - self._first, 0) :]
            if k < self._first or step < sections[k].t_start:
                self._first, self._networks = k + 1, []
                self._due = _Beginning("cleared", step, network)
                return
        self.change_structure(network, step)

    def sync_if_due(self) -> None:
        """Force what was written onto the disk, twice a second at most."""
        self._writer.sync_if_due()

    def sync(self) -> None:
        """Force what was written onto the disk."""
        self._writer.sync()

    def close(self) -> None:
        """End the log; what is in it can still be read."""
        try:
            self._write_late()
        finally:
            self._writer.close()

    # --- inside -----------------------------------------------------------------------------

    def _go_back(self, k: int, section: LoggedSection, step: int, n_edits: int) -> None:
        """Void the frames from `step` on, but for the part of a frame that lies before it.

        Section `k` of the log, with which the run goes on, is `section`.
        """
        layout = section.layout
        i = bisect_right(section.contents.stops, step)
        frame = section[i] if i < len(section) else None
        if frame is None or frame.t_start >= step:
            self._late.append(lambda: self._writer.rewind(step, k, layout, n_edits))
        else:
            part = until(frame, step, list(layout.sizes))
            self._late.append(lambda: self._writer.rewind(part.t_start, k, layout, n_edits))
            self._late.append(lambda: self._writer.frame(part))
        self._write_late()

    def _catch_up(self) -> None:
        """Write what is due before anything else."""
        self._write_late()
        if self._due is not None:
            self._begin(self._due)

    def _write_late(self) -> None:
        while self._late:
            self._late[0]()
            self._late.popleft()

    def _add_edits(self, edits: Iterable[Applied]) -> None:
        for applied in edits:
            self.edit(applied.step, applied.edit)

    def _begin(self, beginning: _Beginning) -> None:
        from snnlab.record import provenance

        start = self._run()[0]
        with self._lock:
            self._writer.section(
                beginning.cause,
                beginning.step,
                network=_text(beginning.network),
                layout=Layout.of(beginning.network),
                provenance=provenance.origin(self._computed_by()) | {"network": _text(start)},
            )
            self._networks.append(beginning.network)
            self._due = None


def _text(network: Network) -> str:
    """The network as native JSON, however long: data must not be lost for its length."""
    from snnlab.interop import native_json

    data = native_json.to_dict(network)
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _edit_data(edit: Edit) -> dict[str, object]:
    from snnlab.interop import native_json

    return native_json.edit_to_dict(edit)
