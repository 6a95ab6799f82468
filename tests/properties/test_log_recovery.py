"""A log that was cut off or damaged anywhere gives all that stands before, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.errors import FormatError
from snnlab.frames.frame import Frame
from snnlab.record.log import framing, index
from snnlab.record.log.file import ReadFile
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter
from tests.logs import begin, frame, same_frames, told, write_small


class Original:
    """An undamaged log, where its records end, and what it tells."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "original.snnlog"
        self.frames = write_small(self.path)
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


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("original"))


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "damaged.snnlog"


def frames_of(log: FrameLog) -> list[Frame]:
    return [frame for section in log.sections for frame in section]


def test_every_truncation_gives_what_stands_before_it(original: Original, damaged: Path) -> None:
    for n in range(len(original.data)):
        damaged.write_bytes(original.data[:n])
        with FrameLog(damaged) as log:
            assert same_frames(frames_of(log), original.frames_before(n)), n
            end = original.sound_end(n)
            assert told(log) == original.told[end]
            assert (log.damage is None) == (end == n)
            if log.damage is not None:
                assert (log.damage.offset, log.damage.n_bytes) == (end, n - end)
                assert log.damage.record == max(original.ends.index(end) if end else 0, 0)
            assert not log.is_finished


def test_every_truncation_can_be_continued(original: Original, damaged: Path) -> None:
    for n in range(0, len(original.data), 7):
        damaged.write_bytes(original.data[:n])
        writer = LogWriter(damaged)
        tail = original.data[original.sound_end(n) : n]
        assert (writer.damage is None) == (tail == b"")
        if writer.aside is not None:
            assert writer.aside.read_bytes() == tail
            writer.aside.unlink()
        begin(writer, step=60)
        writer.frame(frame(60, 70))
        writer.close()
        with FrameLog(damaged, verify=True) as log:
            assert log.damage is None
            assert log.is_finished
            assert same_frames(frames_of(log), [*original.frames_before(n), frame(60, 70)])


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


@settings(max_examples=1000)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(original: Original, damaged: Path, place: float, bit: int) -> None:
    check_flip(original, damaged, int(place * len(original.data)), bit)


@settings(max_examples=300)
@given(
    place=st.floats(0, 1, exclude_max=True),
    junk=st.binary(min_size=1, max_size=200),
    extend=st.booleans(),
)
def test_overwritten_bytes_are_found(
    original: Original, damaged: Path, place: float, junk: bytes, extend: bool
) -> None:
    """As above for whole pieces, which may reach beyond the end."""
    at = max(int(place * len(original.data)), len(framing.MAGIC))
    data = bytearray(original.data)
    data[at : at + len(junk)] = junk if extend else junk[: len(data) - at]
    differs = [k for k, byte in enumerate(data) if original.data[k : k + 1] != bytes([byte])]
    damaged.write_bytes(data)
    with FrameLog(damaged, verify=True) as log:
        if not differs:
            assert log.damage is None
            return
        end = original.sound_end(differs[0])
        assert log.damage is not None
        assert log.damage.offset == end
        assert same_frames(frames_of(log), original.frames_before(differs[0]))


@pytest.mark.parametrize("change", ["doubled", "missing", "swapped", "zeros"])
def test_records_out_of_place_are_found(original: Original, damaged: Path, change: str) -> None:
    """Each is sound on its own; only their numbers tell."""
    a, b, c = original.ends[2], original.ends[3], original.ends[4]
    data = original.data
    pieces = {
        "doubled": (data[:b] + data[a:b] + data[b:], b),
        "missing": (data[:a] + data[b:], a),
        "swapped": (data[:a] + data[b:c] + data[a:b] + data[c:], a),
        "zeros": (data[:b] + bytes(4096), b),
    }
    changed, end = pieces[change]
    damaged.write_bytes(changed)
    with FrameLog(damaged, verify=True) as log:
        assert log.damage is not None
        assert log.damage.offset == end
        assert same_frames(frames_of(log), original.frames_before(end))


def test_a_damaged_frame_is_found_when_it_is_read(original: Original, damaged: Path) -> None:
    """Without reading all data at once."""
    data = bytearray(original.data)
    data[original.frame_ends[2] - 1] ^= 1
    damaged.write_bytes(data)
    with FrameLog(damaged) as log:
        assert log.damage is None
        assert same_frames(log.section()[:2], original.frames[:2])
        start = original.ends[original.ends.index(original.frame_ends[2]) - 1]
        with pytest.raises(FormatError, match=f"record 8 at byte {start} that has data with a"):
            log.section().spikes()
        damage = log.verify()
        assert damage is not None
        assert damage.record == 8
        assert same_frames(frames_of(log), original.frames[:2])


def test_these_tests_bite(
    original: Original, damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that looks at no checksum of data is caught by the check above."""
    in_data = original.frame_ends[0] - 9
    check_flip(original, damaged, in_data, 0)
    monkeypatch.setattr(index, "body_of", lambda *_: b"")
    with pytest.raises(AssertionError):
        check_flip(original, damaged, in_data, 0)
