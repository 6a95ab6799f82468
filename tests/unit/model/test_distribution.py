"""Distributions are their quantile functions."""

import numpy as np
import pytest
from scipy import stats

from snnlab.model.distribution import (
    ClippedNormal,
    Constant,
    LogNormal,
    Normal,
    Uniform,
    as_distribution,
)

U = (np.arange(4001) + 0.5) / 4001
REFERENCE = {
    Normal(2.0, 0.5): stats.norm(2.0, 0.5),
    ClippedNormal(1.5, 0.75, low=0.05): stats.truncnorm(-1.45 / 0.75, np.inf, 1.5, 0.75),
    ClippedNormal(0.0, 1.0, -1.0, 2.0): stats.truncnorm(-1.0, 2.0),
    LogNormal(-1.0, 0.5): stats.lognorm(0.5, scale=np.exp(-1.0)),
    Uniform(-3.0, 4.0): stats.uniform(-3.0, 7.0),
}


@pytest.mark.parametrize("distribution", REFERENCE, ids=str)
def test_quantiles_are_those_of_scipy(distribution):
    expected = REFERENCE[distribution].ppf(U)
    np.testing.assert_allclose(distribution.quantile(U), expected, rtol=1e-9, atol=1e-12)


def test_constant():
    np.testing.assert_array_equal(Constant(3.0).quantile(U), 3.0)


def test_no_spread_gives_the_mean():
    np.testing.assert_array_equal(ClippedNormal(3.0, 0.0, low=1.0).quantile(U), 3.0)


def test_scale_of_a_lognormal_carries_the_sign():
    np.testing.assert_allclose(
        LogNormal(0.0, 1.0, scale=-2.0).quantile(U), -2.0 * LogNormal(0.0, 1.0).quantile(U)
    )


def test_quantities_and_expressions_are_resolved():
    resolved = Normal("g * 2 ", "0.001 V").resolve({"g": 3.0}, "mV", where="w")
    assert resolved == Normal(6.0, 1.0)
    assert LogNormal(0.5, 1.0, "1 nA").resolve({}, "pA", where="w") == LogNormal(0.5, 1.0, 1000.0)


def test_numbers_become_constants():
    assert as_distribution(2, where="w") == Constant(2)
    assert as_distribution("2 ms", where="w") == Constant("2 ms")
    assert as_distribution(np.float64(2.5), where="w") == Constant(2.5)
