"""Which synapses a recorder samples: written once, before the first frame that samples them."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.errors import StorageError
from snnlab.frames.synapse_ids import SynapseIds, same_synapses
from snnlab.record.layout import Layout
from snnlab.record.log.framing import Damaged, Kind, Record
from snnlab.record.log.index import SectionIndex
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.synapses import decode, encode, told_of
from snnlab.record.log.writer import LogWriter
from tests.logs import NETWORK, SYNAPSES, begin, frame, same_frames

LAYOUT = Layout.of(NETWORK)


def record(kind: Kind, meta: dict[str, Any], n_bytes: int) -> Record:
    """A record as if it had been read."""
    return Record(0, kind, 0, meta, 0, n_bytes, 0)


@pytest.mark.parametrize("n", [0, 1, 5, 300])
@pytest.mark.parametrize("largest", [200, 60_000, 2**31 - 1])
def test_synapses_come_back(n: int, largest: int) -> None:
    ids = SynapseIds(*(np.random.default_rng(n).integers(0, largest + 1, (3, n))))
    meta, parts = encode("weights", ids)
    body = b"".join(parts)
    written = record(Kind.SYNAPSES, meta, len(body))
    assert told_of(written, LAYOUT) == ("weights", n)
    assert same_synapses(decode(written, body), ids)


@pytest.mark.parametrize(
    "change",
    [
        {"recorder": "trace"},
        {"recorder": "none"},
        {"recorder": []},
        {"n": 3},
        {"n": -4},
        {"n": 4.0},
        {"n": None},
        {"types": ["|u1", "|u1"]},
        {"types": ["|u1", "|u1", "|O"]},
        {"types": 5},
    ],
    ids=str,
)
def test_what_names_no_synapses_is_damaged(change: dict[str, Any]) -> None:
    meta, parts = encode("weights", SYNAPSES)
    if change.get("n") == 3:  # as many padded bytes, of other synapses than the frames'
        section = SectionIndex("start", 0, 0, "", {}, LAYOUT)
        section.name_synapses(record(Kind.SYNAPSES, meta, 24))
        section.samples["weights"].append(2)
        with pytest.raises(Damaged, match="names 3 synapses in place of 4"):
            section.name_synapses(record(Kind.SYNAPSES, meta | change, 24))
        return
    with pytest.raises(Damaged, match="names"):
        told_of(record(Kind.SYNAPSES, meta | change, sum(map(len, parts))), LAYOUT)


def n_named(path: Path) -> int:
    """How often a log names synapses."""
    return path.read_bytes().count(b'{"recorder":"weights"')


def test_they_are_named_once_in_a_section_and_again_after_going_back(tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    writer = LogWriter(path)
    begin(writer)
    frames = [frame(0, 20), frame(20, 40), frame(40, 60)]
    for one in frames:
        writer.frame(one)
    assert n_named(path) == 1
    writer.rewind(20, 0, LAYOUT, 0)
    for one in frames[1:]:
        writer.frame(one)
    assert n_named(path) == 2
    begin(writer, "cleared", 60)
    writer.frame(frame(60, 70))
    assert n_named(path) == 3
    with FrameLog(path, verify=True) as log:
        assert log.damage is None
        assert same_frames(log.sections[0], frames)
        assert same_frames(log.sections[1], [frame(60, 70)])


def test_a_disk_that_is_full_in_between_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.snnlog"
    writer = LogWriter(path)
    begin(writer)
    pwrite, left = os.pwrite, [1]

    def one_more(fd: int, data: bytes, offset: int) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", one_more)
    with pytest.raises(StorageError, match="must have room"):
        writer.frame(frame(0, 20))
    left[0] = 9
    writer.frame(frame(0, 20))
    assert n_named(path) == 1
    with FrameLog(path, verify=True) as log:
        assert same_frames(log.section(), [frame(0, 20)])


def test_a_frame_of_synapses_that_nothing_names_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.snnlog"
    writer = LogWriter(path)
    begin(writer)
    writer._named = {"weights"}
    writer.frame(frame(0, 20))
    with FrameLog(path) as log:
        assert "samples 4 synapses that no record before it names" in str(log.damage)
        assert len(log.section()) == 0
