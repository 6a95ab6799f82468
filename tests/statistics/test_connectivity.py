"""Degrees of drawn networks follow their distributions: two-level tests over many networks.

Level one: a chi-square test of the degrees of one network. Level two: the p-values of 100 networks
must be uniform (Kolmogorov-Smirnov, alpha = 1e-5 each; 7 tests: false alarm below 1e-4 per run).
"""

import numpy as np
import pytest
from scipy import stats

from snnlab.model.connectivity import (
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    PairwiseBernoulli,
)
from tests.connectivity import edges_of, network_of

ALPHA = 1e-5
N_NETWORKS = 100
N = 120

CASES = {
    "in-degree: sources": (FixedIndegree(40), "source"),
    "in-degree, distinct: sources": (FixedIndegree(40, multapses=False), "source"),
    "out-degree: targets": (FixedOutdegree(40), "target"),
    "total: targets": (FixedTotalNumber(N * 40), "target"),
    "total: sources": (FixedTotalNumber(N * 40), "source"),
}


def degrees(rule, side, seed):
    edges = edges_of(network_of(rule, n_pre=N, n_post=N, seed=seed))
    ids = edges.source if side == "source" else edges.target - N
    return np.bincount(ids, minlength=N)


def spread_p_value(counts, variance):
    """P-value of the sum of squared deviations, chi-square with N - 1 degrees of freedom."""
    return stats.chi2.sf(np.sum((counts - counts.mean()) ** 2) / variance, counts.size - 1)


@pytest.mark.statistics
@pytest.mark.parametrize("case", CASES)
def test_degrees_spread_as_they_should(case):
    rule, side = CASES[case]
    variance = 40.0
    if not getattr(rule, "multapses", True):
        variance = N * (40 / N) * (1 - 40 / N)
    p_values = [spread_p_value(degrees(rule, side, seed), variance) for seed in range(N_NETWORKS)]
    assert stats.kstest(p_values, "uniform").pvalue > ALPHA


@pytest.mark.statistics
@pytest.mark.parametrize("p", [0.02, 0.5])
def test_bernoulli_pairs_are_independent(p):
    totals = [
        len(edges_of(network_of(PairwiseBernoulli(p), n_pre=N, n_post=N, seed=s)))
        for s in range(N_NETWORKS)
    ]
    p_values = stats.binom.cdf(totals, N * N, p) - 0.5 * stats.binom.pmf(totals, N * N, p)
    assert stats.kstest(p_values, "uniform").pvalue > ALPHA


@pytest.mark.statistics
def test_bernoulli_rows_cross_segment_borders():
    """Rows longer than a segment of the gap sequence have no gap or crowd at its borders."""
    counts = np.zeros(2100)
    for seed in range(20):
        edges = edges_of(network_of(PairwiseBernoulli(0.3), n_pre=60, n_post=2100, seed=seed))
        counts += np.bincount(edges.target - 60, minlength=2100)
    n = 20 * 60
    z = (counts - 0.3 * n) / np.sqrt(0.21 * n)
    assert np.abs(z[[0, 1023, 1024, 1025, 2047, 2048, 2099]]).max() < stats.norm.isf(1e-6)
    assert abs(np.mean(z**2) - 1.0) < 5 * np.sqrt(2 / 2100)


@pytest.mark.statistics
@pytest.mark.parametrize("kernel", ["gaussian", "exponential", "disc"])
def test_connection_probability_falls_with_distance(kernel):
    from snnlab.build.rules_of import positions

    n, scale, p_max = 800, 200.0, 0.8
    network = network_of(DistanceDependent(p_max, scale, kernel), n_pre=n, seed=4)
    edges = edges_of(network)
    xy = positions(network, network.populations[0])
    d = np.sqrt(((xy[:, None] - xy[None]) ** 2).sum(-1))
    is_connected = np.zeros((n, n), bool)
    is_connected[edges.source, edges.target] = True
    shape = {
        "gaussian": np.exp(-0.5 * (d / scale) ** 2),
        "exponential": np.exp(-d / scale),
        "disc": (d <= scale).astype(float),
    }
    p = p_max * shape[kernel]
    for low, high in zip(np.arange(0, 800, 100), np.arange(100, 900, 100), strict=True):
        ring = (d >= low) & (d < high)
        error = is_connected[ring].sum() - p[ring].sum()
        assert abs(error) <= 5 * np.sqrt((p[ring] * (1 - p[ring])).sum()) + 1e-9
