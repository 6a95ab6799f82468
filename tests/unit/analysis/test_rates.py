"""Rates against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.rates import binned_counts, mean_rate, neuron_rates, population_rate
from snnlab.errors import SpecError
from tests.unit.analysis.trains import T_STOP, flat, random_trains

TRAINS = random_trains(1000, seed=1)
TIMES, NEURON = flat(TRAINS)


def test_mean_rate_of_one_and_of_several() -> None:
    assert mean_rate(30, 10, 500.0) == 6.0
    np.testing.assert_allclose(mean_rate([30, 0], [10, 5], 500.0), [6.0, 0.0])


def test_neuron_rates_count_every_train() -> None:
    rates = neuron_rates(NEURON, len(TRAINS), T_STOP)
    np.testing.assert_allclose(rates, [len(train) / (T_STOP / 1000.0) for train in TRAINS])


def test_silent_neurons_have_rate_zero() -> None:
    np.testing.assert_array_equal(neuron_rates([], 3, T_STOP), [0.0, 0.0, 0.0])


@pytest.mark.parametrize("bin_width", [0.1, 1.0, 7.0, 300.0])
def test_bins_hold_what_a_loop_counts(bin_width: float) -> None:
    start, stop = 100.0, 900.0
    centre, rate = population_rate(TIMES, 1000, t_start=start, t_stop=stop, bin_width=bin_width)
    steps, width = np.round(TIMES * 10).astype(int), round(bin_width * 10)
    first = np.arange(1000, 9000 - width + 1, width)
    counts = [np.sum((steps > k) & (steps <= k + width)) for k in first]
    np.testing.assert_allclose(centre, (first + width / 2) / 10)
    np.testing.assert_allclose(rate, np.array(counts) / 1000 / (bin_width / 1000.0))


def test_spikes_on_an_edge_belong_to_the_bin_that_ends_there() -> None:
    times = 0.1 * np.arange(1, 31)
    counts = binned_counts(times, np.zeros(30), 1, t_start=0.0, t_stop=3.0, bin_width=0.3)
    np.testing.assert_array_equal(counts, [[3] * 10])


def test_incomplete_bin_is_left_out() -> None:
    centre, rate = population_rate([0.5, 9.5], 1, t_start=0.0, t_stop=10.0, bin_width=4.0)
    np.testing.assert_allclose(centre, [2.0, 6.0])
    np.testing.assert_allclose(rate, [250.0, 0.0])


def test_interval_shorter_than_a_bin_has_none() -> None:
    centre, rate = population_rate([0.5], 1, t_start=0.0, t_stop=1.0, bin_width=4.0)
    assert centre.size == rate.size == 0


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan")])
def test_lengths_must_be_positive(duration: float) -> None:
    with pytest.raises(SpecError, match="duration: must be > 0 ms"):
        mean_rate(1, 1, duration)
    with pytest.raises(SpecError, match="bin_width: must be > 0 ms"):
        population_rate([1.0], 1, t_start=0.0, t_stop=1.0, bin_width=duration)
