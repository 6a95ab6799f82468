"""Synchrony and correlation: independent neurons, copies of one neuron, and nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.correlation import pairwise_correlation, synchrony
from tests.unit.analysis.trains import T_STOP, flat, random_trains

INTERVAL = {"t_start": 0.0, "t_stop": T_STOP}
TRAINS = random_trains(60, seed=5)
TIMES, NEURON = flat(TRAINS)


def test_synchrony_of_independent_neurons_is_one() -> None:
    times = np.random.default_rng(6).uniform(0.0, 30_000.0, 100_000)
    found = synchrony(times, t_start=0.0, t_stop=30_000.0)
    assert found == pytest.approx(1.0, abs=0.06)  # 10 000 bins: standard error 0.014


def test_synchrony_of_copies_is_their_number() -> None:
    times = np.random.default_rng(7).uniform(0.0, 30_000.0, 10_000)
    one = synchrony(times, t_start=0.0, t_stop=30_000.0)
    assert synchrony(np.tile(times, 8), t_start=0.0, t_stop=30_000.0) == pytest.approx(8 * one)


def test_correlation_is_that_of_a_loop() -> None:
    found = pairwise_correlation(TIMES, NEURON, 60, **INTERVAL, bin_width=2.0)
    edges = np.arange(0, 10_001, 20)
    counts = [np.histogram(np.round(10 * train) - 0.5, edges)[0] for train in TRAINS]
    varying = [count for count in counts if count.var() > 0]
    expected = [
        np.corrcoef(varying[i], varying[j])[0, 1]
        for i in range(len(varying))
        for j in range(i + 1, len(varying))
    ]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_copies_are_fully_correlated() -> None:
    train = TRAINS[11]
    times, neuron = flat([train, train, train])
    np.testing.assert_allclose(pairwise_correlation(times, neuron, 3, **INTERVAL), 1.0)


def test_silence_has_no_synchrony_and_no_pairs() -> None:
    assert np.isnan(synchrony([], **INTERVAL))
    assert pairwise_correlation([], [], 5, **INTERVAL).size == 0
    assert pairwise_correlation([1.0], [0], 5, t_start=0.0, t_stop=1.0).size == 0
