"""A log that was cut off or damaged anywhere gives all that stands before, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.errors import FormatError
from snnlab.record.log import framing, index
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter
from tests.logs import begin, frame, same_frames, told, write_small
from tests.properties.original_log import Original, check_flip, frames_of


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("original"), write_small)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged") / "damaged.snnlog"


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
