"""Statistics of a selection are those of its spikes alone; rhythms are found where they are."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.irregularity import cv, fano_factor, mean_cv
from snnlab.analysis.selection import MOST_PAIRED, selection_statistics
from snnlab.errors import SpecError
from tests.unit.analysis.trains import flat, random_trains


def test_others_and_other_times_do_not_count() -> None:
    trains = random_trains(60, seed=2)
    times, neuron = flat(trains)
    found = selection_statistics(times, neuron, first=10, last=39, t_start=200.0, t_stop=700.0)
    mine = (neuron >= 10) & (neuron < 40) & (times > 200.0) & (times <= 700.0)
    t, ids = times[mine], neuron[mine] - 10
    assert (found.n_neurons, found.n_spikes) == (30, mine.sum())
    assert found.n_active == np.unique(ids).size
    assert found.rate == pytest.approx(mine.sum() / 30 / 0.5)
    assert found.cv == pytest.approx(mean_cv(t, ids, 30))
    assert found.intervals.size == (np.bincount(ids)[np.bincount(ids) > 0] - 1).sum()
    fano = fano_factor(t, ids, 30, t_start=200.0, t_stop=700.0, window=50.0)
    assert found.fano == pytest.approx(np.nanmean(fano))


def test_clocks_that_beat_together() -> None:
    beat = np.arange(25.0, 1000.1, 25.0)
    times, neuron = np.tile(beat, 20), np.repeat(np.arange(20), beat.size)
    found = selection_statistics(times, neuron, first=0, last=19, t_start=0.0, t_stop=1000.0)
    assert found.rate == pytest.approx(40.0)
    assert found.isi_mean == pytest.approx(25.0)
    assert found.cv == pytest.approx(0.0, abs=1e-12)
    assert found.cv2 == pytest.approx(0.0, abs=1e-12)
    assert found.correlation == pytest.approx(1.0)
    assert found.peak % 40.0 == pytest.approx(0.0, abs=4.0)


def test_poisson_neurons() -> None:
    rng = np.random.default_rng(3)
    n, seconds, rate = 400, 20.0, 20.0
    times = rng.uniform(0.0, 1000.0 * seconds, rng.poisson(n * seconds * rate))
    neuron = rng.integers(0, n, times.size)
    found = selection_statistics(
        times, neuron, first=0, last=n - 1, t_start=0.0, t_stop=1000.0 * seconds
    )
    assert found.n_paired == MOST_PAIRED
    # Five standard errors each; CV of 400 intervals is 0.2 % below 1 on average.
    assert found.rate == pytest.approx(rate, abs=5 * np.sqrt(rate / n / seconds))
    assert found.cv == pytest.approx(1.0, abs=0.015)
    assert found.lv == pytest.approx(1.0, abs=0.02)
    assert found.fano == pytest.approx(1.0, abs=0.05)
    assert found.correlation == pytest.approx(0.0, abs=0.002)


def test_too_few_spikes_are_no_numbers() -> None:
    found = selection_statistics([], [], first=3, last=5, t_start=0.0, t_stop=20.0)
    assert (found.n_spikes, found.n_active, found.rate) == (0, 0, 0.0)
    for name in ("isi_mean", "cv", "cv2", "lv", "fano", "correlation", "synchrony", "peak"):
        assert np.isnan(getattr(found, name)), name
    assert found.intervals.size == found.frequency.size == 0
    one = selection_statistics([5.0, 8.0], [3, 3], first=3, last=3, t_start=0.0, t_stop=20.0)
    assert one.isi_mean == 3.0
    assert np.isnan(one.cv)
    assert np.isnan(cv([5.0, 8.0], [0, 0], 1))


@pytest.mark.parametrize("more", [{"last": 1}, {"first": -1}, {"t_stop": 5.0}])
def test_nothing_is_selected(more: dict[str, float]) -> None:
    settings = {"first": 2, "last": 4, "t_start": 5.0, "t_stop": 9.0} | more
    with pytest.raises(SpecError, match="selection"):
        selection_statistics([1.0], [1], **settings)


def test_spikes_at_the_ends_are_told_by_their_steps() -> None:
    """``3 * 0.1 > 0.3``: rounding must not decide whether a spike at an end counts."""
    steps = np.arange(1, 2001)
    for start in range(0, 1000, 7):
        found = selection_statistics(
            steps * 0.1, np.zeros(2000), first=0, last=0, t_start=start / 10,
            t_stop=round((start + 300) * 0.1, 1),
        )  # fmt: skip
        assert found.n_spikes == 300
