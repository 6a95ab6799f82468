"""On trouble a session pauses, says what, where and when, and goes back to a good moment."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import NumericalInstability
from snnlab.frames.health import Kind
from snnlab.model.distribution import Uniform
from snnlab.model.network import Network, Population
from snnlab.session import Session, SessionState, Watch
from snnlab.session import keeper as session_keeper
from tests.features.session_bench import LIMIT_S, eventually, has_gap, same, spikes_after
from tests.networks import balanced
from tests.unwell import breaking


@pytest.fixture
def session():
    with Session(CpuEngine(breaking(), threads=2)) as session:
        yield session


def texts(session, level):
    return [m.text for m in session.messages if m.level == level]


def run_into_trouble(session, duration="200 ms"):
    session.run(duration)
    with pytest.raises(NumericalInstability) as raised:
        session.wait(LIMIT_S)
    return raised.value


def test_trouble_pauses_and_names_population_neuron_variable_value_and_time(session):
    error = run_into_trouble(session)
    trouble = session.trouble
    assert session.state is SessionState.PAUSED
    assert (trouble.kind, trouble.population, trouble.neuron) == (Kind.NOT_FINITE, "broken", 0)
    assert (trouble.variable, trouble.value) == ("V_m", np.inf)
    assert 25.0 <= trouble.t <= 75.0
    (text,) = texts(session, "error")
    assert text.startswith(f"Paused at t = {trouble.t:g} ms: Population 'broken', neuron 0: V_m: ")
    for words in ("must be a finite number (got inf mV)", "Make dt (now 0.1 ms) smaller"):
        assert words in text
        assert words in str(error)


def test_the_bad_frame_is_published_with_a_mark_and_not_kept(session):
    reader = session.subscribe(lossless=True, max_pending=100)
    run_into_trouble(session)
    frames = []
    while (frame := reader.take(0.0)) is not None:
        frames.append(frame)
    assert [f.t_stop for f in frames if f.health] == [session.trouble.t_stop]
    assert not any(f.health for f in session.recording.frames)
    assert session.step <= session.trouble.t_start


def test_the_run_goes_on_after_the_cause_was_mended(session):
    run_into_trouble(session)
    session.set("broken", "t_break", 5000.0).result(LIMIT_S)
    session.run("200 ms").wait(LIMIT_S)
    assert session.trouble is None
    assert not has_gap(list(session.recording.frames))


def test_without_mending_the_same_trouble_comes_at_the_same_step(session):
    first, second = run_into_trouble(session), run_into_trouble(session)
    assert str(first) == str(second)


def test_it_goes_back_to_the_last_good_checkpoint_and_on_as_it_was(monkeypatch):
    monkeypatch.setattr(session_keeper, "EVERY_S", 0.0)
    monkeypatch.setattr(session_keeper, "LARGEST_SHARE", 1e6)
    network = breaking(t_break=400.0)
    with (
        Session(CpuEngine(network)) as session,
        Session(CpuEngine(breaking(t_break=9000.0))) as sound,
    ):
        run_into_trouble(session, "600 ms")
        good = [c.step for c in session.checkpoints if c.step <= 4000]
        assert 0 < session.step == good[-1] <= session.trouble.t_start
        session.set("broken", "t_break", 9000.0).result(LIMIT_S)
        rest = 6000 - session.step
        session.run(rest * 0.1).wait(LIMIT_S)
        assert same(session.spikes(), spikes_after(sound, [600.0]))


def test_edits_after_that_checkpoint_can_be_made_again():
    with Session(CpuEngine(breaking(t_break=9000.0))) as session:
        session.run("50 ms").wait(LIMIT_S)
        session.set("broken", "t_break", 60.0).result(LIMIT_S)
        run_into_trouble(session)
        assert session.step == 0
        assert session.network.population("broken").parameters["t_break"] == 9000.0
        session.redo().result(LIMIT_S)
        assert session.network.population("broken").parameters["t_break"] == 60.0


def test_the_next_run_and_a_reset_forget_the_trouble(session):
    run_into_trouble(session)
    session.reset()
    assert session.trouble is None
    assert session.wait(LIMIT_S)
    run_into_trouble(session)
    session.run("10 ms").wait(LIMIT_S)
    assert session.trouble is None


def test_a_stream_ends_with_the_trouble(session):
    stream = session.stream("200 ms")
    frame = next(frame for frame in stream if frame.health)
    assert frame.health == (session.trouble,)
    with pytest.raises(NumericalInstability):
        next(stream)


def test_a_way_back_that_fails_is_told_once(session, monkeypatch):
    def fail(checkpoint):
        raise OSError("the state is gone")

    monkeypatch.setattr(session._simulation.place.engine, "restore", fail)
    session.run("200 ms")
    with pytest.raises(OSError, match="the state is gone"):
        session.wait(LIMIT_S)
    assert session.state is SessionState.FAILED
    assert [t.split(":")[0] for t in texts(session, "error")][1:] == [
        "Simulation of 'session' stopped at t = " + f"{session.t:g} ms"
    ]


def test_a_watch_that_pauses_on_nothing_warns_once_and_goes_on(session):
    session.watch = Watch(pauses=frozenset())
    session.run("200 ms").wait(LIMIT_S)
    assert session.step == 2000
    assert session.trouble is None
    (warning,) = [text for text in texts(session, "warning") if "finite" in text]
    assert "Population 'broken', neuron 0: V_m" in warning


def test_a_runaway_warns_within_a_second_of_model_time_and_the_run_goes_on():
    with Session(CpuEngine(balanced(200))) as session:
        session.run("300 ms").wait(LIMIT_S)
        session.set("inh->exc", "weight", 0.0).result(LIMIT_S)
        session.set("inh->inh", "weight", 0.0).result(LIMIT_S)
        session.set("J", 20.0).result(LIMIT_S)
        session.run("1000 ms").wait(LIMIT_S)
        assert session.t == pytest.approx(1300.0)
        warnings = texts(session, "warning")
        assert any("Population 'exc': rate: must stay below 400 Hz" in w for w in warnings)
        assert texts(session, "error") == []


def test_a_silenced_network_warns_after_a_second():
    with Session(CpuEngine(balanced(200))) as session:
        session.run("500 ms").wait(LIMIT_S)
        for name in ("to_exc", "to_inh"):
            session.set(name, "rate", 0.0).result(LIMIT_S)
        session.run("900 ms").wait(LIMIT_S)
        assert texts(session, "warning") == []
        session.run("600 ms").wait(LIMIT_S)
        warnings = texts(session, "warning")
        assert {w.split(":")[0] for w in warnings} == {"Population 'exc'", "Population 'inh'"}
        assert all("must not be silent for 1000 ms" in w for w in warnings)


def test_a_watch_can_pause_on_silence():
    quiet = Network([Population("p", 10, "LIFExp", initial={"V_m": Uniform(-70.0, -60.0)})])
    with Session(CpuEngine(quiet)) as session:
        session.watch = Watch(pauses=frozenset(Kind), silence_ms=300.0)
        session.run()
        assert eventually(lambda: session.trouble is not None)
        assert session.trouble.kind is Kind.SILENCE
        assert eventually(lambda: session.state is SessionState.PAUSED)


def test_the_cutting_of_frames_does_not_change_what_is_found():
    found = set()
    for speed in (None, 0.5, 5.0):
        with Session(CpuEngine(breaking(t_break=Uniform(30.0, 90.0)))) as session:
            session.speed = speed
            found.add(str(run_into_trouble(session)))
    assert len(found) == 1
