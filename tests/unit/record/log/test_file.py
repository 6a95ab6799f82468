"""A growing file is forced onto the disk often, but costs little where the disk is slow."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from snnlab.record.log.file import LARGEST_SHARE, SYNC_S, GrowingFile


class Clock:
    """Time that passes when it is told to, and at every sync."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, sync_s: float) -> None:
        self.now, self.sync_s, self.synced = 0.0, sync_s, 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(os, "fsync", self._fsync)

    def _fsync(self, _fd: int) -> None:
        self.now += self.sync_s
        self.synced += self.sync_s


def run(path: Path, clock: Clock, duration: float) -> tuple[float, float]:
    """Append 25 times a second; return the share of the time and the longest time unsynced [s]."""
    file, longest = GrowingFile(path), 0.0
    clock.synced = 0.0
    began = last = clock.now
    while clock.now < began + duration:
        clock.now += 0.04
        file.append(b"frame")
        before = clock.synced
        file.sync_if_due()
        if clock.synced > before:
            last = clock.now
        longest = max(longest, clock.now - last)
    file.close()
    return clock.synced / duration, longest


@pytest.mark.parametrize("sync_s", [0.001, 0.008, 0.014])
def test_a_fast_disk_is_never_far_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync_s: float
) -> None:
    share, longest = run(tmp_path / "a", Clock(monkeypatch, sync_s), 100.0)
    assert longest <= SYNC_S + 0.05
    assert share < LARGEST_SHARE


@pytest.mark.parametrize("sync_s", [0.1, 1.0])
def test_a_slow_disk_takes_a_small_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sync_s: float
) -> None:
    share, longest = run(tmp_path / "a", Clock(monkeypatch, sync_s), 1000.0)
    assert 0.9 * LARGEST_SHARE < share < 1.05 * LARGEST_SHARE
    assert longest < sync_s / LARGEST_SHARE + 0.05
