"""A log that is whole, and what a damaged copy of it must tell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from snnlab.errors import FormatError
from snnlab.frames.frame import Frame
from snnlab.record.log import framing
from snnlab.record.log.file import ReadFile
from snnlab.record.log.reader import FrameLog
from tests.logs import same_frames, told


class Original:
    """An undamaged log, where its records end, and what it tells."""

    def __init__(self, folder: Path, write: Callable[[Path], list[Frame]]) -> None:
        self.path = folder / "original.snnlog"
        self.frames = write(self.path)
        self.data = self.path.read_bytes()
        self.ends, self.frame_ends = self._ends()
        self.told = {end: self._told_until(end, folder / "piece.snnlog") for end in self.ends}
        self.told[0] = []

    def _told_until(self, end: int, path: Path) -> list[object]:
        """What the undamaged records up to a byte tell."""
        path.write_bytes(self.data[:end])
        with FrameLog(path, verify=True) as log:
            return told(log)

    def _ends(self) -> tuple[list[int], list[int]]:
        """Ends of all records, and of those that are frames."""
        file, ends, frame_ends = ReadFile(self.path), [len(framing.MAGIC)], []
        while ends[-1] < len(self.data):
            record = framing.record_at(file, ends[-1], len(self.data), len(ends) - 1)
            ends.append(record.end)
            frame_ends += [record.end] * (record.kind is framing.Kind.FRAME)
        file.close()
        return ends, frame_ends

    def frames_before(self, offset: int) -> list[Frame]:
        """The frames that lie wholly before a byte."""
        return self.frames[: sum(end <= offset for end in self.frame_ends)]

    def sound_end(self, offset: int) -> int:
        """Where the last record ends that lies wholly before a byte."""
        return max((end for end in self.ends if end <= offset), default=0)


def frames_of(log: FrameLog) -> list[Frame]:
    """All frames, section by section."""
    return [frame for section in log.sections for frame in section]


def check_flip(original: Original, path: Path, at: int, bit: int) -> None:
    """Flip one bit; whatever is read must have been there, and all before it must be read."""
    data = bytearray(original.data)
    data[at] ^= 1 << bit
    path.write_bytes(data)
    if at < len(framing.MAGIC):
        with pytest.raises(FormatError, match="must be a log"):
            FrameLog(path)
        return
    with FrameLog(path, verify=True) as log:
        assert log.damage is not None
        end = original.sound_end(at)
        assert (log.damage.offset, log.damage.n_bytes) == (end, len(data) - end)
        assert same_frames(frames_of(log), original.frames_before(at))
        assert told(log) == original.told[end]
