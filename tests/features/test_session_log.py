"""A session on disk: all that a session in memory tells, for good, whatever happens to the disk."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import snnlab
from snnlab.errors import BuildError, StorageError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.interop import native_json
from snnlab.model.edits import AddPopulation, RemovePopulation, SetParameter
from snnlab.model.network import Network, Population
from snnlab.record.log.writer import LogWriter
from snnlab.session import Session, SessionState
from snnlab.session.recording import meaning
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, has_gap, same
from tests.logs import same_frame


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


def run(session: Session, duration: float) -> None:
    """Run and wait."""
    session.run(duration)
    assert session.wait(LIMIT_S)


def whole(frames) -> Frame | None:
    """All frames as one, without what no two runs share."""
    return replace(merged(frames), wall_s=0.0, timings={}) if len(frames) else None


def same_recording(a: Session, b: Session) -> bool:
    """Whether two sessions have recorded the same, section by section."""
    mine, yours = a.recording.sections, b.recording.sections
    assert [meaning(s.network) for s in mine] == [meaning(s.network) for s in yours]
    pairs = [(whole(x.frames), whole(y.frames)) for x, y in zip(mine, yours, strict=True)]
    return all((x is None) == (y is None) and (x is None or same_frame(x, y)) for x, y in pairs)


def test_disk_and_memory_tell_the_same(make_engine, path: Path) -> None:
    with (
        Session(make_engine(balanced()), record=path) as session,
        Session(make_engine(balanced())) as other,
    ):
        for one in (session, other):
            run(one, 30)
            one.set("g", 3).result(LIMIT_S)
            run(one, 30)
        assert same(session.spikes(), other.spikes())
        assert same_recording(session, other)
        data, expected = session.dataset().load(), other.dataset()
        assert data.attrs.pop("date_created") <= expected.attrs.pop("date_created")
        xr.testing.assert_identical(data, expected)
        session.save(path.with_suffix(".nc"))
    # A closed session still knows.
    assert same(session.spikes(), other.spikes())


def test_the_log_repeats_the_run(make_engine, path: Path) -> None:
    with Session(make_engine(balanced()), record=path) as session:
        run(session, 30)
        session.set("g", 3).result(LIMIT_S)
        session.undo().result(LIMIT_S)
        run(session, 30)
        session.set("g", 6).result(LIMIT_S)
        run(session, 30)
    with snnlab.open_log(path) as log:
        assert (log.is_finished, log.damage) == (True, None)
        assert log.network == balanced()
        assert same(log.spikes(), session.spikes())
        with Session(make_engine(log.network)) as again:
            for step, edit in log.edits:
                again.run_until(step * again.dt).wait(LIMIT_S)
                again.apply(edit).result(LIMIT_S)
            again.run_until(90).wait(LIMIT_S)
            assert same(log.spikes(), again.spikes())


def test_messages_are_kept(path: Path) -> None:
    with Session(ReferenceEngine(balanced()), record=path) as session:
        session.messages.warning("look here")
        run(session, 10)
    with snnlab.open_log(path) as log:
        assert ("warning", "look here") in [(m.level, m.text) for m in log.messages]


OPERATIONS = st.sampled_from(
    ["run", "run", "run", "g", "add", "remove", "undo", "redo", "reset", "clear", "rewind", "half"]
)


def operate(session: Session, operation: str, k: int) -> None:
    """Do one thing; what is not possible now is left out, in the same way for all."""
    names = [p.name for p in session.network.populations]
    match operation:
        case "run":
            run(session, 7.3)
        case "g":
            session.set("g", 3 + k % 5).result(LIMIT_S)
        case "add":
            session.apply(AddPopulation(Population(f"new{k}", 3, "LIFDelta"))).result(LIMIT_S)
        case "remove" if len(names) > 2:
            session.apply(RemovePopulation(names[-1])).result(LIMIT_S)
        case "undo" if session.history.can_undo:
            session.undo().result(LIMIT_S)
        case "redo" if session.history.can_redo:
            session.redo().result(LIMIT_S)
        case "reset":
            session.reset()
        case "clear":
            session.clear_recording()
        case "rewind":
            session.rewind(0.0)
        case "half":
            session.rewind(session.step // 2 * session.dt)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations=st.lists(OPERATIONS, max_size=12))
def test_whatever_is_done_disk_and_memory_tell_the_same(operations: list[str], path: Path) -> None:
    path.unlink(missing_ok=True)
    network = balanced(8, 2)
    with (
        Session(ReferenceEngine(network), record=path) as session,
        Session(ReferenceEngine(network)) as other,
    ):
        for k, operation in enumerate(operations):
            for one in (session, other):
                operate(one, operation, k)
        run(session, 2)
        run(other, 2)
        assert session.step == other.step
        assert same_recording(session, other)
        spikes, edits = other.spikes(), [(a.step, a.edit) for a in other._simulation.editor.log]
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert all(np.array_equal(a, b) for a, b in zip(log.spikes(), spikes, strict=True))
        assert [(at.step, at.edit) for at in log.edits] == edits
        assert native_json.loads(log.section().contents.network).populations == (
            network_of(log.network, log.edits).populations
        )


def network_of(network: Network, edits) -> Network:
    """The network after its edits."""
    for at in edits:
        network = at.edit.apply(network)
    return network


def test_a_run_is_added_to_a_log_that_is_there(path: Path) -> None:
    for g in (3, 4):
        with Session(ReferenceEngine(balanced()), record=path) as session:
            session.set("g", g).result(LIMIT_S)
            run(session, 10 * g)
    with snnlab.open_log(path) as log:
        assert [(s.contents.run, s.t_stop) for s in log.sections] == [(0, 300), (1, 400)]
        assert [at.edit.value for at in log.edits] == [4]
        assert same(log.spikes(), session.spikes())


def test_damage_is_put_aside_and_told(path: Path) -> None:
    with Session(ReferenceEngine(balanced()), record=path) as session:
        run(session, 30)
    path.write_bytes(path.read_bytes()[:-10])
    with Session(ReferenceEngine(balanced()), record=path) as session:
        text = next(iter(session.messages)).text
        assert f"'{path}' was damaged: record" in text
        assert f"'{path}.damaged-" in text
        run(session, 10)
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None


class Refusing(ReferenceEngine):
    """Takes no edit."""

    def apply(self, network: Network) -> None:
        raise BuildError("network", "must stay as it is", got="an edit")


def test_an_edit_that_is_refused_is_not_told(path: Path) -> None:
    with Session(Refusing(balanced()), record=path) as session:
        run(session, 10)
        with pytest.raises(BuildError):
            session.set("g", 3).result(LIMIT_S)
        run(session, 10)
    with snnlab.open_log(path) as log:
        assert log.edits == ()
        assert log.n_records > 4  # it was there, and so was its refusal
    assert session.network.knob_values["g"] == 5


class Watching(ReferenceEngine):
    """Looks into the log when it is given an edit."""

    path: Path
    seen: list[int]

    def apply(self, network: Network) -> None:
        with snnlab.open_log(self.path) as log:
            self.seen.append(len(log.edits))
        super().apply(network)


def test_an_edit_is_on_disk_before_it_takes_effect(path: Path) -> None:
    engine = Watching(balanced())
    engine.path, engine.seen = path, []
    with Session(engine, record=path) as session:
        run(session, 10)
        session.set("g", 3).result(LIMIT_S)
        run(session, 10)
        session.undo().result(LIMIT_S)
    assert engine.seen == [1, 2]


def test_one_session_writes_a_log(path: Path) -> None:
    with (
        Session(ReferenceEngine(balanced()), record=path),
        pytest.raises(StorageError, match="must have one writer"),
    ):
        Session(ReferenceEngine(balanced()), record=path)
    Session(ReferenceEngine(balanced()), record=path).close()


# --- a disk without room --------------------------------------------------------------------------


class Disk:
    """Takes what it is given until it is full."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 2**40
        self._write = os.pwrite
        monkeypatch.setattr(os, "pwrite", self.pwrite)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        """Write what there is room for."""
        n = min(self.left, len(data))
        if n == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= n
        return self._write(fd, data[:n], offset)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def fill(session: Session, disk: Disk) -> None:
    """Run until the disk is full."""
    run(session, 20)
    disk.left = 3000
    session.run()
    assert session.wait(LIMIT_S)
    assert session.state is SessionState.PAUSED


def test_a_full_disk_pauses_and_nothing_is_lost_or_doubled(
    make_engine: Callable[[Network], object], path: Path, disk: Disk
) -> None:
    frames: list[Frame] = []
    with (
        Session(make_engine(balanced()), record=path) as session,
        Session(make_engine(balanced())) as other,
    ):
        reader = session.subscribe(frames.append, lossless=True)
        fill(session, disk)
        told = [m for m in session.messages if m.level == "error"]
        assert len(told) == 1
        assert "Paused at t = " in told[0].text
        assert "bytes (got No space left on device)" in told[0].text
        with pytest.raises(StorageError, match=r"must have room for \d+ more bytes"):
            session.run()
        with pytest.raises(StorageError, match="No space left"):
            session.set("g", 3).result(LIMIT_S)
        assert session.network.knob_values["g"] == 5
        disk.left = 2**40
        run(session, 20)
        session.set("g", 3).result(LIMIT_S)
        run(session, 20)
        run(other, session.t - 20)
        other.set("g", 3).result(LIMIT_S)
        run(other, 20)
        assert same(session.spikes(), other.spikes())
        assert not has_gap(frames)
        assert frames[-1].t_stop == session.step
        assert not reader.is_closed
    with snnlab.open_log(path, verify=True) as log:
        assert same(log.spikes(), other.spikes())
        assert [at.edit for at in log.edits] == [SetParameter("", "g", 3)]


def test_closing_on_a_full_disk_says_what_is_lost(path: Path, disk: Disk) -> None:
    session = Session(ReferenceEngine(balanced()), record=path)
    fill(session, disk)
    with pytest.raises(StorageError, match="No space left"):
        session.close()
    disk.left = 2**40
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert 200 <= log.section().t_stop < session.step


@pytest.mark.parametrize("way", ["reset", "clear", "rewind"])
def test_after_a_full_disk_every_way_out_is_open(path: Path, disk: Disk, way: str) -> None:
    with Session(ReferenceEngine(balanced()), record=path) as session:
        fill(session, disk)
        if way == "rewind":
            with pytest.raises(StorageError):
                session.rewind(1.0)
            disk.left = 2**40
            session.rewind(1.0)
        elif way == "reset":
            session.reset()
        else:
            session.clear_recording()
        disk.left = 2**40
        run(session, 10)
        assert session.recording.frames[-1].t_stop == session.step
        assert not has_gap(list(session.recording.frames))
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None


def test_no_room_from_the_beginning(path: Path, disk: Disk) -> None:
    disk.left = 10
    with pytest.raises(StorageError, match="must have room"):
        snnlab.open(balanced(), record=path)
    disk.left = 2**40
    LogWriter(path).close()
