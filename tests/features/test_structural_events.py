"""Synapses that come and go, as a session tells them: in memory, on disk, after going back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import snnlab
from snnlab.batch import simulate
from snnlab.batch.output import output_to
from snnlab.errors import SpecError, StateError
from snnlab.frames.decimate import merged
from snnlab.frames.structure import StructuralEvents
from snnlab.model.edits import AddPopulation
from snnlab.model.network import Population
from snnlab.record import dataset
from snnlab.record.log.reader import LoggedSection
from snnlab.session import Session
from snnlab.session.logged import LoggedRecording
from snnlab.session.recording import Recording, frame_bytes, meaning
from tests.features.rewired_engine import RewiredEngine, events_between, rewired
from tests.features.session_bench import LIMIT_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


@pytest.fixture(params=["memory", "disk"])
def session(request: pytest.FixtureRequest, path: Path):
    """A session that records in memory, or on disk."""
    record: Any = path if request.param == "disk" else True
    with Session(RewiredEngine(rewired()), record=record) as session:
        yield session


def same(a: StructuralEvents, b: StructuralEvents) -> bool:
    return all(
        x.dtype == y.dtype and np.array_equal(x, y)
        for x, y in zip(a.columns, b.columns, strict=True)
    )


def run(session: Session, duration: float) -> None:
    session.run(duration)
    assert session.wait(LIMIT_S)


def test_a_session_tells_them(session: Session) -> None:
    assert len(session.structural_events()) == 0
    run(session, 30)
    run(session, 12.3)
    expected = events_between(0, 423)
    assert len(expected) > 90
    assert same(session.structural_events(), expected)
    assert same(session.structural_events("prune"), expected.of(1))
    assert same(session.structural_events("map"), expected.of(0))
    with pytest.raises(SpecError, match="'prune'"):
        session.structural_events("prunes")


def test_an_unknown_rewiring_is_refused_before_anything_happened(session: Session) -> None:
    with pytest.raises(SpecError, match="'map'"):
        session.structural_events("mop")


def test_without_a_recording_there_are_none() -> None:
    with (
        Session(RewiredEngine(rewired()), record=False) as session,
        pytest.raises(StateError, match="needs a session that records"),
    ):
        session.structural_events()


@pytest.mark.parametrize("step", [0, 70, 71, 140, 143, 200])
def test_going_back_drops_what_came_after(session: Session, step: int) -> None:
    run(session, 20)
    session.rewind(step * session.dt)
    assert same(session.structural_events(), events_between(0, step))
    run(session, 10)
    assert same(session.structural_events(), events_between(0, step + 100))
    kept = session.recording.frames
    assert all(same(f.structure, events_between(f.t_start, f.t_stop)) for f in kept)


@pytest.mark.parametrize(
    "forget", [Session.clear_recording, Session.reset], ids=["cleared", "reset"]
)
def test_what_is_forgotten(session: Session, forget: Callable[[Session], object]) -> None:
    run(session, 10)
    forget(session)
    assert len(session.structural_events()) == 0
    began = session.step
    run(session, 10)
    assert same(session.structural_events(), events_between(began, began + 100))


def test_a_structural_edit_begins_anew(session: Session) -> None:
    run(session, 10)
    session.apply(AddPopulation(Population("more", 5, "LIFDelta"))).result(LIMIT_S)
    assert len(session.structural_events("map")) == 0
    run(session, 10)
    assert same(session.structural_events(), events_between(100, 200))
    before = session.recording.sections[0].frames
    assert same(merged(before).structure, events_between(0, 100))


def test_other_rewirings_begin_a_section() -> None:
    network = rewired()
    for others in ((), network.rewirings[:1], network.rewirings[::-1]):
        assert meaning(network.replace(rewirings=others)) != meaning(network)


def test_readers_get_them_all(session: Session) -> None:
    screen = session.subscribe()
    frames = list(session.stream(20))
    assert same(StructuralEvents.joined(f.structure for f in frames), events_between(0, 200))
    assert same(screen.take(0).structure, events_between(0, 200))


def test_a_data_set_holds_them(session: Session, tmp_path: Path) -> None:
    run(session, 20)
    expected = events_between(0, 200)
    data = session.dataset().load()
    np.testing.assert_allclose(data.event_time, expected.step * session.dt)
    np.testing.assert_array_equal(data.event_pre, expected.pre)
    np.testing.assert_array_equal(data.event_post, expected.post)
    np.testing.assert_array_equal(data.event_formed, expected.is_formed)
    assert set(data.event_rewiring.values) == {"map", "prune"}
    assert set(data.event_projection.values) == {"exc->exc", "exc->inh"}
    session.save(tmp_path / "run.nc")
    with dataset.open(tmp_path / "run.nc") as saved:
        np.testing.assert_array_equal(saved.event_rewiring, data.event_rewiring)


def test_a_log_holds_them_when_the_session_is_gone(path: Path) -> None:
    with Session(RewiredEngine(rewired()), record=path) as session:
        run(session, 20)
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        assert same(log.structural_events(), events_between(0, 200))
        assert same(log.structural_events("map", 5.0, 12.0), events_between(50, 120).of(0))


def test_opening_a_log_reads_no_events(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(RewiredEngine(rewired()), record=path) as session:
        run(session, 20)
        whole = session.dataset().load()
    read: list[tuple[int, int]] = []
    get = LoggedSection.event_range
    monkeypatch.setattr(
        LoggedSection, "event_range", lambda s, a, b: read.append((a, b)) or get(s, a, b)
    )
    with xr.open_dataset(path) as data:
        repr(data)
        assert read == []
        found = data.event_rewiring.isel(event=slice(3, 9)).values
        assert read == [(3, 9)]
        assert found.tolist() == whole.event_rewiring.values[3:9].tolist()


def test_they_count_for_the_limit_of_memory() -> None:
    network = rewired()
    recording = Recording(network, limit_bytes=10**9)
    engine = RewiredEngine(network)
    frame = engine.advance(200)
    recording.append(frame)
    spikes = frame.step.nbytes + frame.neuron.nbytes
    sampled = sum(s.steps.nbytes + s.values.nbytes for s in frame.samples.values())
    assert recording.n_bytes == frame_bytes(frame)
    assert frame_bytes(frame) - spikes - sampled >= len(events_between(0, 200)) * 27
    recording.rewind(100, network)
    assert recording.n_bytes == sum(frame_bytes(f) for f in recording.frames)
    assert same(recording.structural_events(), events_between(0, 100))


def test_they_go_on_on_the_disk_when_memory_is_full() -> None:
    with Session(RewiredEngine(rewired())) as session:
        run(session, 10)
        session.recording.limit_bytes = session.recording.n_bytes + 100
        run(session, 10)
        assert isinstance(session.recording, LoggedRecording)
        run(session, 10)
        assert same(session.structural_events(), events_between(0, 300))


@pytest.mark.parametrize("suffix", [".nc", ".zarr", ".snnlog"])
def test_a_run_without_a_notebook_writes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(simulate, "make_engine", lambda network, **_: RewiredEngine(network))
    network, path = rewired(), tmp_path / f"run{suffix}"
    result = simulate.run(network, n_steps=150, warmup=50, output=output_to(path, network))
    expected, measured = events_between(0, 200), events_between(50, 200)
    opened = xr.open_dataset(path) if suffix == ".snnlog" else dataset.open(path)
    with opened as data:
        np.testing.assert_array_equal(data.event_post, expected.post)
        np.testing.assert_array_equal(data.event_formed, expected.is_formed)
    assert result.tally.n_formed == measured.is_formed.sum()
    assert result.tally.n_removed == (~measured.is_formed).sum() > 0
