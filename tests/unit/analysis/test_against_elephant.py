"""Statistics are those of Elephant, train by train."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import quantities as pq
from elephant import spike_train_correlation, statistics
from elephant.conversion import BinnedSpikeTrain
from elephant.spectral import welch_psd
from neo import SpikeTrain
from numpy.typing import NDArray

from snnlab.analysis.correlation import pairwise_correlation
from snnlab.analysis.irregularity import cv, cv2, fano_factor, lv
from snnlab.analysis.rates import population_rate
from snnlab.analysis.spectrum import rate_spectrum
from tests.unit.analysis.trains import T_STOP, flat, random_trains

N = 40
CLOSE = {"rtol": 1e-9, "atol": 1e-12, "equal_nan": True}
SPAN = {"t_start": 0.0, "t_stop": T_STOP}


@pytest.fixture(scope="module")
def trains() -> list[NDArray[np.float64]]:
    return random_trains(N, seed=4)


def neo(trains: list[NDArray[np.float64]]) -> list[SpikeTrain]:
    """The same trains a hundredth of a step earlier: its bins begin with their left edge."""
    return [SpikeTrain(t - 1e-3, units=pq.ms, t_start=0 * pq.ms, t_stop=T_STOP * pq.ms)
            for t in trains]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "theirs", "fewest"),
    [(cv, statistics.cv, 3), (cv2, statistics.cv2, 3), (lv, statistics.lv, 3)],
)
def test_irregularity(trains, ours, theirs, fewest) -> None:
    times, neuron = flat(trains)
    expected = [
        float(theirs(np.diff(t))) if t.size >= fewest else np.nan for t in map(np.sort, trains)
    ]
    assert np.isfinite(expected).sum() > N // 2
    np.testing.assert_allclose(ours(times, neuron, N), expected, **CLOSE)


def test_fano_factor_of_windows(trains) -> None:
    times, neuron = flat(trains)
    found = fano_factor(times, neuron, N, **SPAN, window=100.0)
    edges = np.arange(0.0, T_STOP + 1.0, 100.0)
    for k, train in enumerate(neo(trains)):
        pieces = [train.time_slice(a * pq.ms, b * pq.ms)
                  for a, b in pairwise(edges)]  # fmt: skip
        expected = statistics.fanofactor(pieces)
        np.testing.assert_allclose(found[k], expected, **CLOSE)


def test_correlation_of_counts(trains) -> None:
    times, neuron = flat(trains)
    found = pairwise_correlation(times, neuron, N, **SPAN, bin_width=20.0)
    firing = [t for t in neo(trains) if t.size]
    binned = BinnedSpikeTrain(firing, bin_size=20.0 * pq.ms)
    matrix = spike_train_correlation.correlation_coefficient(binned)
    expected = matrix[np.triu_indices(len(firing), k=1)]
    assert expected.size > 300
    np.testing.assert_allclose(found, expected, **CLOSE)


@pytest.mark.parametrize("segment", [None, 100.0])
def test_spectrum_of_the_rate(trains, segment) -> None:
    times, _ = flat(trains)
    frequency, power = rate_spectrum(times, N, **SPAN, segment=segment)
    _, rate = population_rate(times, N, **SPAN)
    n = rate.size // 4 if segment is None else 100
    expected = welch_psd(rate, len_segment=n, fs=1000.0)
    np.testing.assert_allclose(frequency, expected[0], **CLOSE)
    np.testing.assert_allclose(power, expected[1], **CLOSE)
    assert power.max() > 0.0
