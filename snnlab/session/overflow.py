"""Where a recording goes on when memory is full: a log that lives as long as the session."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from pathlib import Path

from snnlab.errors import StorageError
from snnlab.record.log.file import SUFFIX
from snnlab.record.log.writer import LogWriter
from snnlab.rules.cache import cache_directory
from snnlab.session.logged import ComputedBy, LoggedRecording, Run
from snnlab.session.recording import Recording

__all__ = ["folder", "in_temporary_file"]

_LARGEST_SHARE = 0.5
"""Of the disk that is free: nobody has asked for this file, so it must not fill the disk."""

_KEPT_S = 7 * 24 * 3600
"""How long [s] what a killed process left behind can still be found."""


def folder() -> Path:
    """Return the folder of temporary logs: on a disk, where ``/tmp`` may be memory."""
    return cache_directory() / "recordings"


def in_temporary_file(recording: Recording, computed_by: ComputedBy, run: Run) -> LoggedRecording:
    """Return a recording on disk that holds what `recording` holds.

    Parameters
    ----------
    recording : Recording
    computed_by, run : callable
        See `snnlab.session.logged.ComputedBy` and `snnlab.session.logged.Run`.

    Raises
    ------
    StorageError
        The folder cannot be written, or there is no room.
    FormatError
        A network or an edit that files have no form for.
    """
    where = folder()
    try:
        where.mkdir(parents=True, exist_ok=True)
        _sweep(where)
    except OSError as error:
        raise StorageError(
            f"Folder '{where}'",
            "must be a folder that can be written",
            got=error.strerror or str(error),
            remedy="Set SNNLAB_CACHE_DIR to a folder with room.",
        ) from error
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}-{uuid.uuid4().hex[:6]}{SUFFIX}"
    limit = int(_LARGEST_SHARE * shutil.disk_usage(where).free)
    writer = LogWriter(where / name)
    log = LoggedRecording(writer, computed_by, run, is_temporary=True, limit_bytes=limit)
    log.adopt(recording.sections)
    return log


def _sweep(where: Path) -> None:
    """Remove what processes that were killed have left behind long ago."""
    for path in where.glob(f"*{SUFFIX}"):
        if time.time() - path.stat().st_mtime > _KEPT_S:
            path.unlink(missing_ok=True)
