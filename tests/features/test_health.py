"""Numerical trouble is found within 50 ms of model time, at the same step whatever the threads."""

import numpy as np
import pytest

from snnlab.arrays import assemble
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import NumericalInstability
from snnlab.frames.decimate import merged
from snnlab.frames.health import Kind
from snnlab.model.distribution import Uniform
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population
from snnlab.model.stimuli import PoissonInput
from snnlab.presets import load
from tests.networks import balanced, layered
from tests.unwell import breaking

pytestmark = pytest.mark.usefixtures("both_engines")


def until_trouble(engine, chops, longest=1000):
    """Advance in pieces until a frame is not well; return it."""
    for n in chops:
        frame = engine.advance(n)
        if frame.health or engine.step >= longest:
            return frame
    return frame


def test_a_division_by_zero_is_found_within_50_ms_and_named():
    engine = CpuEngine(breaking())
    frame = engine.advance(10_000)
    (trouble,) = frame.health
    assert (trouble.kind, trouble.population, trouble.neuron) == (Kind.NOT_FINITE, "broken", 0)
    assert (trouble.variable, trouble.value, trouble.n_neurons) == ("V_m", np.inf, 300)
    assert 25.0 <= trouble.t <= 75.0
    assert trouble.t_start * 0.1 <= 25.0 + 0.1
    assert trouble.t_stop == frame.t_stop == engine.step < 10_000
    assert trouble.text.startswith("Population 'broken', neuron 0: V_m: must be a finite number")
    assert "(got inf mV)" in trouble.text
    assert "300 neurons" in trouble.text
    assert "Make dt (now 0.1 ms) smaller" in trouble.text
    assert isinstance(trouble.as_error(), NumericalInstability)


def test_the_largest_input_under_way_is_told():
    (trouble,) = CpuEngine(breaking(t_break=400.0)).advance(10_000).health
    assert trouble.largest_input in {0.25 * k for k in range(20)}
    assert trouble.input_name == "mV at 'exc'"
    assert "largest input under way" in trouble.text


def test_samples_end_where_the_frame_ends():
    frame = CpuEngine(breaking()).advance(10_000)
    samples = frame.samples["voltage"]
    assert samples.steps[-1] == frame.t_stop
    assert samples.values.shape == (frame.t_stop, 1, 1)


def test_the_first_neuron_is_named_whatever_the_threads_and_the_cutting():
    network = breaking(3000, Uniform(20.0, 400.0))
    found = set()
    for threads, chops in ((1, [5000]), (2, [5000]), (1, [37] * 100), (2, [1] * 500)):
        engine = CpuEngine(network, threads=threads)
        frame = until_trouble(engine, chops)
        found.add(repr(frame.health))
        state = engine.checkpoint().arrays["state/broken"]
        first = np.flatnonzero(~np.isfinite(state[0]))
        assert (frame.health[0].neuron, frame.health[0].n_neurons) == (first[0], first.size)
    assert len(found) == 1
    assert first[0] > 0


def test_nothing_is_found_without_the_look(monkeypatch):
    monkeypatch.setattr(assemble, "_HEALTH_MS", 1e9)
    engine = CpuEngine(breaking())
    assert engine.advance(1000).health == ()
    assert engine.step == 1000


@pytest.mark.parametrize(
    "network", [balanced(), layered(), load("coba", scale=0.5)], ids=lambda network: network.name
)
def test_sound_networks_are_well(network):
    engine = CpuEngine(network, threads=2)
    assert engine.advance(3000).health == ()


def test_padding_is_not_looked_at():
    network = Network(
        [Population("few", 3, "LIFDelta", {"t_ref": 0.0})],
        stimuli=[PoissonInput("noise", "few", rate=1000.0, weight=0.1)],
    )
    engine = CpuEngine(network)
    _spoil(engine, slice(3, None))
    assert engine.advance(500).health == ()
    _spoil(engine, slice(2, 3))
    assert engine.advance(500).health[0].neuron == 2


def _spoil(engine, lanes):
    """Give some lanes of the first block a membrane potential that is no number."""
    engine._collect()
    engine._arrays.words(0)[:, 0, lanes] = np.nan
    engine._hand_over()


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_variable_that_leaves_its_range_is_found_before_it_is_infinite(precision):
    engine = CpuEngine(Network([Population("p", 200, "Grows")]), precision=precision)
    (trouble,) = engine.advance(5000).health
    assert trouble.kind is Kind.OUT_OF_BOUNDS
    assert 1000.0 < trouble.value < np.inf
    assert trouble.t <= 50.0
    assert "V_m: must be >= -1000 mV and <= 1000 mV" in trouble.text


@pytest.mark.parametrize(
    ("neuron", "parameters", "variable"),
    [
        ("Izhikevich", {"V_th": 1e6, "I_e": 200.0}, "V_m"),
        ("Izhikevich", {"d": 5e4, "I_e": 20.0}, "V_m"),
        ("AdEx", {"I_e": -1e6}, "V_m"),
        ("LIFCondExp", {"I_e": -1e6}, "V_m"),
    ],
)
def test_a_model_driven_out_of_its_range_is_found(neuron, parameters, variable):
    population = Population("p", 50, neuron, parameters, {"V_m": Uniform(-70.0, -60.0)})
    engine = CpuEngine(Network([population]))
    frame = engine.advance(5000)
    assert {t.variable for t in frame.health} & {variable}
    assert frame.t_stop * 0.1 <= 50.0


def test_weights_that_are_far_too_strong_are_found():
    network = layered()
    engine = CpuEngine(network)
    engine.advance(200)
    engine.apply(SetParameter("b->a", "weight", -1e7).apply(network))
    trouble = engine.advance(2000).health[0]
    assert (trouble.population, trouble.variable) == ("a", "V_m")
    assert float(trouble.state["I_syn"].removesuffix(" pA")) < -1e5
    assert trouble.t <= 20.0 + 50.0 + 10.0


def test_the_engine_goes_back_and_on_after_trouble():
    network = breaking()
    engine, sound = CpuEngine(network, threads=2), CpuEngine(network, threads=1)
    engine.advance(100)
    kept = engine.checkpoint()
    assert engine.advance(1000).health
    engine.restore(kept)
    again, first = engine.advance(100), sound.advance(200)
    assert again.health == ()
    late = first.step >= 100
    np.testing.assert_array_equal(again.step, first.step[late])
    np.testing.assert_array_equal(again.neuron, first.neuron[late])
    engine.apply(SetParameter("broken", "t_break", 1000.0).apply(network))
    assert engine.advance(1000).health == ()


def test_the_engine_can_go_on_in_spite_of_trouble():
    engine = CpuEngine(breaking())
    steps = [engine.advance(1000).t_stop for _ in range(5)]
    assert steps == sorted(set(steps))


def test_merged_frames_keep_their_troubles():
    engine = CpuEngine(breaking())
    frames = [engine.advance(150), engine.advance(500)]
    assert merged(frames).health == frames[1].health != ()
