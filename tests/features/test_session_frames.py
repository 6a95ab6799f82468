"""Watching a run: every frame or merged ones, slow readers, readers that are gone, recordings."""

from __future__ import annotations

import gc
import os
import time
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import snnlab
from snnlab.build import memory
from snnlab.errors import SpecError, StateError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.frames.hub import Subscription
from snnlab.model.edits import RemovePopulation
from snnlab.session import Session, SessionState, simulation
from snnlab.session.recording import default_limit
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually, has_gap, same
from tests.logs import same_frame


class View:
    """A view that paints when it is told to, like a page in a browser."""

    def __init__(self, session: Session, *, paints: bool = True) -> None:
        self.frames: list[Frame] = []
        self.paints = paints
        self.subscription = session.subscribe(self.show)

    def show(self, frame: Frame) -> None:
        self.frames.append(frame)
        if self.paints:
            self.subscription.ready()


def taken(reader: Subscription) -> list[Frame]:
    """Everything that waits for a reader now."""
    frames = []
    while (frame := reader.take(0.0)) is not None:
        frames.append(frame)
    return frames


def as_spikes(frames: list[Frame]) -> tuple[np.ndarray, np.ndarray]:
    """The spikes of several frames."""
    return np.concatenate([f.step for f in frames]), np.concatenate([f.neuron for f in frames])


def test_a_lossless_reader_gets_every_frame(session) -> None:
    frames: list[Frame] = []
    reader = session.subscribe(frames.append, lossless=True)
    session.run(300).wait(LIMIT_S)
    assert not has_gap(frames)
    assert (frames[0].t_start, frames[-1].t_stop) == (0, 3000)
    assert same(as_spikes(frames), session.spikes())
    assert not reader.is_closed


def test_planted_gap_is_found(session) -> None:
    session.run(30).wait(LIMIT_S)
    frame = session.recording.frames[0]
    later = replace(frame, t_start=frame.t_stop + 1, t_stop=frame.t_stop + 9)
    assert has_gap([frame, later])
    assert has_gap([frame, frame])


def test_a_lossless_reader_holds_the_simulation_back() -> None:
    with Session(ReferenceEngine(balanced())) as session:
        reader = session.subscribe(lossless=True)
        session.run()
        assert eventually(lambda: reader.is_full)
        time.sleep(0.1)
        step = session.step
        time.sleep(0.2)
        assert session.step == step
        assert reader.take(LIMIT_S) is not None
        assert eventually(lambda: session.step > step)
        began = time.perf_counter()
        session.pause()
        assert time.perf_counter() - began < simulation.READER_PATIENCE_S


def test_a_lossless_reader_that_never_takes_pauses_the_run(monkeypatch) -> None:
    monkeypatch.setattr(simulation, "READER_PATIENCE_S", 0.2)
    with Session(ReferenceEngine(balanced())) as session:
        reader = session.subscribe(lossless=True)
        session.run()
        assert session.wait(LIMIT_S)
        assert "taken no frame for 0.2 s" in [*session.messages][-1].text
        assert not has_gap(taken(reader))


@pytest.mark.parametrize("end", ["close", "drop"])
def test_a_lossless_reader_that_goes_lets_the_simulation_go_on(end) -> None:
    with Session(ReferenceEngine(balanced())) as session:
        readers = [session.subscribe(lossless=True)]
        session.run()
        assert eventually(lambda: readers[0].is_full)
        step = session.step
        if end == "close":
            readers[0].close()
        readers.clear()
        gc.collect()
        assert eventually(lambda: session.step > step + 1000)


def test_a_screen_that_paints_gets_everything_in_order(session) -> None:
    view = View(session)
    session.run(300).wait(LIMIT_S)
    assert not has_gap(view.frames)
    assert same(as_spikes(view.frames), session.spikes())


def test_a_screen_that_stops_painting_gets_two_frames_and_then_one_merged(session) -> None:
    view = View(session, paints=False)
    session.speed = 1.0
    session.run(400).wait(LIMIT_S)
    assert len(view.frames) == 2
    assert len(session.recording.frames) > 5
    view.subscription.ready()
    assert len(view.frames) == 3
    assert not has_gap(view.frames)
    assert view.frames[-1].t_stop == 4000
    assert same(as_spikes(view.frames), session.spikes())
    assert view.frames[-1].samples["voltage"].steps[-1] == 4000


def test_a_view_that_is_dropped_vanishes(session) -> None:
    view = View(session)
    session.run(10).wait(LIMIT_S)
    n_seen, frames = len(view.frames), view.frames
    subscription = view.subscription
    del view
    gc.collect()
    session.run(10).wait(LIMIT_S)
    assert len(frames) == n_seen
    assert subscription.is_closed


def test_a_slow_screen_does_not_slow_the_run_it_has_no_credit_for() -> None:
    with Session(ReferenceEngine(balanced())) as session:
        view = View(session, paints=False)
        session.run(200).wait(LIMIT_S)
        assert len(view.frames) == 2
        assert session.step == 2000


def test_the_same_frames_can_be_taken_one_by_one(session) -> None:
    reader = session.subscribe()
    assert reader.take(0.01) is None
    session.run(100).wait(LIMIT_S)
    frames = taken(reader)
    assert len(frames) == 1
    assert same(as_spikes(frames), session.spikes())


def test_merged_frames_do_not_cross_a_change_of_structure(session) -> None:
    reader = session.subscribe()
    session.run(50).wait(LIMIT_S)
    session.apply(RemovePopulation("inh")).result(LIMIT_S)
    session.run(50).wait(LIMIT_S)
    frames = taken(reader)
    assert [frame.counts.size for frame in frames] == [2, 1]
    assert not has_gap(frames)


def test_at_least_one_frame_must_be_allowed(session) -> None:
    with pytest.raises(SpecError, match="must be >= 1"):
        session.subscribe(max_pending=0)


# --- stream ---------------------------------------------------------------------------------------


def test_stream_runs_and_yields_everything(session) -> None:
    frames = list(session.stream(200))
    assert not has_gap(frames)
    assert (frames[0].t_start, frames[-1].t_stop) == (0, 2000)
    assert same(as_spikes(frames), session.spikes())
    assert session.state is SessionState.PAUSED


def test_leaving_a_stream_pauses(session) -> None:
    for frame in session.stream():
        if frame.t_stop > 500:
            break
    assert eventually(lambda: session.state is SessionState.PAUSED)
    assert session.step >= 500


def test_a_stream_can_decide_something(session) -> None:
    rates = []
    for frame in session.stream(200):
        rates.append(frame.n_spikes)
        session.set("rate", 6000).result(LIMIT_S)
    assert session.network.knob_values["rate"] == 6000
    assert sum(rates) == session.spikes()[0].size


# --- recording ------------------------------------------------------------------------------------


def test_the_recording_is_the_run(session) -> None:
    session.run(100).wait(LIMIT_S)
    session.run(50).wait(LIMIT_S)
    frames = list(session.recording.frames)
    assert not has_gap(frames)
    whole = merged(frames)
    assert (whole.t_start, whole.t_stop) == (0, 1500)
    assert whole.counts.sum() == session.spikes()[0].size


def test_a_full_recording_goes_on_on_the_disk(make_engine, tmp_path, monkeypatch) -> None:
    """Nobody who reads it can tell, but for a message."""
    with Session(make_engine(balanced())) as session, Session(make_engine(balanced())) as other:
        monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
        for one in (session, other):
            one.run(10).wait(LIMIT_S)
            one.set("g", 4).result(LIMIT_S)
            if one is session:
                one.recording.limit_bytes = one.recording.n_bytes + 1
            one.run(100).wait(LIMIT_S)
            one.apply(RemovePopulation("inh")).result(LIMIT_S)
            one.undo().result(LIMIT_S)
            one.run(100).wait(LIMIT_S)
        path = session.recording.path
        assert path.is_relative_to(tmp_path)
        assert str(path) in "".join(message.text for message in session.messages)
        assert same(session.spikes(), other.spikes())
        assert [s.network for s in session.recording.sections] == [
            s.network for s in other.recording.sections
        ]
        for mine, yours in zip(session.recording.sections, other.recording.sections, strict=True):
            assert same_frame(nameless(mine.frames), nameless(yours.frames))
        data, expected = session.dataset().load(), other.dataset()
        assert data.attrs["edits"] == expected.attrs["edits"]
        data.attrs, expected.attrs = {}, {}
        xr.testing.assert_identical(data, expected)
        with snnlab.open_log(path) as log:
            assert [at.step for at in log.edits] == [100, 1100, 1100]
            log.verify()
            assert log.damage is None
    del session, one
    gc.collect()
    assert not path.exists()


def nameless(frames) -> Frame:
    """All frames as one, without what no two runs share."""
    return replace(merged(frames), wall_s=0.0, timings={})


def test_a_full_disk_share_pauses_too(session, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
    session.recording.limit_bytes = 1
    session.run(10).wait(LIMIT_S)
    session.recording.limit_bytes = session.recording.n_bytes + 20_000
    session.run()
    assert session.wait(LIMIT_S)
    assert "Nothing is lost" in [*session.messages][-1].text
    session.recording.limit_bytes = None
    session.run(10).wait(LIMIT_S)
    assert not has_gap(list(session.recording.frames))


def test_a_full_recording_pauses_and_loses_nothing(session, monkeypatch) -> None:
    """If it cannot go on on the disk."""
    monkeypatch.setenv("SNNLAB_CACHE_DIR", os.devnull)
    frames: list[Frame] = []
    reader = session.subscribe(frames.append, lossless=True)
    session.run(10).wait(LIMIT_S)
    session.recording.limit_bytes = session.recording.n_bytes + 20_000
    session.run()
    assert session.wait(LIMIT_S)
    assert "session.clear_recording()" in [*session.messages][-1].text
    assert "must be a folder that can be written" in [*session.messages][-2].text
    assert same(as_spikes(frames), session.spikes())
    assert not has_gap(list(session.recording.frames))
    with pytest.raises(StateError, match="Nothing is lost"):
        session.run()
    session.clear_recording()
    step = session.step
    session.run(10).wait(LIMIT_S)
    assert session.step == step + 100
    assert session.recording.frames[0].t_start == step
    assert not reader.is_closed


def test_a_session_need_not_record(make_engine) -> None:
    with Session(make_engine(balanced()), record=False) as session:
        session.run(20).wait(LIMIT_S)
        assert session.recording is None
        with pytest.raises(StateError, match="record=True"):
            session.spikes()
        session.clear_recording()
        session.reset()


def test_the_limit_follows_the_memory_that_is_free(monkeypatch) -> None:
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**30)
    assert default_limit() == 2**28
    monkeypatch.setattr(memory, "available_bytes", lambda: 2**40)
    assert default_limit() == 2**30
