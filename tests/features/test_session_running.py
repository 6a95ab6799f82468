"""Running: the same spikes however a run is cut, pausing, stepping, targets, speed, reset."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import numpy as np
import pytest

from snnlab.errors import SpecError, StateError, UnitError
from snnlab.frames.frame import Frame
from snnlab.session import Session, SessionState
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually, same, spikes_after


class ForgetfulAtChunks(ReferenceEngine):
    """Starts its random numbers anew with every call: what a session must never show."""

    def advance(self, n_steps):  # type: ignore[no-untyped-def]
        self._call_start = self._step
        return super().advance(n_steps)

    def _stream(self, purpose, name, index):  # type: ignore[no-untyped-def]
        return super()._stream(purpose, name, index - getattr(self, "_call_start", 0))


class HalfReset(ReferenceEngine):
    """Keeps its voltages when it goes back."""

    def restore(self, checkpoint):  # type: ignore[no-untyped-def]
        v = self._v.copy()
        super().restore(checkpoint)
        self._v = v


def chops(total: float, seed: int) -> list[float]:
    """Random pieces, multiples of 0.1 ms, that add up to `total` [ms]."""
    draw = random.Random(seed)
    cuts = sorted(draw.sample(range(1, round(total * 10)), 8))
    return [(b - a) / 10 for a, b in zip([0, *cuts], [*cuts, round(total * 10)], strict=True)]


@pytest.mark.parametrize("seed", [1, 2])
def test_spikes_do_not_depend_on_how_a_run_is_cut(make_engine, seed) -> None:
    with Session(make_engine(balanced())) as whole, Session(make_engine(balanced())) as cut:
        assert same(spikes_after(whole, [150.0]), spikes_after(cut, chops(150.0, seed)))


def test_planted_dependence_on_cuts_is_found() -> None:
    whole, cut = Session(ForgetfulAtChunks(balanced())), Session(ForgetfulAtChunks(balanced()))
    with whole, cut:
        assert not same(spikes_after(whole, [150.0]), spikes_after(cut, chops(150.0, 1)))


def test_a_session_shows_what_its_engine_computes(make_engine) -> None:
    frame = make_engine(balanced()).advance(1500)
    with Session(make_engine(balanced())) as session:
        assert same((frame.step, frame.neuron), spikes_after(session, [150.0]))


def test_watching_changes_nothing(make_engine) -> None:
    with Session(make_engine(balanced())) as watched, Session(make_engine(balanced())) as alone:
        frames: list[Frame] = []
        slow = watched.subscribe(lambda frame: time.sleep(0.01), lossless=True)
        views = [watched.subscribe(frames.append), slow]
        assert same(spikes_after(watched, [100.0]), spikes_after(alone, [100.0]))
        assert len(views) == 2


def test_reset_repeats_the_run(session) -> None:
    first = spikes_after(session, [100.0])
    session.reset()
    assert session.step == 0
    assert session.state is SessionState.PAUSED
    assert session.spikes()[0].size == 0
    assert "Reset" in [*session.messages][-1].text
    assert same(first, spikes_after(session, [100.0]))


def test_planted_half_reset_is_found() -> None:
    with Session(HalfReset(balanced())) as session:
        first = spikes_after(session, [100.0])
        session.reset()
        assert not same(first, spikes_after(session, [100.0]))


def test_reset_keeps_edits(make_engine) -> None:
    edited = balanced()
    with Session(make_engine(edited)) as session:
        session.run(30).wait(LIMIT_S)
        session.set("g", 3).result(LIMIT_S)
        session.set("exc", "E_L", "1 mV").result(LIMIT_S)
        session.reset()
        assert session.network.knob_values["g"] == 3
        with Session(make_engine(session.network)) as fresh:
            assert same(spikes_after(session, [100.0]), spikes_after(fresh, [100.0]))


def test_reset_while_it_runs(session) -> None:
    session.run()
    session.reset()
    assert (session.step, session.state) == (0, SessionState.PAUSED)


def test_run_returns_at_once_and_wait_at_the_end() -> None:
    with Session(ReferenceEngine(balanced(), pause_s=1e-3)) as session:
        assert session.run("0.03 s") is session
        assert session.state is SessionState.RUNNING
        assert session.target_t == pytest.approx(30.0)
        assert not session.wait(0.01)
        assert session.wait(LIMIT_S)
        assert session.t == pytest.approx(30.0)
        assert session.target_t is None


def test_run_until(session) -> None:
    session.run_until("12.5 ms").wait(LIMIT_S)
    assert session.step == 125
    session.run_until(12.5).wait(LIMIT_S)
    assert session.step == 125
    with pytest.raises(SpecError, match=r"must be >= the time now, 12\.5 ms"):
        session.run_until(10)


@pytest.mark.parametrize("duration", [-1, float("nan"), float("inf")])
def test_impossible_durations_are_refused(session, duration) -> None:
    with pytest.raises(SpecError):
        session.run(duration)
    with pytest.raises(UnitError):
        session.run("20 mV")
    assert session.state is SessionState.PAUSED


def test_step_once(session) -> None:
    session.step_once()
    assert session.step == 1
    session.step_once(5)
    assert session.step == 6
    with pytest.raises(SpecError, match="whole number >= 1"):
        session.step_once(0)


def test_step_once_pauses_a_run(session) -> None:
    session.run()
    session.step_once(3)
    assert session.state is SessionState.PAUSED


def test_pause_takes_effect_quickly(record_property) -> None:
    with Session(ReferenceEngine(balanced())) as session:
        latencies = []
        for _ in range(10):
            session.run()
            time.sleep(0.05)
            began = time.perf_counter()
            session.pause()
            latencies.append(time.perf_counter() - began)
            assert session.state is SessionState.PAUSED
            step = session.step
            time.sleep(0.02)
            assert session.step == step
        record_property("median_pause_latency_s", float(np.median(latencies)))
        assert np.median(latencies) < 5.0  # the aim is 0.05 s; machines may be busy


def test_pause_publishes_what_was_simulated(session) -> None:
    reader = session.subscribe()
    session.run()
    time.sleep(0.05)
    session.pause()
    frame = reader.take(LIMIT_S)
    assert frame is not None
    assert frame.t_stop == session.step


def test_pausing_twice_and_running_twice(session) -> None:
    session.pause().pause()
    session.run(1000).run(10)
    session.pause()
    assert session.state is SessionState.PAUSED


def test_a_reader_may_pause_the_run_that_feeds_it(session) -> None:
    reader = session.subscribe(lambda frame: session.pause(), lossless=True)
    session.run()
    assert session.wait(LIMIT_S)
    assert not reader.is_closed


def test_a_reader_must_not_wait_for_its_own_run(session) -> None:
    reader = session.subscribe(lambda frame: session.wait(), lossless=True)
    session.run(20).wait(LIMIT_S)
    assert reader.is_closed
    assert "must not be called by a reader's callback" in [*session.messages][-1].text


def test_speed_holds_the_run_back() -> None:
    with Session(ReferenceEngine(balanced())) as session:
        session.speed = 0.1
        began = time.perf_counter()
        session.run(20).wait(LIMIT_S)
        took = time.perf_counter() - began
        assert took > 0.15  # 20 ms at a tenth of real time; the first portion comes later or sooner
        assert session.real_time_factor is not None
        assert session.real_time_factor > 5


def test_a_slow_run_can_be_paused_and_let_loose() -> None:
    with Session(ReferenceEngine(balanced())) as session:
        session.speed = 0.001
        session.run(20)
        time.sleep(0.05)
        began = time.perf_counter()
        session.pause()
        assert time.perf_counter() - began < 10.0  # the run itself takes 20 s
        session.run(20)
        session.speed = None
        assert session.wait(LIMIT_S)


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_impossible_speeds_are_refused(session, speed) -> None:
    with pytest.raises(SpecError, match=r"Session\.speed"):
        session.speed = speed


def test_progress_is_measured() -> None:
    with Session(ReferenceEngine(balanced(), pause_s=1e-3)) as session:
        assert session.real_time_factor is None
        assert session.eta_s is None
        assert session.last_frame_age_s is None
        session.run(1000)
        assert eventually(lambda: session.eta_s is not None)
        assert session.real_time_factor > 5
        assert eventually(lambda: session.step > 100)
        assert session.eta_s == pytest.approx(
            (1000 - session.t) * 1e-3 * session.real_time_factor, rel=0.5
        )
        assert session.last_frame_age_s < 5


def test_calls_are_short_whatever_a_step_costs() -> None:
    engine = ReferenceEngine(balanced(), pause_s=5e-3)
    with Session(engine) as session:
        session.run(20).wait(LIMIT_S)
    assert max(engine.calls) <= 12  # 60 ms
    assert sum(engine.calls) == 200


def test_one_thread_alone_uses_the_engine() -> None:
    engine = ReferenceEngine(balanced())
    with Session(engine, name="alone") as session:
        for _ in range(3):
            session.run(5).wait(LIMIT_S)
            session.set("g", 4).result(LIMIT_S)
            session.reset()
    assert engine.threads == {"snnlab-alone"}


def test_an_interrupted_wait_pauses() -> None:
    with Session(ReferenceEngine(balanced(), pause_s=1e-3)) as session:
        session.run()
        timer = threading.Timer(0.1, _interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            session.wait(LIMIT_S)
        assert session.state is SessionState.PAUSED


def _interrupt_main() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_a_closed_session_says_so(make_engine) -> None:
    session = Session(make_engine(balanced()))
    session.close()
    session.close()
    assert session.state is SessionState.CLOSED
    for use in (session.run, session.step_once, session.reset, lambda: session.set("g", 4)):
        with pytest.raises(StateError, match="must be open"):
            use()
