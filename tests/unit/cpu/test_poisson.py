"""Poisson numbers: exact levels, right moments, no trace of how they are drawn."""

import numpy as np
import pytest
from numba import njit
from scipy import stats

from snnlab.arrays.poisson import CDF_SIZE, cumulative, levels, splits
from snnlab.build.layout import BLOCK
from snnlab.cpu.poisson import add_poisson


@njit
def _draw(x, mean_cdf, n_levels, n_splits, stream):
    words = np.zeros(BLOCK, np.uint32)
    count = np.zeros(BLOCK, np.int32)
    for block in range(x.size // BLOCK):
        for split in range(n_splits):
            add_poisson(
                x,
                block * BLOCK,
                words,
                count,
                block,
                7,
                split,
                1,
                stream,
                x.dtype.type(1.0),
                mean_cdf,
                0,
                n_levels,
            )


def draw(mean, n=BLOCK * 2000, stream=3):
    x = np.zeros(n)
    k = splits(mean)
    cdf = cumulative(mean / k)
    _draw(x, cdf, levels(cdf), k, stream)
    return x


@pytest.mark.parametrize("mean", [0.01, 1.0, 24.0])
def test_levels_are_the_distribution(mean):
    expected = stats.poisson.cdf(np.arange(CDF_SIZE - 1), mean)
    np.testing.assert_allclose(cumulative(mean)[:-1] / 2**32, expected, atol=2e-10)


@pytest.mark.statistics
@pytest.mark.parametrize("mean", [0.003, 0.4, 2.3, 9.0, 23.9, 24.1, 200.0])
def test_counts_are_poisson(mean):
    """Chi-square at alpha = 1e-6 for each of seven means."""
    counts = draw(mean).astype(int)
    top = int(stats.poisson.isf(50 / counts.size, mean))
    low = int(stats.poisson.ppf(50 / counts.size, mean))
    edges = np.arange(low, top + 1)
    observed = np.bincount(np.clip(counts, low, top + 1) - low, minlength=edges.size + 1)
    cdf = stats.poisson.cdf(edges, mean)
    expected = np.diff(np.concatenate([[0.0], cdf, [1.0]])) * counts.size
    assert stats.chisquare(observed, expected).pvalue > 1e-6


def test_no_input_at_rate_zero():
    assert not draw(0.0).any()


def test_streams_differ():
    assert not np.array_equal(draw(1.0, stream=3), draw(1.0, stream=4))


@pytest.mark.statistics
def test_neighbours_are_independent():
    x = draw(1.0)
    for lag in (1, 2, 32, 64, 128):
        r = np.corrcoef(x[:-lag], x[lag:])[0, 1]
        assert abs(r) < 5 / np.sqrt(x.size)
