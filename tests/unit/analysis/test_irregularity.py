"""Irregularity against closed forms and against loops over every train."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.analysis.irregularity import cv, cv2, fano_factor, isi, lv, mean_cv
from snnlab.errors import SpecError
from tests.unit.analysis.trains import T_STOP, flat, random_trains

TRAINS = random_trains(1000, seed=2)
TIMES, NEURON = flat(TRAINS)
Train = NDArray[np.float64]


def loop_cv(train: Train) -> float:
    intervals = np.diff(train)
    return intervals.std() / intervals.mean() if len(train) >= 3 else np.nan


def loop_cv2(train: Train) -> float:
    a = np.diff(train)
    pairs = range(len(a) - 1)
    values = [2 * abs(a[k + 1] - a[k]) / (a[k + 1] + a[k]) for k in pairs]
    return np.mean(values) if values else np.nan


def loop_lv(train: Train) -> float:
    a = np.diff(train)
    values = [3 * ((a[k] - a[k + 1]) / (a[k] + a[k + 1])) ** 2 for k in range(len(a) - 1)]
    return np.mean(values) if values else np.nan


@pytest.mark.parametrize(("measure", "loop"), [(cv, loop_cv), (cv2, loop_cv2), (lv, loop_lv)])
def test_same_as_a_loop_over_the_trains(measure: Callable, loop: Callable) -> None:
    expected = [loop(train) for train in TRAINS]
    found = measure(TIMES, NEURON, len(TRAINS))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.isnan(found[[0, 1, 2]]).all()


def test_intervals_are_those_of_every_train() -> None:
    interval, neuron = isi(TIMES, NEURON)
    np.testing.assert_allclose(interval, np.concatenate([np.diff(train) for train in TRAINS]))
    expected = np.repeat(np.arange(1000), [max(len(train) - 1, 0) for train in TRAINS])
    np.testing.assert_array_equal(neuron, expected)


@pytest.mark.parametrize("times", [[], [1.0], [1.0, 2.0]])
def test_too_few_spikes_give_nan(times: list[float]) -> None:
    neuron = [0] * len(times)
    for measure in (cv, cv2, lv):
        assert np.isnan(measure(times, neuron, 2)).all()
    assert np.isnan(mean_cv(times, neuron, 2))


def test_more_spikes_can_be_asked_for() -> None:
    found = cv(TIMES, NEURON, len(TRAINS), min_spikes=10)
    np.testing.assert_array_equal(np.isfinite(found), [len(train) >= 10 for train in TRAINS])


@pytest.mark.parametrize(("measure", "value"), [(cv, 0.0), (cv2, 0.0), (lv, 0.0)])
def test_clock_is_regular(measure: Callable, value: float) -> None:
    times = np.arange(1.0, 100.0)
    assert measure(times, np.zeros(99), 1)[0] == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("measure", [cv, cv2, lv])
def test_poisson_process_is_at_one(measure: Callable) -> None:
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.exponential(10.0, 200_000))
    # Three values for each of 200 000 intervals: standard errors are below 0.003.
    assert measure(times, np.zeros(times.size), 1)[0] == pytest.approx(1.0, abs=0.015)


@pytest.mark.parametrize(("measure", "value"), [(cv, 1 / 3), (cv2, 2 / 3), (lv, 1 / 3)])
def test_alternating_intervals_have_closed_forms(measure: Callable, value: float) -> None:
    times = np.cumsum([0.0] + [5.0, 10.0] * 5000)
    assert measure(times, np.zeros(times.size), 1)[0] == pytest.approx(value, rel=1e-9)


def test_gamma_process_has_the_cv_of_its_shape() -> None:
    times = np.cumsum(np.random.default_rng(4).gamma(4.0, 2.5, 100_000))
    assert mean_cv(times, np.zeros(times.size), 1) == pytest.approx(0.5, abs=0.01)


def test_mean_is_over_neurons_with_enough_spikes() -> None:
    assert mean_cv(TIMES, NEURON, 1000) == pytest.approx(
        np.nanmean([loop_cv(train) for train in TRAINS])
    )


def test_coincident_spikes_give_no_number_instead_of_a_warning() -> None:
    assert np.isnan(cv([1.0, 1.0, 1.0], [0, 0, 0], 1)).all()
    assert cv2([1.0, 1.0, 1.0], [0, 0, 0], 1)[0] == 0.0


@pytest.mark.parametrize("window", [50.0, 100.0, 333.0])
def test_fano_factor_is_that_of_a_loop(window: float) -> None:
    found = fano_factor(TIMES, NEURON, 1000, t_start=0.0, t_stop=T_STOP, window=window)
    width = round(window * 10)
    for train, factor in zip(TRAINS, found, strict=True):
        steps = np.round(train * 10).astype(int)
        n = int(T_STOP * 10) // width
        counts = np.array([np.sum((steps > k * width) & (steps <= (k + 1) * width))
                           for k in range(n)])  # fmt: skip
        expected = counts.var() / counts.mean() if counts.any() else np.nan
        np.testing.assert_allclose(factor, expected, rtol=1e-12)


def test_fano_factor_of_nothing() -> None:
    assert np.isnan(fano_factor([], [], 2, t_start=0.0, t_stop=10.0, window=100.0)).all()
    with pytest.raises(SpecError):
        fano_factor([], [], 2, t_start=0.0, t_stop=10.0, window=0.0)


def test_arrays_of_different_lengths_are_refused() -> None:
    with pytest.raises(SpecError, match=r"shapes \(2,\) and \(1,\)"):
        isi([1.0, 2.0], [0])


@pytest.mark.parametrize("most", [50, 70_000])
def test_order_of_spikes_in_time_makes_no_difference(most: int) -> None:
    rng = np.random.default_rng(4)
    neuron, times = rng.integers(-3, most, 5000), np.sort(rng.integers(0, 900, 5000) * 0.1)
    interval, ids = isi(times, neuron)
    shuffled = rng.permutation(5000)
    other, other_ids = isi(times[shuffled], neuron[shuffled])
    assert (interval == other).all()
    assert (ids == other_ids).all()


def test_cv_is_the_same_to_the_bit_in_any_order_of_spikes() -> None:
    rng = np.random.default_rng(4)
    neuron, times = rng.integers(0, 90, 5000), np.sort(rng.random(5000)) * 900.0
    shuffled = rng.permutation(5000)
    found = cv(times[shuffled], neuron[shuffled], 90)
    np.testing.assert_array_equal(found, cv(times, neuron, 90))


@pytest.mark.parametrize("neuron", [2, -1])
def test_neurons_beyond_the_last_are_refused(neuron: int) -> None:
    with pytest.raises(SpecError, match=rf"neuron\[1\]: must be in 0 \.\.\. 1 \(got {neuron}\)"):
        cv([1.0, 2.0], [0, neuron], 2)
