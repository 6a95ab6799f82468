"""A log of a megabyte, cut off at every byte or with any bit wrong, gives what stands before.

Every byte with ``--thorough``, otherwise one in 100.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from snnlab.record.log import framing
from snnlab.record.log.reader import FrameLog
from tests.logs import LARGE_BYTES, same_frames, told, write_large
from tests.properties.original_log import Original, check_flip, frames_of

STRIDE = 100
N_FLIPS = 1000
WHOLE = 997
"""One in so many truncations is compared to the last number; the others by what they tell."""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    original = Original(tmp_path_factory.mktemp("original"), write_large)
    assert LARGE_BYTES < len(original.data) < 1.1 * LARGE_BYTES
    return original


@pytest.fixture
def damaged(original: Original, tmp_path: Path) -> Path:
    return shutil.copy(original.path, tmp_path / "damaged.snnlog")


def check_truncated(original: Original, path: Path, n: int) -> None:
    """Whether the first `n` bytes tell all that stands in them whole, and name what does not."""
    end = original.sound_end(n)
    with FrameLog(path) as log:
        assert sum(map(len, log.sections)) == len(original.frames_before(n))
        assert told(log) == original.told[end]
        assert not log.is_finished
        assert (log.damage is None) == (end == n)
        if log.damage is not None:
            assert (log.damage.offset, log.damage.n_bytes) == (end, n - end)
            assert log.damage.record == (original.ends.index(end) if end else 0)
        if n % WHOLE == 0:
            assert same_frames(frames_of(log), original.frames_before(n))


@pytest.mark.rounds(1, STRIDE)
def test_every_truncation_gives_what_stands_before_it(
    original: Original, damaged: Path, part: int
) -> None:
    for n in range(len(original.data) - 1 - part, -1, -STRIDE):
        os.truncate(damaged, n)
        check_truncated(original, damaged, n)


def test_truncations_next_to_where_records_end(original: Original, damaged: Path) -> None:
    around = {end + k for end in original.ends for k in (-1, 0, 1, framing.HEADER_BYTES)}
    for n in sorted(around, reverse=True):
        if n < len(original.data):
            os.truncate(damaged, n)
            check_truncated(original, damaged, n)


def test_flipped_bits_are_found(original: Original, damaged: Path) -> None:
    chance = random.Random(1)
    for _ in range(N_FLIPS):
        at, bit = chance.randrange(len(original.data)), chance.randrange(8)
        check_flip(original, damaged, at, bit)


def test_these_tests_bite(
    original: Original, damaged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that believes every length is caught."""
    n = original.frame_ends[3] - 8
    os.truncate(damaged, n)
    check_truncated(original, damaged, n)
    monkeypatch.setattr(FrameLog, "damage", None)
    with pytest.raises(AssertionError):
        check_truncated(original, damaged, n)
