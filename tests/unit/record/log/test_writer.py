"""Writing a log: what is refused, one writer, and a disk without room."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from snnlab.errors import FormatError, StateError, StorageError
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter
from tests.logs import begin, frame, same_frames, write_small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


def test_a_log_has_one_writer(path: Path) -> None:
    writer = LogWriter(path)
    with pytest.raises(StorageError, match="must have one writer"):
        LogWriter(path)
    writer.close()
    LogWriter(path).close()


@pytest.mark.parametrize("place", ["folder", "no/folder/run.snnlog"])
def test_what_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="must be a file that can be written"):
        LogWriter(tmp_path / place)


def test_another_file_stays_as_it_is(path: Path) -> None:
    path.write_bytes(b"something else altogether")
    with pytest.raises(FormatError, match="must be a log that snnlab wrote"):
        LogWriter(path)
    assert path.read_bytes() == b"something else altogether"


def test_a_log_of_another_format_stays_as_it_is(path: Path) -> None:
    write_small(path)
    data = path.read_bytes().replace(b"0001\n", b"0002\n", 1)
    path.write_bytes(data)
    with pytest.raises(FormatError, match="must be a log of format 1 \\(got format 0002\\)"):
        LogWriter(path)
    assert path.read_bytes() == data


def test_frames_have_to_follow_each_other(path: Path) -> None:
    writer = LogWriter(path)
    with pytest.raises(StateError, match="must follow"):
        writer.frame(frame(0, 10))
    begin(writer)
    writer.frame(frame(0, 10))
    for start in (0, 11):
        with pytest.raises(StateError, match=f"at step 10 \\(got step {start}\\)"):
            writer.frame(frame(start, 20))
    writer.frame(frame(10, 20))


def no_room(after: int, error: int):
    """A `pwrite` that takes `after` bytes more, then as many as fit, then none."""
    write, left = os.pwrite, [after]

    def pwrite(fd: int, data: memoryview, offset: int) -> int:
        n = min(left[0], len(data))
        if n == 0:
            raise OSError(error, os.strerror(error))
        left[0] -= n
        return write(fd, data[:n], offset)

    return pwrite


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_a_record_that_does_not_fit_leaves_no_trace(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    writer = LogWriter(path)
    begin(writer)
    writer.frame(frame(0, 30))
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", no_room(100, error))
        with pytest.raises(StorageError, match=r"must have room for \d+ more bytes") as caught:
            writer.frame(frame(30, 60))
        assert caught.value.got == os.strerror(error)
        assert path.read_bytes() == before
    writer.frame(frame(30, 60))
    writer.close()
    with FrameLog(path, verify=True) as log:
        assert same_frames(log.section(), [frame(0, 30), frame(30, 60)])
        assert log.damage is None


def test_short_writes_are_continued(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system may take fewer bytes than it is given."""
    write = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: write(fd, data[:97], at))
    frames = write_small(path)
    with FrameLog(path, verify=True) as log:
        assert same_frames(log.section(), frames)


def test_damage_is_put_aside_once_for_each_time(path: Path) -> None:
    write_small(path)
    data = path.read_bytes()
    for _ in range(2):
        path.write_bytes(data[:-3])
        writer = LogWriter(path)
        assert writer.damage is not None
        writer.close()
    names = sorted(p.name for p in path.parent.iterdir())
    assert names[1:] == [f"run.snnlog.damaged-{writer.damage.offset}{k}" for k in ("", "-2")]
