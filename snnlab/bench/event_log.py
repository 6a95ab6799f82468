"""What a campaign has done, on disk before it goes on: a kill loses one run at most."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from snnlab.errors import FormatError, StateError

__all__ = ["EventLog", "read_events"]

Event = dict[str, Any]


def read_events(path: Path) -> list[Event]:
    """Return the events of a log, oldest first; a last line that was cut off is left out.

    Raises
    ------
    FormatError
        A line in the middle that is no event.
    """
    found: list[Event] = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        try:
            event = json.loads(line)
        except ValueError as error:
            raise FormatError(
                f"{path}:{number}", "must be an event as JSON", got=str(error)
            ) from error
        found.append(event)
    return found


class EventLog:
    """A file to which events are appended by one process at a time.

    Parameters
    ----------
    path : Path
        Made if it is not there; what it holds is kept.

    Raises
    ------
    StateError
        Another process has it.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = path.open("a+b")
        self._lock()
        self.events = read_events(path)
        self._drop_torn_end()

    def append(self, kind: str, **values: Any) -> Event:
        """Append an event and wait until it is on disk.

        Parameters
        ----------
        kind : str
        **values : object
            As JSON has it.
        """
        event = {"event": kind, **values}
        line = json.dumps(event, allow_nan=False, sort_keys=True) + "\n"
        self._file.write(line.encode())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.events.append(event)
        return event

    def of(self, kind: str) -> list[Event]:
        """Return the events of a kind, oldest first."""
        return [event for event in self.events if event["event"] == kind]

    def close(self) -> None:
        """Let others have the log."""
        self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    def _lock(self) -> None:
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows has no such locks
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise StateError(
                str(self.path), "must not be in use", got="a process that goes on with it",
                remedy="Wait until it is done, or end it.",
            ) from error  # fmt: skip

    def _drop_torn_end(self) -> None:
        """A line that a kill has cut is no event, and must not become part of the next one."""
        whole = self.path.read_bytes().rpartition(b"\n")
        self._file.truncate(len(whole[0]) + len(whole[1]))
