"""Going back in a run, and running on gives the spikes of the first time, edits included."""

from __future__ import annotations

import math
import time
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snnlab import launch
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import FormatError, NumericalInstability, SpecError, StateError
from snnlab.frames.frame import Frame
from snnlab.interop.checkpoint_file import load_checkpoint
from snnlab.model.edits import AddPopulation
from snnlab.model.network import Population
from snnlab.session import Session, SessionState
from snnlab.session.keeper import Keeper
from snnlab.session.route import Route
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, has_gap, same, spikes_after


def everything(session: Session) -> tuple[np.ndarray, ...]:
    """Step, neuron and recorded voltages of the whole recording, over all sections."""
    frames = [frame for section in session.recording.sections for frame in section.frames]
    samples = [frame.samples["voltage"] for frame in frames]
    columns = (
        [frame.step for frame in frames], [frame.neuron for frame in frames],
        [s.steps for s in samples], [s.values.ravel() for s in samples],
        [np.array([frame.counts.sum() for frame in frames]).sum(keepdims=True)],
    )  # fmt: skip
    return tuple(np.concatenate(column) for column in columns)


def edited_run(session: Session) -> tuple[np.ndarray, ...]:
    """200 ms with a number changed at 60 ms, a population added at 110 and taken back at 150."""
    session.run(60).wait(LIMIT_S)
    session.set("g", 3.0).result(LIMIT_S)
    session.run(50).wait(LIMIT_S)
    session.apply(AddPopulation(Population("more", 5, "LIFDelta"))).result(LIMIT_S)
    session.run(40).wait(LIMIT_S)
    session.undo().result(LIMIT_S)
    session.run(50).wait(LIMIT_S)
    return everything(session)


def again(session: Session, to: float) -> tuple[np.ndarray, ...]:
    """Go back to `to` [ms] and make the rest of the run once more, with the edits still to come."""
    coming = [applied for applied in session.edits if applied.step > round(to / session.dt)]
    session.rewind(to)
    for applied in coming:
        session.run_until(applied.step * session.dt).wait(LIMIT_S)
        session.apply(applied.edit).result(LIMIT_S)
    session.run_until(200).wait(LIMIT_S)
    return everything(session)


@pytest.mark.parametrize("to", [0.0, 30.0, 60.0, 60.1, 109.9, 110.0, 150.0, 173.3, 200.0])
def test_running_on_gives_the_spikes_of_the_first_time(session, to) -> None:
    first = edited_run(session)
    network = session.network
    assert same(again(session, to), first)
    assert session.network == network
    assert session.state is SessionState.PAUSED


def test_an_edit_that_is_not_made_again_is_missed(session, monkeypatch) -> None:
    """The switch: without the edits on the way, the run is another one."""
    first = edited_run(session)
    follow = Route.follow
    without = lambda route, *rest: follow(  # noqa: E731
        replace(route, edits=route.checkpoint.edits), *rest
    )
    monkeypatch.setattr(Route, "follow", without)
    session.checkpoints.begin(session.checkpoints.first)
    assert not same(again(session, 109.9), first)


@pytest.mark.parametrize("to", ["0.03 s", 60, 93.7, "150 ms"])
def test_the_recording_ends_where_the_run_went_back_to(session, to) -> None:
    first = edited_run(session)
    session.rewind(to)
    stop = session.step
    assert session.t == pytest.approx({"0.03 s": 30.0, "150 ms": 150.0}.get(to, to))
    step, neuron, sampled, values, counts = everything(session)
    n, m = np.searchsorted(first[0], stop), np.searchsorted(first[2], stop, side="right")
    for found, expected in zip(
        (step, neuron, sampled, values), (first[0][:n], first[1][:n], first[2][:m],
                                          first[3][: 2 * m]), strict=True):  # fmt: skip
        np.testing.assert_array_equal(found, expected)
    assert counts.sum() == step.size
    frames = [frame for section in session.recording.sections for frame in section.frames]
    assert frames[-1].t_stop == stop
    assert not has_gap(frames)
    assert session.recording.sections[-1].network.n_neurons == session.network.n_neurons
    assert all(applied.step <= stop for applied in session.edits)


def test_a_checkpoint_is_before_the_edits_of_its_step_and_a_time_after_them(session) -> None:
    session.run(20).wait(LIMIT_S)
    before = session.checkpoint()
    session.set("g", 3.0).result(LIMIT_S)
    after = session.checkpoint()
    session.run(20).wait(LIMIT_S)
    session.rewind(20)
    assert session.network.knob("g").value == 3.0
    session.rewind(before)
    assert session.network.knob("g").value == 5.0
    assert session.edits == ()
    with pytest.raises(StateError, match=r"this run has not passed.*\n.*branch"):
        session.rewind(after)


def test_later_edits_can_be_redone_one_by_one(session) -> None:
    for k, g in enumerate([4.0, 3.0, 2.0]):
        session.run(10).wait(LIMIT_S)
        session.set("g", g).result(LIMIT_S)
        assert len(session.edits) == k + 1
    session.run(10).wait(LIMIT_S)
    session.rewind(15)
    assert session.network.knob("g").value == 4.0
    assert "2 later edits can be redone" in [*session.messages][-1].text
    assert [session.redo().result(LIMIT_S).step for _ in range(2)] == [150, 150]
    assert session.network.knob("g").value == 2.0
    session.rewind(5)
    assert not session.history.can_undo
    assert session.edits == ()


def test_undo_after_going_back(session) -> None:
    session.set("g", 4.0).result(LIMIT_S)
    session.run(20).wait(LIMIT_S)
    session.rewind(10)
    session.undo().result(LIMIT_S)
    assert session.network.knob("g").value == 5.0
    session.rewind(10)
    assert session.network.knob("g").value == 5.0
    assert session.history.can_redo


def test_automatic_checkpoints_shorten_the_way(session, monkeypatch) -> None:
    session._simulation.keeper._interval._every_s = session._simulation.keeper._interval._wait_s = 0
    session._simulation.keeper._interval._largest_share = math.inf
    first = edited_run(session)
    steps = [c.step for c in session.checkpoints]
    assert len(steps) > 4
    assert steps == sorted(steps)
    begins: list[int] = []
    follow = Route.follow
    noted = lambda route, *rest: begins.append(route.checkpoint.step) or follow(route, *rest)  # noqa: E731
    monkeypatch.setattr(Route, "follow", noted)
    assert same(again(session, 173.3), first)
    assert begins == [max(s for s in steps if s <= 1733)]
    assert begins[0] > 0
    session.rewind(100)
    assert max(c.step for c in session.checkpoints) <= 1000


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (-1, "must be >= 0 ms"),
        (float("nan"), "must be >= 0 ms"),
        (float("inf"), "must be >= 0 ms"),
        (20.1, "must be from 0 ms to now, 20 ms"),
        ("20 mV", "mV"),
        ("yesterday", "yesterday"),
        (None, "None"),
        (True, "True"),
    ],
)
def test_what_is_no_moment_of_the_run_is_refused(session, to, words) -> None:
    session.run(20).wait(LIMIT_S)
    with pytest.raises(SpecError, match=words):
        session.rewind(to)
    assert (session.state, session.step) == (SessionState.PAUSED, 200)
    assert session.recording.frames[-1].t_stop == 200


def test_a_run_begins_anew_with_a_reset(session) -> None:
    session.run(20).wait(LIMIT_S)
    old = session.checkpoint()
    session.set("g", 3.0).result(LIMIT_S)
    session.reset()
    session.run(10).wait(LIMIT_S)
    with pytest.raises(StateError, match="must be a checkpoint of this run"):
        session.rewind(old)
    session.rewind(0)
    assert session.network.knob("g").value == 3.0
    session.undo().result(LIMIT_S)
    assert session.network.knob("g").value == 5.0


def test_a_running_session_is_paused_for_it(session) -> None:
    session.run(20).wait(LIMIT_S)
    session.run()
    session.rewind(10)
    assert (session.state, session.step) == (SessionState.PAUSED, 100)


def test_a_closed_session_refuses(session) -> None:
    session.close()
    for refused in (lambda: session.rewind(0), session.checkpoint, session.branch):
        with pytest.raises(StateError, match="must be open"):
            refused()


class Unstable(ReferenceEngine):
    """Fails at every step from 300 on, as long as `fails`."""

    fails = True

    def advance(self, n_steps: int) -> Frame:
        if self.fails and self.step + n_steps > 300:
            raise NumericalInstability("V_m", "must be finite", got="nan", remedy="Smaller dt.")
        return super().advance(n_steps)


def test_going_back_mends_a_failed_session() -> None:
    engine = Unstable(balanced())
    with Session(engine) as session, Session(ReferenceEngine(balanced())) as sound:
        session.run(50)
        with pytest.raises(NumericalInstability):
            session.wait(LIMIT_S)
        with pytest.raises(StateError, match="has not failed"):
            session.checkpoint()
        session.rewind(10)
        assert (session.error, session.state) == (None, SessionState.PAUSED)
        engine.fails = False
        session.run_until(50).wait(LIMIT_S)
        assert same(session.spikes(), spikes_after(sound, [50.0]))


def test_a_failure_on_the_way_is_told_and_can_be_mended() -> None:
    engine = Unstable(balanced())
    engine.fails = False
    with Session(engine) as session:
        session.run(50).wait(LIMIT_S)
        engine.fails = True
        with pytest.raises(NumericalInstability):
            session.rewind(40)
        assert session.state is SessionState.FAILED
        session.rewind(0)
        assert (session.state, session.step, session.recording.n_bytes) == (
            SessionState.PAUSED, 0, 0,
        )  # fmt: skip


def test_closing_ends_a_long_way_back() -> None:
    engine = ReferenceEngine(balanced())
    session = Session(engine)
    session.run(200).wait(LIMIT_S)
    engine.pause_s = 5e-3
    back = session.ask_rewind(190)
    session.close()
    assert session.state is SessionState.CLOSED
    with pytest.raises((StateError, CancelledError)):
        back.result(LIMIT_S)


def test_a_timeout_leaves_the_session_on_its_way() -> None:
    engine = ReferenceEngine(balanced())
    with Session(engine) as session:
        session.run(60).wait(LIMIT_S)
        engine.pause_s = 1e-3
        with pytest.raises(TimeoutError):
            session.rewind(50, timeout=0.01)
        session.rewind(40, timeout=LIMIT_S)
        assert session.step == 400


def test_readers_see_where_the_run_went_back_to(session) -> None:
    with session.subscribe(lossless=True, max_pending=10_000) as reader:
        session.run(30).wait(LIMIT_S)
        session.rewind(12.3)
        session.run(10).wait(LIMIT_S)
        frames = []
        while (frame := reader.take(0)) is not None:
            frames.append(frame)
    back = [k for k in range(1, len(frames)) if frames[k].t_start != frames[k - 1].t_stop]
    assert len(back) == 1
    assert (frames[back[0] - 1].t_stop, frames[back[0]].t_start) == (300, 123)


def share_of_checkpoints(monkeypatch: pytest.MonkeyPatch, every_s: float) -> float:
    """Part of the running time that is spent on checkpoints, measured over 3 s."""
    spent: list[float] = []
    keep = Keeper._keep

    def timed(keeper: Keeper) -> None:
        began = time.perf_counter()
        keep(keeper)
        spent.append(time.perf_counter() - began)

    monkeypatch.setattr(Keeper, "_keep", timed)
    with Session(CpuEngine(balanced(4000, 1000), threads=1), record=False) as session:
        interval = session._simulation.keeper._interval
        if every_s == 0.0:
            interval._every_s, interval._wait_s, interval._largest_share = 0.0, 0.0, math.inf
        session.run()
        time.sleep(3.0)
        session.pause()
    assert spent
    return sum(spent) / 3.0


def test_checkpoints_cost_at_most_5_percent(monkeypatch) -> None:
    assert share_of_checkpoints(monkeypatch, 1.0) < 0.05


def test_planted_haste_costs_more(monkeypatch) -> None:
    usual = share_of_checkpoints(monkeypatch, 1.0)
    assert share_of_checkpoints(monkeypatch, 0.0) > 3 * usual


# --- branches and files -------------------------------------------------------------------------


@pytest.mark.parametrize("at", [None, 0, 110, 133.3])
def test_a_branch_goes_on_as_the_original_would(session, at) -> None:
    first = edited_run(session)
    t = session.t if at is None else at
    with session.branch(at=at) as branch:
        assert branch.t == pytest.approx(t)
        assert branch.name == f"session at {t:g} ms"
        assert [a.edit for a in branch.edits] == [
            a.edit for a in session.edits if a.step * session.dt <= t + 1e-9
        ]
        coming = session.edits[len(branch.edits) :]
        for applied in coming:
            branch.run_until(applied.step * session.dt).wait(LIMIT_S)
            branch.apply(applied.edit).result(LIMIT_S)
        for each in (branch, session):
            each.run_until(230).wait(LIMIT_S)
        ours, theirs = everything(session), everything(branch)
        n = np.searchsorted(ours[0], round(t / session.dt))
        assert theirs[0].size > 0
        np.testing.assert_array_equal(theirs[0], ours[0][n:])
        np.testing.assert_array_equal(theirs[1], ours[1][n:])
    assert same(tuple(c[: first[0].size] for c in ours[:2]), first[:2])


def test_a_branch_and_its_original_leave_each_other_alone(session) -> None:
    session.run(50).wait(LIMIT_S)
    kept = session.checkpoint()
    with session.branch(name="other", at=kept) as branch:
        branch.set("g", 2.0).result(LIMIT_S)
        branch.run(50).wait(LIMIT_S)
        session.run(50).wait(LIMIT_S)
        assert session.network.knob("g").value == 5.0
        assert session.edits == ()
        assert branch.name == "other"
        n = np.searchsorted(session.spikes()[0], 500)
        assert not same(branch.spikes(), tuple(c[n:] for c in session.spikes()))
        branch.rewind(20)
        assert branch.network.knob("g").value == 5.0
        branch.run_until(100).wait(LIMIT_S)
        n = np.searchsorted(session.spikes()[0], 200)
        assert same(branch.spikes(), tuple(c[n:] for c in session.spikes()))


def test_a_file_goes_on_where_it_was_taken(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    with launch.open(balanced(), name="one", threads=2) as session:
        session.run(50).wait(LIMIT_S)
        session.set("g", 3.0).result(LIMIT_S)
        session.run(50).wait(LIMIT_S)
        session.checkpoint(path)
        session.run(50).wait(LIMIT_S)
        expected = session.spikes()
    with launch.open(path, threads=1) as again:
        assert (again.name, again.t) == ("balanced", 100.0)
        assert [a.edit.value for a in again.edits] == [3.0]
        again.run(50).wait(LIMIT_S)
        n = np.searchsorted(expected[0], 1000)
        assert same(again.spikes(), tuple(c[n:] for c in expected))
        assert '"g"' in again.dataset().attrs["edits"]
        again.rewind(20)
        assert again.network.knob("g").value == 5.0
        again.run(30).wait(LIMIT_S)
        again.redo().result(LIMIT_S)
        again.run(100).wait(LIMIT_S)
        n = np.searchsorted(expected[0], 200)
        assert same(again.spikes(), tuple(c[n:] for c in expected))


def test_what_does_not_go_with_a_checkpoint_file(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    with Session(ReferenceEngine(balanced())) as session:
        with pytest.raises(FormatError, match=r"must end in \.checkpoint"):
            session.checkpoint(tmp_path / "run.nc")
        session.checkpoint(path)
    for changes in ({"seed": 3}, {"dt": 0.2}, {"scale": 0.5}):
        with pytest.raises(SpecError, match="must be left as the checkpoint has them"):
            launch.open(path, **changes)
    with pytest.raises(StateError, match="got nothing"):
        launch.open(path)  # the arrays are those of another engine
    with pytest.raises(FormatError, match="a file that is there"):
        launch.open(tmp_path / "other.checkpoint")


def test_state_after_a_redo_of_what_was_taken_back_can_be_opened(session, tmp_path: Path) -> None:
    session.run(10).wait(LIMIT_S)
    session.set("g", 3.0).result(LIMIT_S)
    session.undo().result(LIMIT_S)
    session.run(10).wait(LIMIT_S)
    session.set("J", 0.4).result(LIMIT_S)
    session.rewind(15)
    session.redo().result(LIMIT_S)
    assert [a.how for a in session.edits] == ["made", "undone", "redone"]
    assert session.edits[-1].edit.name == "J"
    session.checkpoint(tmp_path / "a.checkpoint")
    found = load_checkpoint(tmp_path / "a.checkpoint")
    assert found.edits == session.edits
    assert found.network == session.network
