"""`LogWriter`: puts a run on disk while it goes on, and keeps nothing in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from snnlab.errors import StateError, StorageError
from snnlab.frames.frame import Frame
from snnlab.record.layout import Layout
from snnlab.record.log.file import GrowingFile, ReadFile
from snnlab.record.log.frames import encode as encode_frame
from snnlab.record.log.framing import MAGIC, Damage, Kind, encode
from snnlab.record.log.index import Index
from snnlab.record.log.synapses import encode as encode_synapses

__all__ = ["LogWriter"]


class LogWriter:
    """Appends to a log; a log that is there already is continued.

    What is damaged at its end, by a crash or by the disk, is moved into a file of its own beside
    it before anything is appended.

    Parameters
    ----------
    path : path
        Usually ends in ``.snnlog``.

    Attributes
    ----------
    damage : Damage or None
        What was found at the end of the file.
    aside : Path or None
        Where it lies now.

    Raises
    ------
    StorageError
        The file cannot be written, or another session writes it.
    FormatError
        The file is no log.

    Notes
    -----
    Every method appends its record as a whole or raises `StorageError` and appends none of it, so
    that it may be called again when there is room.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.damage: Damage | None = None
        self.aside: Path | None = None
        self._layout: Layout | None = None
        self._t_stop = 0
        self._named: set[str] = set()
        self._lock = threading.Lock()
        self._file = GrowingFile(self.path)
        try:
            self._n_records, self.n_runs = self._continue()
        except BaseException:
            self._file.close()
            raise

    def _continue(self) -> tuple[int, int]:
        """Go behind the last sound record; return the numbers of records and of runs."""
        file = ReadFile(self.path)
        try:
            index = Index(file, f"File '{self.path}'", verify=True)
            if index.damage is not None:
                self.damage = index.damage
                self.aside = self._put_aside(file, index.damage)
        finally:
            file.close()
        if self.damage is not None:
            self._file.cut(index.end)
        if index.end == 0:
            self._file.append(MAGIC)
        return index.n_records, max((s.run + 1 for s in index.sections), default=0)

    def _put_aside(self, file: ReadFile, damage: Damage) -> Path:
        """Copy what will be cut off, in pieces."""
        aside = self.path.with_name(f"{self.path.name}.damaged-{damage.offset}")
        k = 1
        while aside.exists():
            k += 1
            aside = self.path.with_name(f"{self.path.name}.damaged-{damage.offset}-{k}")
        try:
            _copy_tail(file, damage.offset, aside)
        except OSError as error:
            raise StorageError(
                f"File '{aside}'",
                f"must have room for the {damage.n_bytes} damaged bytes of '{self.path}'",
                got=error.strerror or str(error),
                remedy="Make room on the disk, or name another file.",
            ) from error
        return aside

    @property
    def n_bytes(self) -> int:
        """Length of the file."""
        return self._file.size

    def section(
        self,
        cause: str,
        step: int,
        *,
        network: str,
        layout: Layout,
        provenance: Mapping[str, str],
    ) -> None:
        """Begin a section: frames that follow have this layout and start at `step`.

        Parameters
        ----------
        cause : str
            ``"start"`` and ``"reset"`` begin a new run, ``"structure"`` and ``"cleared"`` do not.
        step : int
        network : str
            The network now, as native JSON.
        layout : Layout
            Of that network.
        provenance : mapping
            Text attributes of a data set, see `snnlab.record.provenance.describe`.
        """
        run = self.n_runs + (cause in ("start", "reset")) - 1
        meta = {
            "cause": cause,
            "run": run,
            "step": int(step),
            "network": network,
            "layout": layout.to_data(),
            "provenance": dict(provenance),
        }
        self._append(Kind.SECTION, meta)
        self._layout, self._t_stop, self.n_runs = layout, int(step), run + 1
        self._named = set()

    def frame(self, frame: Frame) -> None:
        """Append the next frame; it starts where the last one stopped.

        Before the first one that samples synapses, a record is appended that names them.
        """
        if self._layout is None or frame.t_start != self._t_stop:
            raise StateError(
                "LogWriter.frame",
                f"must follow what was appended last, at step {self._t_stop}",
                got=f"step {frame.t_start}",
                remedy="Begin a section where time goes back or leaps.",
            )
        for name, samples in frame.samples.items():
            if samples.synapses is not None and name not in self._named:
                self._append(Kind.SYNAPSES, *encode_synapses(name, samples.synapses))
                self._named.add(name)
        meta, parts = encode_frame(frame, self._layout)
        self._append(Kind.FRAME, meta, parts)
        self._t_stop = int(frame.t_stop)

    def rewind(self, step: int, section: int, layout: Layout, n_edits: int) -> None:
        """Append that the run went back: what was recorded from `step` on is void.

        Parameters
        ----------
        step : int
            Where a frame of that section begins or ends.
        section : int
            The section, counted from the first one in the log, in which the run goes on.
        layout : Layout
            Of that section.
        n_edits : int
            How many edits of the run remain.
        """
        self._append(Kind.REWIND, {"step": int(step), "section": section, "edits": n_edits})
        self._layout, self._t_stop = layout, int(step)
        self._named = set()  # whether that section names them already is not known here

    def edit(self, step: int, edit: Mapping[str, Any]) -> int:
        """Append an edit before it takes effect at `step`; return the number of its record."""
        return self._append(Kind.EDIT, {"step": int(step), "edit": edit})

    def refusal(self, record: int) -> None:
        """Append that the edit with this record number did not take effect after all."""
        self._append(Kind.REFUSAL, {"record": record})

    def message(self, time: float, level: str, text: str) -> None:
        """Append what the session has to say."""
        self._append(Kind.MESSAGE, {"time": time, "level": level, "text": text})

    def sync(self) -> None:
        """Force everything onto the disk."""
        self._file.sync()

    def sync_if_due(self) -> None:
        """Force everything onto the disk, unless that was done half a second ago or less."""
        self._file.sync_if_due()

    def close(self) -> None:
        """Say that nothing more will come, and close the file; closing twice is allowed.

        Raises
        ------
        StorageError
            There is no room for the mark; everything before it is there, and the file is closed.
        """
        if self._layout is None:
            self._file.close()
            return
        try:
            self._append(Kind.END, {})
            self._file.sync()
        finally:
            self._layout = None
            self._file.close()

    def _append(self, kind: Kind, meta: dict[str, Any], parts: list[bytes] | None = None) -> int:
        with self._lock:
            number = self._n_records
            self._file.append(encode(kind, number, meta, parts or ()))
            self._n_records += 1
        return number


def _copy_tail(file: ReadFile, offset: int, path: Path) -> None:
    with path.open("xb") as copy:
        while piece := file.read_at(offset, 2**20):
            copy.write(piece)
            offset += len(piece)
        copy.flush()
        os.fsync(copy.fileno())
