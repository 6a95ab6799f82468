"""Trouble: every error is seen, nothing is lost, and the session can be mended or closed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from snnlab.errors import NumericalInstability, StateError
from snnlab.frames.frame import Frame
from snnlab.session import Message, Session, SessionState
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually, has_gap, same, spikes_after


class Unstable(ReferenceEngine):
    """Fails on purpose when it comes to step 500, as an engine whose voltages explode."""

    fails = True

    def advance(self, n_steps: int) -> Frame:
        if self.fails and self.step + n_steps > 500:
            raise NumericalInstability(
                "V_m",
                "must stay finite",
                got="inf mV",
                context="Population 'exc'.",
                remedy="Make dt smaller.",
            )
        return super().advance(n_steps)


class HardToClose(ReferenceEngine):
    """Cannot let go."""

    def close(self) -> None:
        super().close()
        raise OSError("the device hangs")


def test_a_failing_engine_is_seen_everywhere() -> None:
    with Session(Unstable(balanced()), name="bad") as session:
        session.run(100)
        with pytest.raises(NumericalInstability, match="Make dt smaller"):
            session.wait(LIMIT_S)
        assert session.state is SessionState.FAILED
        message = [*session.messages][-1]
        assert (message.level, message.error) == ("error", session.error)
        assert "Simulation of 'bad' stopped" in message.text
        assert "Make dt smaller" in message.text
        with pytest.raises(StateError, match="has not failed"):
            session.run()


def test_what_was_simulated_before_a_failure_is_kept() -> None:
    with Session(Unstable(balanced())) as session:
        session.run(100)
        with pytest.raises(NumericalInstability):
            session.wait(LIMIT_S)
        assert session.step > 0
        assert session.recording.frames[-1].t_stop == session.step
        assert not has_gap(list(session.recording.frames))


def test_reset_mends_a_failed_session() -> None:
    engine = Unstable(balanced())
    with Session(engine) as session, Session(ReferenceEngine(balanced())) as sound:
        session.run(100)
        with pytest.raises(NumericalInstability):
            session.wait(LIMIT_S)
        engine.fails = False
        session.set("g", 4).result(LIMIT_S)
        session.set("g", 5).result(LIMIT_S)
        session.reset()
        assert session.error is None
        assert same(spikes_after(session, [100.0]), spikes_after(sound, [100.0]))


def test_a_stream_raises_what_stopped_it() -> None:
    with Session(Unstable(balanced())) as session:
        frames = []
        with pytest.raises(NumericalInstability):
            frames += list(session.stream(100))
        assert session.state is SessionState.FAILED


def test_a_failing_reader_is_told_and_closed_and_the_run_goes_on(session) -> None:
    def fail(frame: Frame) -> None:
        raise ZeroDivisionError("a view's mistake")

    readers = [session.subscribe(fail), session.subscribe(fail, lossless=True)]
    session.run(50).wait(LIMIT_S)
    assert session.step == 500
    assert all(reader.is_closed for reader in readers)
    errors = [message for message in session.messages if message.level == "error"]
    assert len(errors) == 2
    assert "A reader of frames failed" in errors[0].text
    assert "ZeroDivisionError: a view's mistake" in errors[0].text


def test_listeners_hear_messages(session) -> None:
    heard: list[Message] = []
    stop = session.messages.listen(heard.append)
    session.reset()
    stop()
    session.reset()
    assert len(heard) == 1


def test_an_engine_that_cannot_close_is_told() -> None:
    session = Session(HardToClose(balanced()))
    session.close()
    assert session.state is SessionState.CLOSED
    assert "OSError: the device hangs" in [*session.messages][-1].text


def test_closing_answers_those_who_wait() -> None:
    session = Session(ReferenceEngine(balanced(), pause_s=1e-3))
    session.set("g", 4).result(LIMIT_S)
    waiting = session.set("g", 6)
    session.close()
    assert waiting.done()
    assert waiting.exception() is None or isinstance(waiting.exception(), StateError)


def test_an_engine_that_hangs_does_not_hang_the_caller(monkeypatch) -> None:
    monkeypatch.setattr("snnlab.session.session._CLOSE_S", 0.05)
    engine = ReferenceEngine(balanced(), pause_s=1.0)
    session = Session(engine)
    session.run()
    assert eventually(lambda: bool(engine.calls))
    with pytest.raises(StateError, match=r"must take effect within 0\.05 s"):
        session.pause(timeout=0.05)
    with pytest.raises(StateError, match=r"must end within 0\.05 s"):
        session.close()
    assert eventually(lambda: session.state is SessionState.CLOSED)


def test_an_interpreter_that_ends_while_a_session_runs_ends_quietly() -> None:
    program = (
        "from tests.features.reference_engine import *\n"
        "from snnlab.session import Session\n"
        "session = Session(ReferenceEngine(balanced())).run()\n"
        "import time; time.sleep(0.1)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
