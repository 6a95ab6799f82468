"""Structural events in a log: read as they were written, old logs read on, damage found."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab.errors import FormatError, SpecError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.structure import StructuralEvents
from snnlab.record.layout import Layout
from snnlab.record.log.frames import decode, encode, extent_of
from snnlab.record.log.framing import Damaged, Kind, Record
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter
from tests.logs import NETWORK, begin, events, frame, same_frame, same_frames

LAYOUT = Layout.of(NETWORK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


def same(a: StructuralEvents, b: StructuralEvents) -> bool:
    return all(
        x.dtype == y.dtype and np.array_equal(x, y)
        for x, y in zip(a.columns, b.columns, strict=True)
    )


def record(change: dict[str, Any] | None = None) -> tuple[Record, bytes]:
    """The record of a frame as if it had been read."""
    meta, parts = encode(frame(0, 40), LAYOUT)
    body = b"".join(parts)
    return Record(0, Kind.FRAME, 0, meta | (change or {}), 0, len(body), 0), body


def write(path: Path, edges: list[int]) -> StructuralEvents:
    """Write frames between given steps; return their events."""
    writer = LogWriter(path)
    begin(writer, step=edges[0])
    for a, b in pairwise(edges):
        writer.frame(frame(a, b))
    writer.close()
    return events(edges[0], edges[-1])


def test_a_frame_comes_back_with_its_events() -> None:
    written, body = record()
    assert extent_of(written, LAYOUT).n_events == len(events(0, 40)) > 5
    assert same(decode(written, body, LAYOUT).structure, events(0, 40))


def test_large_steps_and_ids_come_back() -> None:
    steps = np.array([10**12, 10**12 + 10**10])
    ids = np.array([0, 2**40])
    told = StructuralEvents(
        steps, np.array([0, 1], np.int16), np.array([False, True]), ids, ids[::-1].copy()
    )
    nothing = np.empty(0, np.int64)
    whole = Frame(
        10**12, 10**12 + 2 * 10**10, 0.1, nothing, nothing, np.zeros(2, np.int64), structure=told
    )
    meta, parts = encode(whole, LAYOUT)
    body = b"".join(parts)
    assert same_frame(decode(Record(0, Kind.FRAME, 0, meta, 0, len(body), 0), body, LAYOUT), whole)


def test_a_frame_without_events_says_nothing_of_them() -> None:
    meta, _ = encode(frame(0, 3), LAYOUT)
    assert "structure" not in meta


def test_a_layout_without_rewirings_is_as_it_ever_was() -> None:
    bare = Layout.of(NETWORK.replace(rewirings=()))
    assert "rewirings" not in bare.to_data()
    assert Layout.from_data(bare.to_data()) == bare
    assert Layout.from_data(LAYOUT.to_data()) == LAYOUT
    assert [(r.name, r.projection) for r in LAYOUT.rewirings] == [
        ("weak", "inh->exc"), ("lateral", "inh->inh"),
    ]  # fmt: skip


def test_events_take_few_bytes(path: Path) -> None:
    n = len(write(path, [0, 4000]))
    with_events = path.stat().st_size
    bare = path.with_name("bare.snnlog")
    writer = LogWriter(bare)
    begin(writer)
    writer.frame(replace(frame(0, 4000), structure=StructuralEvents.none()))
    writer.close()
    assert (with_events - bare.stat().st_size) / n < 6.2  # 2 for the step, 1 for each other column


@pytest.mark.parametrize(
    "told",
    [
        5, [], [0, []], [-1, ["|u1"] * 5], [3.0, ["|u1"] * 5], [None, []], ["3", []], {"n": 3},
        [14, ["|u1"] * 4], [14, ["|u1"] * 6], [14, ["|u1"] * 4 + ["|O"]], [200, ["|u1"] * 5],
        [10**30, ["|u1"] * 5],
    ],
    ids=str,
)  # fmt: skip
def test_what_tells_of_no_events_is_damaged(told: Any) -> None:
    with pytest.raises(Damaged):
        extent_of(record({"structure": told})[0], LAYOUT)


def test_events_of_a_network_without_rewirings_are_damaged() -> None:
    written, body = record()
    with pytest.raises(Damaged, match="structural events do not fit"):
        extent_of(written, Layout.of(NETWORK.replace(rewirings=())))
    with pytest.raises(Damaged, match="rewiring that is not there"):
        decode(written, body, Layout.of(NETWORK.replace(rewirings=NETWORK.rewirings[:1])))


@pytest.mark.parametrize("rewiring", [None, "weak", "lateral"])
@pytest.mark.parametrize(
    ("t_start", "t_stop"),
    [(None, None), (0.0, 6.0), (0.6, 0.6), (0.6, 0.7), (1.2, 3.0), (-5.0, 99.0), (3.0, None)],
)
def test_events_of_an_interval(
    path: Path, rewiring: str | None, t_start: float | None, t_stop: float | None
) -> None:
    whole = write(path, [0, 6, 6, 7, 30, 31, 60])
    first, last = (d if t is None else round(10 * t) for t, d in ((t_start, 0), (t_stop, 60)))
    expected = whole.at((whole.step >= first) & (whole.step < last))
    if rewiring is not None:
        expected = expected.of(["weak", "lateral"].index(rewiring))
    with snnlab.open_log(path) as log:
        assert same(log.structural_events(rewiring, t_start, t_stop), expected)


def test_any_range_of_events_is_read_from_its_frames(path: Path) -> None:
    whole = write(path, [0, 6, 6, 7, 30, 31, 60])
    with FrameLog(path) as log:
        section = log.section()
        assert section.n_events == len(whole)
        for start in range(len(whole) + 1):
            for stop in range(start, len(whole) + 3):
                assert same(section.event_range(start, stop), whole.at(slice(start, stop)))


def test_an_unknown_rewiring_is_refused(path: Path) -> None:
    write(path, [0, 30])
    with snnlab.open_log(path) as log, pytest.raises(SpecError, match="'weak'"):
        log.structural_events("weka")


def test_going_back_drops_events(path: Path) -> None:
    writer = LogWriter(path)
    begin(writer)
    writer.frame(frame(0, 12))
    writer.frame(frame(12, 60))
    writer.rewind(12, 0, LAYOUT, 0)
    again = frame(12, 40, seed=3)
    writer.frame(again)
    writer.close()
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert log.section().n_events == len(log.structural_events())
        assert same_frames(log.section(), [frame(0, 12), again])
        expected = merged([frame(0, 12), again]).structure
        assert same(log.structural_events(), expected)


def test_a_log_cut_off_within_events_ends_before_their_frame(path: Path) -> None:
    write(path, [0, 20, 60])
    data = path.read_bytes()
    with FrameLog(path) as log:
        record_end = log.section().contents.offsets[1]
    path.write_bytes(data[: record_end + (len(data) - record_end) * 3 // 4])
    with FrameLog(path, verify=True) as log:
        assert log.damage is not None
        assert same(log.section().structural_events(), events(0, 20))
    LogWriter(path).close()
    with FrameLog(path, verify=True) as log:
        assert log.damage is None


def test_a_flipped_bit_in_an_event_is_found(path: Path) -> None:
    write(path, [0, 40])
    data = bytearray(path.read_bytes())
    with FrameLog(path) as log:
        frame_at = log.section().contents.offsets[0]
    _, body = record()
    at = data.index(body, frame_at) + len(body) - 8
    data[at] ^= 1
    path.write_bytes(data)
    with FrameLog(path) as log, pytest.raises(FormatError, match="wrong checksum"):
        log.section().structural_events()
