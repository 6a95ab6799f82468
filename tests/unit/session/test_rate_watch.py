"""Runaway and silence, from made-up counts alone."""

import math

import numpy as np
import pytest

from snnlab.errors import SpecError
from snnlab.frames.frame import Frame
from snnlab.frames.health import Kind
from snnlab.model.distribution import Uniform
from snnlab.model.edits import RemovePopulation, SetParameter
from snnlab.model.network import Network, Population
from snnlab.session.rate_watch import RateWatch
from snnlab.session.watch import Watch

NETWORK = Network(
    [
        Population("exc", 100, "LIFExp", {"t_ref": 2.0}),
        Population("inh", 50, "LIFExp", {"t_ref": 1.0}),
        Population("noise", 10, "PoissonSource", {"rate": 900.0}),
    ]
)


class Run:
    """Frames of made-up rates, one after the other."""

    def __init__(self, network=NETWORK, watch=None, frame_ms=20.0):
        self.network, self.frame_ms, self.step = network, frame_ms, 0
        self.watch = RateWatch(network, watch or Watch())

    def go(self, ms: float, *rates: float) -> list:
        found = []
        for _ in range(round(ms / self.frame_ms)):
            n_steps = round(self.frame_ms / 0.1)
            pairs = zip(self.network.populations, rates, strict=True)
            counts = [round(p.size * rate * self.frame_ms * 1e-3) for p, rate in pairs]
            none = np.empty(0, np.int64)
            frame = Frame(self.step, self.step + n_steps, 0.1, none, none, np.array(counts))
            self.step += n_steps
            found += self.watch.passed(frame, self.network)
        return found


def test_nothing_is_said_of_rates_as_they_should_be():
    run = Run()
    assert run.go(5000, 8.0, 12.0, 900.0) == []


@pytest.mark.parametrize("frame_ms", [0.1, 1.0, 20.0, 150.0, 500.0])
def test_a_runaway_is_told_once_within_a_second(frame_ms):
    run = Run(frame_ms=frame_ms)
    run.go(300, 100.0, 100.0, 0.0)
    start = run.step
    (trouble,) = run.go(1500, 450.0, 100.0, 0.0)
    assert (trouble.kind, trouble.population) == (Kind.RUNAWAY, "exc")
    assert (trouble.t_stop - start) * 0.1 <= 1000.0
    assert trouble.value >= 400.0
    assert trouble.text.startswith("Population 'exc': rate: must stay below 400 Hz (got ")
    assert "inhibition stronger" in trouble.text


def test_the_bound_is_below_what_refractoriness_allows_and_below_the_highest_rate():
    assert Run().go(1000, 0.0, 490.0, 0.0) == []
    assert [t.population for t in Run().go(1000, 0.0, 510.0, 0.0)] == ["inh"]
    assert [t.population for t in Run(watch=Watch(highest_rate=90.0)).go(1000, 1.0, 100.0, 0.0)]


def test_a_short_burst_is_no_runaway():
    run = Run()
    run.go(500, 10.0, 10.0, 0.0)
    assert run.go(100, 450.0, 10.0, 0.0) == []
    assert run.go(500, 10.0, 10.0, 0.0) == []


def test_a_second_runaway_is_told_again_after_it_has_calmed_down():
    run = Run()
    assert len(run.go(1000, 450.0, 10.0, 0.0)) == 1
    assert run.go(1000, 390.0, 10.0, 0.0) == []
    assert run.go(1000, 450.0, 10.0, 0.0) == []
    assert run.go(1000, 10.0, 10.0, 0.0) == []
    assert len(run.go(1000, 450.0, 10.0, 0.0)) == 1


@pytest.mark.parametrize("frame_ms", [1.0, 20.0, 250.0, 1000.0])
def test_a_population_that_falls_silent_is_told_once(frame_ms):
    run = Run(frame_ms=frame_ms)
    run.go(2000, 8.0, 12.0, 0.0)
    start = run.step
    (trouble,) = run.go(5000, 8.0, 0.0, 0.0)
    assert (trouble.kind, trouble.population, trouble.value) == (Kind.SILENCE, "inh", 0.0)
    assert trouble.t_start == start
    assert 1000.0 <= (trouble.t_stop - start) * 0.1 <= 1000.0 + frame_ms
    assert "must not be silent for 1000 ms after it has fired" in trouble.text
    assert run.go(100, 8.0, 0.0, 0.0) == []
    run.go(2000, 8.0, 12.0, 0.0)
    assert len(run.go(2000, 8.0, 0.0, 0.0)) == 1


def test_in_a_long_frame_the_last_spike_counts_not_its_end():
    watch = RateWatch(NETWORK, Watch())
    step = np.arange(1, 4000, 10)
    neuron = np.where(step < 2000, step % 150, step % 100)  # inh falls silent at 200 ms
    counts = np.array([np.count_nonzero(neuron < 100), np.count_nonzero(neuron >= 100), 0])
    assert watch.passed(Frame(0, 10_000, 0.1, step, neuron, counts), NETWORK) == ()
    none = np.empty(0, np.int64)
    silent = Frame(10_000, 12_500, 0.1, none, none, np.zeros(3, np.int64))
    found = watch.passed(silent, NETWORK)
    assert [(t.population, t.t_start) for t in found] == [("inh", int(step[neuron >= 100][-1]) + 1)]


def test_a_population_that_seldom_fires_is_not_taken_for_silent():
    run = Run(frame_ms=100.0)
    for _ in range(10):
        assert run.go(100, 0.1, 10.0, 0.0) == []
        assert run.go(3000, 0.0, 10.0, 0.0) == []


def test_a_network_that_never_fires_is_told_once():
    run = Run()
    (trouble,) = run.go(10_000, 0.0, 0.0, 900.0)
    assert (trouble.kind, trouble.population) == (Kind.SILENCE, "")
    assert trouble.t == pytest.approx(1000.0)
    assert trouble.text.startswith("Network: rate: must fire within the first 1000 ms (got 0 Hz)")
    sources = Network([Population("noise", 10, "PoissonSource")])
    assert Run(sources).go(3000, 0.0) == []


def test_an_edit_changes_the_bound_and_new_populations_begin_anew():
    run = Run()
    run.go(500, 300.0, 10.0, 0.0)
    run.network = SetParameter("exc", "t_ref", 4.0).apply(NETWORK)
    (trouble,) = run.go(500, 300.0, 10.0, 0.0)
    assert "must stay below 200 Hz" in trouble.text
    run.network = RemovePopulation("inh").apply(run.network)
    assert len(run.go(1000, 300.0, 0.0)) == 1
    drawn = SetParameter("exc", "t_ref", Uniform(2.0, 6.0)).apply(NETWORK)
    assert "must stay below 200 Hz" in Run(drawn).go(500, 300.0, 10.0, 0.0)[0].text


def test_infinity_switches_off():
    off = Watch(highest_rate=math.inf, largest_share=math.inf, silence_ms=math.inf)
    run = Run(watch=off)
    assert run.go(3000, 499.0, 10.0, 0.0) + run.go(5000, 0.0, 0.0, 0.0) == []


def test_numbers_that_cannot_be_meant():
    with pytest.raises(SpecError, match=r"Watch\.silence_ms: must be > 0 \(got -1\)"):
        Watch(silence_ms=-1)
    with pytest.raises(SpecError, match=r"Watch\.highest_rate: must be > 0 \(got nan\)"):
        Watch(highest_rate=math.nan)
