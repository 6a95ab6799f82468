"""Integer sums of synaptic input never overflow; what has to be limited is counted and told."""

import numpy as np
import pytest

from snnlab.arrays import engine as array_engine
from snnlab.build import fixed_point, tables
from snnlab.build.fixed_point import ROOM_UNDER_WAY
from snnlab.cpu.engine import CpuEngine
from snnlab.frames.health import Kind
from snnlab.model.connectivity import AllToAll
from snnlab.model.distribution import ClippedNormal
from snnlab.model.edits import SetParameter, Several
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import SpikeTrains

pytestmark = pytest.mark.usefixtures("both_engines")

N = 700
T_EARLY, T_LATE, T_ARRIVAL = 1.0, 4.0, 6.0


def volleys(early=1000.0, late=1.0, late_times=(T_LATE,)) -> Network:
    """Two groups that fire all at once at two times and arrive in the same step."""
    sources = [Population(name, N, "SpikeSource") for name in ("early", "late")]
    target = Population("target", 130, "LIFExp", {"V_th": 900.0})
    given = [
        SpikeTrains(f"to_{name}", name, times * N, tuple(n for n in range(N) for _ in times))
        for name, times in (("early", (T_EARLY,)), ("late", late_times))
    ]
    projections = [
        Projection("early", "target", AllToAll(), early, T_ARRIVAL - T_EARLY),
        Projection("late", "target", AllToAll(), late, T_ARRIVAL - T_LATE),
    ]
    return Network([*sources, target], projections, stimuli=given, name="volleys")


def weights(early: float, late: float) -> Several:
    """Change both weights at once."""
    values = (("early", early), ("late", late))
    return Several(tuple(SetParameter(f"{name}->target", "weight", w) for name, w in values))


def arriving(engine: CpuEngine, t: float) -> np.ndarray:
    """Advance until the volleys have just arrived; return I_exc."""
    engine.advance(round(t / 0.1) - engine.step)
    return engine.checkpoint().arrays["state/target"][1]


@pytest.mark.parametrize("weight", [1e-3, 0.7, 333.3, 1e6, ClippedNormal(100.0, 50.0, low=0.0)])
def test_all_synapses_at_once_do_not_overflow(weight):
    engine = CpuEngine(volleys(weight, weight))
    current = arriving(engine, T_ARRIVAL)
    mean = weight if isinstance(weight, float) else 102.8  # the mean of the clipped one
    np.testing.assert_allclose(current, 2 * N * mean, rtol=0.08)


def test_all_synapses_at_once_overflow_where_the_range_is_too_small(monkeypatch):
    """The test above can fail: at exponents two higher the sum wraps around."""
    monkeypatch.setattr(tables, "exponent_for", lambda s: fixed_point.exponent_for(s) + 2)
    current = arriving(CpuEngine(volleys(333.3, 333.3)), T_ARRIVAL)
    assert abs(current / (2 * N * 333.3) - 1).min() > 0.5


def test_a_spike_given_many_times_is_one_spike():
    once, often = CpuEngine(volleys()), CpuEngine(volleys(late_times=(T_LATE,) * 33))
    a, b = once.advance(100), often.advance(100)
    np.testing.assert_array_equal(a.neuron, b.neuron)
    assert np.count_nonzero((a.neuron >= N) & (a.neuron < 2 * N)) == N


@pytest.mark.parametrize("threads", [2, 3])
def test_given_spikes_go_to_their_neurons_whatever_the_threads(threads):
    one, more = CpuEngine(volleys(), threads=1), CpuEngine(volleys(), threads=threads)
    a, b = one.advance(100), more.advance(100)
    np.testing.assert_array_equal(a.step, b.step)
    np.testing.assert_array_equal(a.neuron, b.neuron)


def edited(threads=1):
    """Lower the weights of input that is under way; return what arrived with the late volley."""
    network = volleys(1000.0, 1.0)
    engine = CpuEngine(network, threads=threads)
    engine.advance(30)
    engine.apply(weights(0.001, 1.0).apply(network))
    frame = engine.advance(5)
    return engine, frame.health, arriving(engine, T_ARRIVAL)


def test_input_under_way_is_limited_and_told_when_weights_are_lowered():
    engine, health, current = edited()
    (trouble,) = health
    assert (trouble.kind, trouble.population, trouble.n_neurons) == (Kind.SATURATION, "target", 130)
    assert trouble.t == pytest.approx(3.0)
    assert "input at 'exc': must be <= " in trouble.text
    assert "change the weights by less at a time" in trouble.text
    room = ROOM_UNDER_WAY * engine._arrays.drive.scale[2, 0]
    np.testing.assert_allclose(current, room + N, rtol=1e-3)
    assert engine.advance(100).health == ()


def test_limiting_does_not_depend_on_threads():
    one, two = edited(1), edited(2)
    assert repr(one[1]) == repr(two[1])
    np.testing.assert_array_equal(one[2], two[2])


def test_without_the_limit_the_input_turns_its_sign(monkeypatch):
    monkeypatch.setattr(array_engine, "limit_input", lambda built, step: ())
    _, health, current = edited()
    assert health == ()
    assert (current < 0).all()


def test_small_changes_of_weights_limit_nothing():
    network = volleys(10.0, 10.0)
    engine, sound = CpuEngine(network), CpuEngine(network)
    engine.advance(30)
    engine.apply(weights(12.0, 9.0).apply(network))
    current = arriving(engine, T_ARRIVAL)
    np.testing.assert_allclose(current, N * (10.0 + 9.0), rtol=1e-4)
    np.testing.assert_allclose(arriving(sound, T_ARRIVAL), N * 20.0, rtol=1e-4)
