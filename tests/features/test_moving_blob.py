"""A bump of rates jumps when it should, on every engine and however a run is cut."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab.arrays.engine import ArrayEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import AddStimulus, RemoveStimulus, SetParameter
from snnlab.model.network import Network, Population
from snnlab.model.neurons import PoissonSource
from snnlab.model.stimuli import MovingBlob
from tests.blobs import TORUS, N, driven
from tests.networks import spikes

pytestmark = pytest.mark.usefixtures("both_engines")

CERTAIN = {"base": 0.0, "peak": 1e4, "sigma": 0.05, "interval": 0.7}
"""The neuron in the centre fires in every step of 0.1 ms, and no other."""


def sources(**fields: object) -> Network:
    source = Population("source", N, "PoissonSource", space=TORUS)
    return Network([source], stimuli=[MovingBlob("blob", "source", **fields)])


def centres(engine: ArrayEngine, n_steps: int) -> list[int]:
    rates = engine._arrays.scheduled[0].schedules[0]
    return [rates.centre(step) for step in range(n_steps)]


@pytest.mark.parametrize("chops", [(100,), (6, 1, 1, 6, 7, 13, 66), (1,) * 30 + (70,)])
def test_the_bump_is_in_its_centre_in_every_single_step(chops: tuple[int, ...]) -> None:
    engine = CpuEngine(sources(**CERTAIN), threads=2)
    found = spikes(engine, chops)
    np.testing.assert_array_equal(found[:, 0], np.arange(100))
    np.testing.assert_array_equal(found[:, 1], centres(engine, 100))
    assert np.unique(found[:, 1]).size > 8


def test_a_run_goes_on_from_the_middle_of_an_interval() -> None:
    engine = CpuEngine(sources(**CERTAIN), threads=1)
    engine.advance(24)
    kept = engine.checkpoint()
    other = CpuEngine(sources(**CERTAIN), threads=2)
    other.advance(3)
    other.restore(kept)
    for each in (engine, other):
        np.testing.assert_array_equal(spikes(each, [10])[:, 1], centres(each, 34)[24:])
    engine.restore(kept)
    np.testing.assert_array_equal(spikes(engine, [10])[:, 1], centres(engine, 34)[24:])


@pytest.mark.parametrize("chops", [(1, 22, 1, 200, 176), (23, 23, 354), (399, 1)])
def test_neither_threads_nor_chops_matter(chops: tuple[int, ...]) -> None:
    whole = spikes(CpuEngine(driven(), threads=1), [400])
    np.testing.assert_array_equal(spikes(CpuEngine(driven(), threads=2), chops), whole)
    assert np.bincount(whole[:, 1] >= 30 + N, minlength=2).min() > 100


@pytest.mark.statistics
def test_spikes_have_the_statistics_of_the_rates() -> None:
    """Counts of an interval are binomial with the rates of that interval: z has mean 0, sd 1.

    With 100 intervals of 144 neurons both tests fail by chance with probability 1e-5.
    """
    engine = CpuEngine(sources(base=20.0, interval=50.0), threads=2)
    rates = engine._arrays.scheduled[0].schedules[0]
    z = []
    for k in range(100):
        counts = np.bincount(engine.advance(500).neuron, minlength=N)
        p = rates.added(500 * k, slice(None)) * 1e-4
        z.append((counts - 500 * p) / np.sqrt(500 * p * (1 - p)))
    total = np.sum(z) / np.sqrt(np.size(z))
    assert abs(total) < stats.norm.isf(0.5e-5)
    # The fourth moment of a binomial count of mean m is 3 + about 1 / m; m is at least 1 here.
    assert abs(np.mean(np.square(z)) - 1.0) < stats.norm.isf(0.5e-5) * np.sqrt(3.0 / np.size(z))


@pytest.mark.statistics
def test_neighbours_fire_together_unless_the_rates_are_flat() -> None:
    """At equal mean rates; 0.41 is expected of neighbours with these numbers, and 0 if flat.

    A correlation of 0 has a standard error of 0.07 / 12 here: of 200 counts, mean of 144 pairs.
    """
    correlation, mean = {}, {}
    for is_correlated in (True, False):
        engine = CpuEngine(sources(is_correlated=is_correlated, interval=20.0), threads=2)
        counts = np.array(
            [np.bincount(engine.advance(200).neuron, minlength=N) for _ in range(200)]
        )
        near = [np.corrcoef(counts[:, i], counts[:, (i + 1) % N])[0, 1] for i in range(N)]
        correlation[is_correlated], mean[is_correlated] = np.mean(near), counts.mean() / 0.02
    assert correlation[True] > 0.3
    assert abs(correlation[False]) < 5 * 0.07 / 12
    # 200 x 144 counts of mean 0.64 (31.7 Hz): 5 standard errors, of the blob's Poisson part.
    assert mean[False] == pytest.approx(mean[True], abs=2 * 5 * np.sqrt(0.64 / 28_800) / 0.02)


def test_blobs_add_to_each_other_and_to_the_rate() -> None:
    network = driven()
    both = AddStimulus(MovingBlob("more", "source", 1.0, 10.0, 3.0, 5.0)).apply(network)
    engine = CpuEngine(both, threads=1)
    source = next(s for s in engine._arrays.scheduled if s.population.name == "source")
    expected = 3.0 + sum(schedule.added(100, slice(None)) for schedule in source.schedules)
    np.testing.assert_allclose(source.numbers(100).varying["rate"], expected)
    assert len(source.schedules) == 2


EDITS = {
    "number": SetParameter("blob", "peak", 40.0),
    "width": SetParameter("blob", "sigma", "3.5 um"),
    "interval": SetParameter("blob", "interval", 1.1),
    "tile": SetParameter("blob", "tile", (6.0, 4.0)),
    "flat": SetParameter("blob", "is_correlated", False),
    "own rate": SetParameter("source", "rate", 40.0),
    "removed": RemoveStimulus("blob"),
    "added": AddStimulus(MovingBlob("more", "source", 1.0, 10.0, 3.0, 5.0)),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_act_at_once_and_can_be_undone(name: str) -> None:
    engine, undisturbed = CpuEngine(driven(), threads=2), CpuEngine(driven(), threads=1)
    engine.advance(50)
    undisturbed.advance(50)
    inverse = EDITS[name].inverse(engine.network)
    edited = EDITS[name].apply(engine.network)
    engine.apply(edited)
    kept = engine.checkpoint()
    built = CpuEngine(edited, threads=1)
    built.restore(kept)
    changed = spikes(engine, [100])
    np.testing.assert_array_equal(changed, spikes(built, [100]))
    assert not np.array_equal(changed, spikes(undisturbed, [100]))
    engine.restore(kept)
    engine.apply(inverse.apply(engine.network))
    undisturbed = CpuEngine(driven(), threads=1)
    undisturbed.advance(50)
    np.testing.assert_array_equal(spikes(engine, [200]), spikes(undisturbed, [200]))


def test_a_change_leaves_the_numbers_of_other_populations_alone(monkeypatch) -> None:
    engine = CpuEngine(driven(), threads=1)
    derived = []
    usual = PoissonSource.derive
    monkeypatch.setattr("snnlab.arrays.built.drawn_parameters", None)
    monkeypatch.setattr(PoissonSource, "derive", lambda p, dt: derived.append(1) or usual(p, dt))
    engine.advance(24)
    assert len(derived) == 1
    engine.advance(22)
    assert len(derived) == 2
