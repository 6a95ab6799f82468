"""The state of a run in a file that is renewed while it runs, so that a crash costs little."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from snnlab.engine import Checkpoint
from snnlab.errors import FormatError, SpecError
from snnlab.session.interval import Interval
from snnlab.session.messages import MessageLog

__all__ = ["EVERY_S", "LARGEST_SHARE", "Autosave", "check_folder"]

EVERY_S = 20.0
"""Wall-clock time of running between two files, at least."""

LARGEST_SHARE = 0.01
"""Part of the running time that copying the state takes, at most; another thread writes it."""

_CLOSE_S = 8.0
_STALE_S = 3600.0


def check_folder(folder: str | Path) -> Path:
    """Return a folder that can be written to; it is made if it is not there.

    Raises
    ------
    SpecError
        It cannot be made, or is a file.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SpecError(
            "autosave", "must be a folder that can be written to", got=f"{folder!s}: {error}",
            remedy="Name another folder.",
        ) from error  # fmt: skip
    return Path(folder)


class Autosave:
    """Writes the newest checkpoint it is given to one file, on a thread of its own.

    What an earlier session left in that file is kept beside it, as ``<name>.previous.checkpoint``:
    running the cell that opens a session once more must not cost the state before a crash.

    Parameters
    ----------
    folder : Path
    name : str
        Of the session; the file is named after it.
    messages : MessageLog
        Learns of what could not be written; the run goes on.

    Attributes
    ----------
    path : Path
        The file: always whole, never more than `EVERY_S` of running behind unless writing fails.
    """

    def __init__(self, folder: Path, name: str, *, messages: MessageLog) -> None:
        from snnlab.interop.checkpoint_file import SUFFIX

        self.path = folder / (re.sub(r"[^\w.+ -]", "_", name) + SUFFIX)
        self.interval = Interval(EVERY_S, LARGEST_SHARE)
        self._messages = messages
        self._waiting: tuple[Checkpoint, str] | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"autosave {name}", daemon=True)
        self._remove_stale()
        self._thread.start()

    def put(self, checkpoint: Checkpoint, device: str) -> None:
        """Write this one, which `device` has computed, soon; one that still waits is left out."""
        with self._changed:
            self._waiting = checkpoint, device
            self._changed.notify_all()

    def close(self) -> None:
        """Write what waits and end the thread; closing twice is allowed."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join(_CLOSE_S)
        if self._thread.is_alive():
            self._messages.warning(f"{self.path} is still being written after {_CLOSE_S:g} s.")

    def _run(self) -> None:
        is_first = True
        while (found := self._next()) is not None:
            self._write(*found, is_first=is_first)
            is_first = False

    def _next(self) -> tuple[Checkpoint, str] | None:
        with self._changed:
            while self._waiting is None and not self._is_closed:
                self._changed.wait(1.0)
            found, self._waiting = self._waiting, None
            return found

    def _write(self, checkpoint: Checkpoint, device: str, *, is_first: bool) -> None:
        from snnlab.interop.checkpoint_file import save_checkpoint

        try:
            if is_first and self.path.exists():
                self._put_aside()
            save_checkpoint(checkpoint, self.path, device=device)
        except (OSError, FormatError, MemoryError) as error:
            t = checkpoint.step * checkpoint.network.dt
            self._messages.error(error, f"The state at t = {t:g} ms is not in {self.path}")

    def _put_aside(self) -> None:
        previous = self.path.with_name(f"{self.path.stem}.previous{self.path.suffix}")
        self.path.replace(previous)
        self._messages.info(f"The state that an earlier session had saved is in {previous} now.")

    def _remove_stale(self) -> None:
        """Remove halves that a killed process left; one that is written now is younger."""
        for half in self.path.parent.glob(f".{self.path.stem}.*.partial{self.path.suffix}"):
            if time.time() - half.stat().st_mtime > _STALE_S:
                half.unlink(missing_ok=True)
