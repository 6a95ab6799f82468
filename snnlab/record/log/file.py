"""A file that grows at its end, record by record, or stays as it was."""

from __future__ import annotations

import os
import sys
import time
import weakref
from pathlib import Path

from snnlab.errors import StorageError

__all__ = ["LARGEST_SHARE", "SUFFIX", "SYNC_S", "GrowingFile", "ReadFile"]

SUFFIX = ".snnlog"
"""Of the file of a log."""

SYNC_S = 0.5
"""Wall-clock time [s] between two times that data are forced onto the disk, at least.

Forcing 256 KiB takes about 8 ms, so that is 2 % of the time. A process that is killed loses nothing
that was appended; a machine that loses power loses this much.
"""

LARGEST_SHARE = 0.03
"""Part of the wall-clock time that forcing data onto a slow disk takes, at most."""


class ReadFile:
    """Bytes at any place of a file.

    It reads and does not map: a mapped file that another process shortens kills the reader, and one
    that is larger than the address space cannot be opened.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        # A log that a notebook has forgotten is closed without a word.
        self._close = weakref.finalize(self, os.close, self._fd)

    @property
    def size(self) -> int:
        """Length of the file now [bytes]."""
        return os.fstat(self._fd).st_size

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        """Return up to `n_bytes` from `offset` on; fewer at the end of the file."""
        found = os.pread(self._fd, n_bytes, offset)
        while 0 < len(found) < n_bytes:
            more = os.pread(self._fd, n_bytes - len(found), offset + len(found))
            if not more:
                break
            found += more
        return found

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        self._close()


class GrowingFile:
    """The one writer of a file.

    Parameters
    ----------
    path : Path
        Made if it is not there.

    Raises
    ------
    StorageError
        It cannot be written, or another writer has it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            is_new = not path.exists()
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(
                f"File '{path}'",
                "must be a file that can be written",
                got=error.strerror or str(error),
                remedy="Name a file in a folder that is there and yours.",
            ) from error
        self._lock()
        if is_new:
            _sync_folder(path.parent)
        self.size = os.fstat(self._fd).st_size
        self._synced_at = time.perf_counter()
        self._wait_s = SYNC_S
        self._is_synced = True

    def append(self, data: bytes) -> None:
        """Add `data` at the end as a whole.

        Raises
        ------
        StorageError
            There is no room for it; the file is as it was.
        """
        view, offset = memoryview(data), self.size
        try:
            while view:
                n = os.pwrite(self._fd, view, offset)
                view, offset = view[n:], offset + n
        except OSError as error:
            os.ftruncate(self._fd, self.size)
            raise self._no_room(len(data), error) from error
        self.size += len(data)
        self._is_synced = False

    def sync_if_due(self) -> None:
        """Force data onto the disk, unless that was done less than `SYNC_S` ago.

        Where the disk is slow that is done more seldom, so that it takes `LARGEST_SHARE` at most.
        """
        if time.perf_counter() - self._synced_at >= self._wait_s:
            self.sync()

    def sync(self) -> None:
        """Force what was appended onto the disk."""
        began = time.perf_counter()
        if not self._is_synced:
            os.fsync(self._fd)
            self._is_synced = True
        self._synced_at = time.perf_counter()
        self._wait_s = max(SYNC_S, (self._synced_at - began) / LARGEST_SHARE)

    def cut(self, size: int) -> None:
        """Drop everything from byte `size` on."""
        os.ftruncate(self._fd, size)
        self.size = size
        self._is_synced = False

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        if self._fd >= 0:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise StorageError(
                f"File '{self.path}'",
                "must have one writer",
                got="a file that another session writes",
                remedy="Close that session, or name another file.",
            ) from error

    def _no_room(self, n_bytes: int, error: OSError) -> StorageError:
        return StorageError(
            f"File '{self.path}'",
            f"must have room for {n_bytes} more bytes",
            got=error.strerror or str(error),
            remedy="Nothing is lost. Make room on the disk, then run again.",
        )


def _sync_folder(folder: Path) -> None:
    """Make a new file's name outlive a loss of power."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
