"""Breakpoints pause a run at the very step at which a condition comes to hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from snnlab.analysis.irregularity import mean_cv
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.model.edits import RemovePopulation
from snnlab.model.recorders import StateRecorder
from snnlab.session import (
    CvBeyond,
    Holds,
    RateBeyond,
    SampleBeyond,
    Session,
    SessionState,
    SpikeOf,
    WeightBeyond,
)
from tests.features.session_bench import LIMIT_S
from tests.networks import balanced, plastic

RECORDER = StateRecorder("voltage", "exc", ("V_m",), (0, 1, 2), 0.5)
NETWORK = balanced(300).replace(recorders=(RECORDER,))


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(CpuEngine(NETWORK, threads=1)) as session:
        yield session


@pytest.fixture(scope="module")
def spikes() -> tuple[np.ndarray, np.ndarray]:
    """What happens without breakpoints."""
    with Session(CpuEngine(NETWORK, threads=1)) as session:
        session.run(200).wait(LIMIT_S)
        return session.spikes()


def test_a_spike_pauses_right_after_its_step_and_the_next_one_again(session, spikes) -> None:
    step, neuron = spikes
    mine = step[neuron == 3]
    session.break_when(SpikeOf("exc", 3))
    for expected in mine[:3]:
        session.run(200).wait(LIMIT_S)
        assert session.step == expected + 1
        assert session.hit.step == session.step
        assert session.state is SessionState.PAUSED
        assert session.recording.frames[-1].t_stop == session.step
    session.clear_breakpoints()
    session.run_until(200).wait(LIMIT_S)
    assert session.hit is None
    np.testing.assert_array_equal(session.spikes(), spikes)


def rate(spikes: tuple[np.ndarray, np.ndarray], at: int, window: int) -> float:
    """Rate of exc [Hz] over the last steps."""
    step, neuron = spikes
    n = np.count_nonzero((step >= at - window) & (step < at) & (neuron < 240))
    return n / 240 / (window * 0.1) * 1000.0


@pytest.mark.parametrize("chop", [0.7, 13.0, 200.0])
def test_a_rate_is_looked_at_at_the_same_steps_however_the_run_is_cut(
    session, spikes, chop
) -> None:
    looked = [(at, rate(spikes, at, 200)) for at in range(200, 2001, 20)]
    limit = np.median([r for _, r in looked])
    was = False
    crossings = []
    for at, value in looked:
        if value > limit and not was:
            crossings.append(at)
        was = value > limit
    session.break_when(RateBeyond("exc", above=limit, window=20.0))
    hits = []
    while session.t < 200 - 1e-9:
        session.run(min(chop, 200 - session.t)).wait(LIMIT_S)
        if session.hit is not None:
            hits.append(session.hit.step)
            assert f"above {limit:g} Hz" in session.hit.text
    assert hits == crossings
    assert len(hits) > 1
    np.testing.assert_array_equal(session.spikes(), spikes)


def hits_of(session: Session, condition, chop: float, until: float = 200) -> list[int]:
    """Steps at which it pauses a run that is cut into pieces of this length."""
    session.break_when(condition)
    hits = []
    while session.t < until - 1e-9:
        session.run(min(chop, until - session.t)).wait(LIMIT_S)
        if session.hit is not None:
            assert session.hit.condition == condition
            hits.append(session.hit.step)
    return hits


def crossings(looked: list[tuple[int, bool]]) -> list[int]:
    """Steps at which something comes to hold that did not hold where it was looked at before."""
    was = [False, *(holds for _, holds in looked)]
    return [at for (at, holds), before in zip(looked, was, strict=False) if holds and not before]


@pytest.mark.parametrize("chop", [0.7, 200.0])
def test_a_cv_is_that_of_the_spikes_of_the_window(session, spikes, chop) -> None:
    step, neuron = spikes
    looked = []
    for at in range(1000, 2001, 100):
        is_in = (step >= at - 1000) & (step < at) & (neuron < 240)
        looked.append((at, mean_cv(step[is_in], neuron[is_in], 240)))
    limit = float(np.median([value for _, value in looked]))
    expected = crossings([(at, value < limit) for at, value in looked])
    assert expected
    assert hits_of(session, CvBeyond("exc", below=limit, window=100.0), chop) == expected
    np.testing.assert_array_equal(session.spikes(), spikes)


@pytest.mark.parametrize("chop", [0.7, 200.0])
def test_a_formula_joins_what_is_looked_at(session, spikes, chop) -> None:
    """A quantity stands until it is looked at again: the rate every 10 ms, samples every 0.5 ms."""
    with Session(CpuEngine(NETWORK, threads=1)) as other:
        other.run(200).wait(LIMIT_S)
        frames = other.recording.frames
    steps = np.concatenate([f.samples["voltage"].steps for f in frames])
    highest = np.concatenate([f.samples["voltage"].values[:, 0] for f in frames]).max(axis=-1)
    grid = np.arange(1000, 2001, 100)
    rates = np.array([rate(spikes, at, 1000) for at in grid])
    limit, high = float(np.median(rates)) + 1e-6, float(np.median(highest))
    looked = []
    for at, value in zip(steps, highest, strict=True):
        known = grid[grid <= at]
        is_fast = known.size and rates[known.size - 1] > limit
        looked.append((int(at), bool(is_fast and value > high)))
    expected = crossings(looked)
    assert len(expected) > 1
    formula = f"rate(exc) > {limit!r} and max(exc.V_m) - {high!r} > 0"
    assert hits_of(session, Holds(formula), chop) == expected
    np.testing.assert_array_equal(session.spikes(), spikes)


PLASTIC = plastic()
LEARNING = next(p.name for p in PLASTIC.projections if p.synapse == "STDP")


def mean_weights(until: int, every: int) -> list[tuple[int, float]]:
    """Step and mean weight of the plastic projection, read at a grid of steps."""
    found = []
    with Session(CpuEngine(PLASTIC, threads=1)) as session:
        for at in range(every, until + 1, every):
            session.run_until(at * session.dt).wait(LIMIT_S)
            weights = session.synapses(LEARNING)["weight"].values
            found.append((at, float(weights.astype(np.float64).mean())))
    return found


@pytest.mark.parametrize("chop", [7.3, 60.0])
def test_weights_are_read_at_the_same_steps_however_the_run_is_cut(chop) -> None:
    looked = mean_weights(600, 50)
    limit = float(np.median([value for _, value in looked]))
    over = crossings([(at, value > limit) for at, value in looked])
    under = crossings([(at, value < limit) for at, value in looked])
    assert over or under
    for expected, limits in ((over, {"above": limit}), (under, {"below": limit})):
        with Session(CpuEngine(PLASTIC, threads=1)) as session:
            condition = WeightBeyond(LEARNING, **limits, every=50 * session.dt)
            assert hits_of(session, condition, chop, 600 * session.dt) == expected


def test_weights_that_only_edits_change_are_read_too() -> None:
    """Nothing in this network is plastic; its weights are those of the edits."""
    with Session(CpuEngine(balanced(60), threads=1)) as session:
        (weight,) = set(session.synapses("exc->exc")["weight"].values.tolist())
        session.break_when(WeightBeyond("exc->exc", above=1.5 * weight, every=10.0))
        session.run(25).wait(LIMIT_S)
        assert session.hit is None
        assert session.step == 250
        session.set("exc->exc", "weight", 2 * weight).result(LIMIT_S)
        session.run(25).wait(LIMIT_S)
        assert session.hit is not None
        assert (session.hit.step, session.hit.value) == (300, 2 * weight)


@pytest.mark.parametrize("chop", [7.3, 400.0])
def test_a_formula_may_be_of_the_weights_of_several_projections(chop) -> None:
    """All of them are read at the same steps."""
    with Session(CpuEngine(balanced(60), threads=1)) as session:
        formula = "mean_weight('exc->exc') + mean_weight('inh->exc') < max_weight('exc->inh')"
        assert hits_of(session, Holds(formula), chop, 250) == [1000]


@pytest.mark.parametrize(
    ("formula", "step"),
    [
        ("not rate(exc) > 1e6", 1000),  # a rate is known after 100 ms, a CV after 1 s
        ("not cv(exc) > 5", None),
        ("rate(exc) < 1e6 or cv(exc) > 5", 1000),
        ("not (rate(exc) > 1e6 and cv(exc) > 5)", 1000),
        ("not rate(exc) / (min_weight('exc->exc') - min_weight('exc->exc')) > 1", None),
    ],
)
def test_what_is_not_known_neither_holds_nor_not(formula, step) -> None:
    with Session(CpuEngine(balanced(60), threads=1)) as session:
        found = hits_of(session, Holds(formula), 400.0, 120)
    assert found == ([] if step is None else [step])


def test_a_recorded_value_pauses_where_it_was_sampled(session) -> None:
    session.break_when(SampleBeyond("voltage", "V_m", above=15.0, of="max"))
    session.run(200).wait(LIMIT_S)
    frames = session.recording.frames
    steps = np.concatenate([f.samples["voltage"].steps for f in frames])
    values = np.concatenate([f.samples["voltage"].values[:, 0] for f in frames]).max(axis=-1)
    assert session.hit is not None
    assert session.step == steps[-1]
    assert values[-1] > 15.0
    is_above = values > 15.0
    assert not np.any(is_above[1:-1] & ~is_above[:-2])


def test_readers_see_nothing_beyond_the_breakpoint(session) -> None:
    session.break_when(SpikeOf("exc", 3))
    stops = [frame.t_stop for frame in session.stream(200)]
    assert stops == sorted(stops)
    assert stops[-1] == session.step < 2000


def test_what_is_no_longer_there_pauses_nothing(session) -> None:
    session.break_when(SpikeOf("inh", 3)).break_when(RateBeyond("inh", below=1e-9, window=1.0))
    session.apply(RemovePopulation("inh")).result(LIMIT_S)
    session.run(50).wait(LIMIT_S)
    assert (session.t, session.hit) == (50.0, None)
    assert len(session.breakpoints) == 2


def test_condition_that_is_added_anew_pauses_anew(session) -> None:
    always = RateBeyond("exc", above=1e-9, window=20.0)
    for k in range(3):
        session.break_when(always)
        session.run(100).wait(LIMIT_S)
        assert session.hit is not None
        assert session.t < 100 * (k + 1)
        session.run(1.0).wait(LIMIT_S)
        assert session.hit is None
        session.clear_breakpoints(always)


def test_a_way_back_and_on_again_meets_it_again(session) -> None:
    session.break_when(SpikeOf("exc", 3))
    session.run(200).wait(LIMIT_S)
    first = session.step
    session.rewind(0)
    session.run(200).wait(LIMIT_S)
    assert session.step == first


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: RateBeyond("exc"), "above or below"),
        (lambda: RateBeyond("exc", above=float("nan")), "above or below"),
        (lambda: RateBeyond("exc", above=1.0, window=0.0), "must be > 0 ms"),
        (lambda: SampleBeyond("voltage", "V_m", above=1.0, of="eval"), "existing name"),
        (lambda: CvBeyond("exc", above=1.0, window=-1.0), "must be > 0 ms"),
        (lambda: WeightBeyond("exc", above=1.0, of="sum"), "existing name"),
        (lambda: Holds("rate(exc)"), "must be comparisons"),
        (lambda: Holds("rate(exc) > "), "must be a formula"),
        (lambda: Holds("rate(exc) > __import__('os').getpid()"), "must be made of"),
        (lambda: Holds("eval('1') > 0"), "existing name"),
        (lambda: Holds("rate(1 + 1) > 0"), "must be the name"),
        (lambda: Holds("(rate(exc) > 1) + 1 > 0"), "must be made of"),
        (lambda: Holds("(" * 150 + "1" + ")" * 150), "must be"),
        (lambda: Holds("1 > 0 or " * 40 + "1 > 0"), "at most 300"),
    ],
)
def test_condition_that_cannot_be_meant_is_refused(make, says) -> None:
    with pytest.raises(SpecError, match=says):
        make()


@pytest.mark.parametrize(
    "condition",
    [
        RateBeyond("__import__('os')", above=1.0),
        SampleBeyond("voltage", "no", above=1.0),
        SampleBeyond("no", "V_m", above=1.0),
        SpikeOf("exc", 240),
        SpikeOf("exc", -1),
        CvBeyond("nobody", above=1.0),
        WeightBeyond("nothing", above=1.0),
        Holds("rate(nobody) > 1"),
        Holds("mean(inh.V_m) > 1"),
        Holds("mean_weight('a->b') > 1"),
    ],
    ids=lambda c: str(dataclasses.astuple(c)),
)
def test_condition_on_what_is_not_there_is_refused(session, condition) -> None:
    with pytest.raises(SpecError):
        session.break_when(condition)
    assert session.breakpoints == ()
