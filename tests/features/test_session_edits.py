"""Changing a network while it runs: at once, in order, newest value first, and back again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import pytest

from snnlab.errors import BuildError, SpecError, StateError, UnitError
from snnlab.frames.frame import Frame
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddStimulus,
    RemovePopulation,
    RemoveStimulus,
    SetParameter,
    Several,
)
from snnlab.model.history import Applied
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import StepCurrent
from snnlab.session import Session, SessionState, edit_queue
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually, same, spikes_after

N_SOURCES, N_EDITS = 8, 1000


class Stubborn(ReferenceEngine):
    """Refuses the one value 13, as an engine may that cannot make a change."""

    def apply(self, network: Network) -> None:
        if network.knob_values["g"] == 13:
            raise BuildError("g", "must not be 13", got="13", remedy="Try 12 or 14.")
        super().apply(network)


def test_a_knob_and_a_parameter_and_an_expression(session) -> None:
    applied = session.set("g", 6).result(LIMIT_S)
    assert applied == Applied(SetParameter("", "g", 6), SetParameter("", "g", 5.0), 0)
    session.set("exc", "tau_m", "15 ms").result(LIMIT_S)
    session.set("to_exc", "rate", "rate / 2").result(LIMIT_S)
    assert session.network.knob_values["g"] == 6
    assert session.network.population("exc").parameters["tau_m"] == "15 ms"
    assert session.network.stimulus("to_exc").rate == "rate / 2"


def test_an_edit_has_the_effect_of_a_network_built_with_it(make_engine) -> None:
    with Session(make_engine(balanced())) as edited:
        edited.set("g", 3).result(LIMIT_S)
        edited.set("exc", "tau_m", "15 ms").result(LIMIT_S)
        with Session(make_engine(edited.network)) as built, Session(make_engine(balanced())) as old:
            found = spikes_after(edited, [100.0])
            assert same(found, spikes_after(built, [100.0]))
            assert not same(found, spikes_after(old, [100.0]))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("gg", 6), SpecError, "Did you mean 'g'"),
        (("g", -1), SpecError, ">= 0"),
        (("exc", "tau_m", "-15 ms"), SpecError, "> 0 ms"),
        (("exc", "tau_m", "15 mV"), UnitError, "voltage"),
        (("excc", "tau_m", 15), SpecError, "'exc'"),
        (("exc", "V_reset", 25), SpecError, "V_th"),
        (("g",), SpecError, "1 arguments"),
    ],
)
def test_a_bad_value_is_refused_and_the_run_goes_on(session, arguments, error, words) -> None:
    session.run()
    with pytest.raises(error, match=words):
        session.set(*arguments)
    step = session.step
    assert eventually(lambda: session.step > step)
    assert session.state is SessionState.RUNNING
    assert session.history.log == []


def test_an_edit_is_checked_against_those_that_wait_before_it(session) -> None:
    session.apply(AddPopulation(Population("new", 5, "LIFDelta")))
    session.set("new", "tau_m", 5).result(LIMIT_S)
    assert session.network.population("new").parameters["tau_m"] == 5
    session.apply(RemovePopulation("new"))
    with pytest.raises(SpecError, match="existing name"):
        session.set("new", "tau_m", 6)


def test_edits_take_effect_soon_while_paused_and_while_running(session, record_property) -> None:
    for state in ("paused", "running"):
        began = time.perf_counter()
        session.set("J", 0.4 if state == "paused" else 0.45).result(LIMIT_S)
        latency = time.perf_counter() - began
        record_property(f"{state}_latency_s", latency)
        assert latency < 10.0  # not at the end of a portion that never comes
        session.run()


def test_the_step_of_an_edit_is_true(session) -> None:
    session.run(20).wait(LIMIT_S)
    assert session.set("g", 6).result(LIMIT_S).step == 200
    session.run()
    before = session.step
    applied = session.set("g", 4).result(LIMIT_S)
    session.pause()
    assert before <= applied.step <= session.step


# --- undo and redo --------------------------------------------------------------------------------


def test_undo_and_redo(session) -> None:
    start = session.network
    session.set("g", 6).result(LIMIT_S)
    session.set("exc", "tau_m", 15).result(LIMIT_S)
    end = session.network
    session.undo()
    session.undo().result(LIMIT_S)
    assert session.network == start.replace(
        populations=[session.network.population("exc"), start.population("inh")]
    )
    assert session.network.parameters_of(session.network.population("exc"))["tau_m"] == 20.0
    session.redo()
    session.redo().result(LIMIT_S)
    assert session.network == end
    assert len(session.history.log) == 6


def test_undo_of_a_removal_restores_everything(session) -> None:
    before = session.network
    session.apply(RemovePopulation("inh")).result(LIMIT_S)
    assert session.network.n_neurons == 80
    session.undo().result(LIMIT_S)
    assert session.network == before
    session.run(10).wait(LIMIT_S)


def test_nothing_to_undo_or_redo(session) -> None:
    with pytest.raises(StateError, match="needs an edit to undo"):
        session.undo()
    with pytest.raises(StateError, match="needs an edit that was undone"):
        session.redo()


# --- many edits at once ---------------------------------------------------------------------------


def crowd() -> Network:
    """One population for each source of edits."""
    return Network([Population(f"p{k}", 2, "LIFDelta") for k in range(N_SOURCES)], dt=0.1)


def keeps_order(log: Sequence[Applied], source: int) -> bool:
    """Whether the values of one source took effect in the order in which it sent them."""
    edits = [a.edit for a in log if isinstance(a.edit, SetParameter)]
    values = [e.value for e in edits if e.target == f"p{source}"]
    return bool(values) and values == sorted(values) and values[-1] == N_EDITS - 1


def test_edits_from_many_threads_keep_their_order_and_none_is_lost() -> None:
    with Session(ReferenceEngine(crowd())) as session:
        session.run()
        answers: list[list[Applied]] = [[] for _ in range(N_SOURCES)]

        def send(source: int) -> None:
            futures = [session.set(f"p{source}", "I_e", value) for value in range(N_EDITS)]
            stimulus = StepCurrent(f"s{source}", f"p{source}", 1.0)
            futures.append(session.apply(AddStimulus(stimulus)))
            answers[source] = [future.result(LIMIT_S) for future in futures]

        threads = [threading.Thread(target=send, args=(k,)) for k in range(N_SOURCES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        assert not any(thread.is_alive() for thread in threads)
        assert all(len(answer) == N_EDITS + 1 for answer in answers)
        log = session.history.log
        assert all(keeps_order(log, source) for source in range(N_SOURCES))
        assert {s.name for s in session.network.stimuli} == {f"s{k}" for k in range(N_SOURCES)}
        assert all(
            answer.edit.value >= value  # the value itself, or a newer one that took its place
            for answers_of_one in answers
            for value, answer in enumerate(answers_of_one[:-1])
        )


def test_planted_disorder_is_found() -> None:
    values = [3, 5, 4, N_EDITS - 1]
    log = [Applied(SetParameter("p0", "I_e", v), SetParameter("p0", "I_e", 0), 0) for v in values]
    assert not keeps_order(log, 0)
    assert not keeps_order(log[:2], 0)
    assert keeps_order([log[0], log[2], log[3]], 0)


def burst(session: Session) -> int:
    """Move a slider 1000 times in about a second; return how many edits were applied."""
    began = time.perf_counter()
    for k in range(1000):
        future = session.set("g", 4.0 + k / 500)
        time.sleep(max(0.0, began + (k + 1) * 1e-3 - time.perf_counter()))
    future.result(LIMIT_S)
    seconds = max(1.0, time.perf_counter() - began)
    return round(len(session.history.log) / seconds)


def test_a_burst_of_slider_events_becomes_few_edits() -> None:
    with Session(ReferenceEngine(balanced())) as session:
        session.run()
        assert 2 <= burst(session) <= 20
        assert session.network.knob_values["g"] == 4.0 + 999 / 500


def test_planted_eagerness_is_found(monkeypatch) -> None:
    monkeypatch.setattr(edit_queue, "SHORTEST_INTERVAL", 0.0)
    with Session(ReferenceEngine(balanced())) as session:
        session.run()
        assert burst(session) > 20


# --- trouble --------------------------------------------------------------------------------------


def test_an_edit_that_the_engine_cannot_make_is_told_and_undone() -> None:
    with Session(Stubborn(balanced())) as session:
        session.run()
        good, bad = session.set("g", 4), session.set("g", 13)
        assert bad.exception(LIMIT_S) is not None
        assert good.exception(LIMIT_S) in (None, bad.exception())
        next_good = session.set("g", 14)
        assert next_good.result(LIMIT_S).edit.value == 14
        assert session.state is SessionState.RUNNING
        assert any("Try 12 or 14." in message.text for message in session.messages)
        assert 13 not in [applied.edit.value for applied in session.history.log]


def test_a_cancelled_edit_is_not_made(monkeypatch) -> None:
    monkeypatch.setattr(edit_queue, "SHORTEST_INTERVAL", 1.0)
    with Session(ReferenceEngine(balanced())) as session:
        session.set("g", 4).result(LIMIT_S)
        assert session.set("g", 9).cancel()  # it waits, for g was changed a moment ago
        session.set("J", 0.6).result(LIMIT_S)
        assert session.network.knob_values["g"] == 4


# --- replay ---------------------------------------------------------------------------------------


def replay(make_engine, start: Network, log: Sequence[Applied], stop: int):  # type: ignore[no-untyped-def]
    """Run a fresh session to `stop`, making the edits of `log` at their steps."""
    with Session(make_engine(start)) as session:
        for applied in log:
            session.run_until(applied.step * session.dt).wait(LIMIT_S)
            session.apply(applied.edit).result(LIMIT_S)
        session.run_until(stop * session.dt).wait(LIMIT_S)
        return session.spikes()


def edited_live(session: Session) -> None:
    """Change this and that while it runs, as a user would."""
    session.speed = 1.0
    session.run()
    for k in range(5):
        time.sleep(0.02)
        session.set("g", 3.0 + k)
        session.set("exc", "tau_m", 15.0 + k)
        session.set("to_exc", "rate", 3000 + 200 * k)
    session.undo()
    session.apply(Several((SetParameter("", "J", 0.6), SetParameter("", "rate", 2500))))
    session.apply(RemoveStimulus("to_inh")).result(LIMIT_S)
    time.sleep(0.02)
    session.pause()


def test_the_log_of_a_live_run_repeats_it(make_engine) -> None:
    with Session(make_engine(balanced())) as session:
        edited_live(session)
        found, log = session.spikes(), session.history.log
        assert same(found, replay(make_engine, balanced(), log, session.step))
        late = [Applied(a.edit, a.inverse, a.step + 1) for a in log]
        assert not same(found, replay(make_engine, balanced(), late, session.step))


# --- structure ------------------------------------------------------------------------------------


def test_structure_changes_while_it_runs(session) -> None:
    session.run()
    session.apply(AddPopulation(Population("new", 10, "LIFDelta"))).result(LIMIT_S)
    session.pause()
    projection = Projection("exc", "new", FixedIndegree(5), 0.5, 1.5)
    session.apply(AddProjection(projection)).result(LIMIT_S)
    session.run(20).wait(LIMIT_S)
    recording = session.recording
    assert [s.network.n_neurons for s in recording.sections] in ([100, 110], [110])
    assert recording.frames[-1].counts.size == 3
    assert any("structure changed" in message.text for message in session.messages)


# --- what somebody waits for goes first -----------------------------------------------------------


class Diary(ReferenceEngine):
    """Notes what it is asked, in order."""

    def __init__(self, network: Network) -> None:
        self.asked: list[tuple[str, int]] = []
        super().__init__(network)

    def advance(self, n_steps: int) -> Frame:
        self.asked.append(("advance", n_steps))
        return super().advance(n_steps)

    def apply(self, network: Network) -> None:
        super().apply(network)
        self.asked.append(("apply", 0))


def _noting(function, asked):
    """The same function, which notes that it was called."""

    def noted(*args, **more):
        asked.append((function.__name__, 0))
        return function(*args, **more)

    return noted


@pytest.fixture
def diary(monkeypatch):
    """The engine of a session that would keep a checkpoint after every call."""
    engine = Diary(balanced(100))
    with Session(engine) as session:
        simulation = session._simulation
        monkeypatch.setattr(simulation.keeper._interval, "ran", lambda seconds: True)
        for owner, name in ((simulation.keeper, "take"), (simulation.outlet.hub, "publish")):
            monkeypatch.setattr(owner, name, _noting(getattr(owner, name), engine.asked))
        yield session, engine.asked


def test_the_picture_of_an_edit_goes_before_a_checkpoint(diary) -> None:
    session, asked = diary
    session.run()
    assert eventually(lambda: asked.count(("take", 0)) > 5)
    session.set("g", 6).result(LIMIT_S)
    assert eventually(lambda: "take" in [what for what, _ in asked[asked.index(("apply", 0)) :]])
    session.pause()
    after = [what for what, _ in asked[asked.index(("apply", 0)) + 1 :]]
    assert after[:3] == ["advance", "publish", "take"]


def test_no_checkpoint_is_kept_while_an_edit_waits(diary, monkeypatch) -> None:
    monkeypatch.setattr(edit_queue, "SHORTEST_INTERVAL", 0.5)
    session, asked = diary
    session.run()
    session.set("g", 6).result(LIMIT_S)
    second = session.set("g", 7)
    begun = len(asked)
    second.result(LIMIT_S)
    session.pause()
    last = len(asked) - 1 - asked[::-1].index(("apply", 0))
    between = [what for what, _ in asked[begun + 2 : last]]
    assert between.count("advance") > 5
    assert "take" not in between


def test_the_first_call_after_an_edit_is_short(diary) -> None:
    session, asked = diary
    simulation = session._simulation
    simulation._chunk.measured = lambda n_steps, wall_s: None
    simulation._chunk.steps = 40
    session.run()
    assert eventually(lambda: ("advance", 40) in asked)
    session.set("g", 6).result(LIMIT_S)
    at = asked.index(("apply", 0))
    assert eventually(lambda: len([n for what, n in asked[at:] if what == "advance"]) > 3)
    session.pause()
    lengths = [n for what, n in asked[at:] if what == "advance"]
    assert lengths[:3] == [10, 40, 40]
