"""exp, log, tanh and the quantiles: a few units in the last place, the same compiled and plain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special, stats

from snnlab.rules import intrinsics
from snnlab.rules.elementary import FLOAT32, FLOAT64
from snnlab.rules.lanes import LANES

PLAIN = {"float32": FLOAT32, "float64": FLOAT64}
LARGEST = {"float32": 88.0, "float64": 709.0}
RNG = np.random.default_rng(5)
SAMPLES = {
    "exp": lambda top: [RNG.uniform(-0.98 * top, top, 3000), RNG.uniform(-1, 1, 3000)],
    "log": lambda top: [
        np.exp(RNG.uniform(-0.9 * top, 0.9 * top, 3000)),
        RNG.uniform(0.5, 2, 3000),
    ],
    "tanh": lambda top: [RNG.normal(0, 1, 3000), 10 ** RNG.uniform(-6, 1.5, 3000)],
}
SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-40, -1e-40, 88.6, 89.0, -90.0]


def samples(name: str, precision: str) -> np.ndarray:
    return np.concatenate(SAMPLES[name](LARGEST[precision])).astype(precision)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize(("name", "most"), [("exp", 1.0), ("log", 1.0), ("tanh", 3.0)])
def test_error_in_units_of_the_last_place(name: str, most: float, precision: str) -> None:
    x = samples(name, precision)
    got = np.array([getattr(PLAIN[precision], name)(v) for v in x])
    want = getattr(np, name)(x.astype(np.longdouble))
    ulps = np.abs(got.astype(np.longdouble) - want) / np.spacing(np.abs(want.astype(precision)))
    assert got.dtype == precision
    assert float(ulps.max()) < most


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_compiled_equals_plain_to_the_bit(name: str, precision: str) -> None:
    compiled = getattr(LANES[precision], name)
    x = np.concatenate([samples(name, precision), np.array(SPECIAL, precision)])
    plain = np.array([getattr(PLAIN[precision], name)(v) for v in x])
    np.testing.assert_array_equal(np.array([compiled(v) for v in x], precision), plain)


def test_infinities_and_undefined_values() -> None:
    for f in (FLOAT32, FLOAT64):
        real = type(f.exp(np.float32(0) if f is FLOAT32 else np.float64(0)))
        assert f.exp(real(math.inf)) == math.inf
        assert f.exp(real(-math.inf)) == 0
        assert f.exp(real(1000)) == math.inf
        assert f.log(real(0)) == -math.inf
        assert f.log(real(math.inf)) == math.inf
        assert math.isnan(f.log(real(-1)))
        assert all(math.isnan(g(real(math.nan))) for g in (f.exp, f.log, f.tanh))
        assert f.tanh(real(-100)) == -1


def test_normal_quantile_follows_scipy() -> None:
    u = np.concatenate([np.linspace(0.001, 0.999, 999), 2.0 ** -np.arange(2, 33)])
    got = np.array([FLOAT64.normal_quantile(v) for v in u])
    np.testing.assert_allclose(got, special.ndtri(u), rtol=2e-15, atol=1e-15)
    single = np.array([FLOAT32.normal_quantile(np.float32(v)) for v in u])
    np.testing.assert_allclose(single, special.ndtri(u.astype(np.float32)), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("lam", [0.01, 1.0, 7.5, 30.0])
def test_poisson_quantile_follows_scipy(lam: float) -> None:
    u = (np.arange(2000) + 0.5) / 2000
    got = [FLOAT64.poisson_quantile(v, np.float64(lam)) for v in u]
    np.testing.assert_array_equal(got, stats.poisson.ppf(u, lam))


def test_poisson_quantile_ends_at_the_last_uniform_number() -> None:
    for f, real, last in ((FLOAT32, np.float32, 1 - 2.0**-24), (FLOAT64, np.float64, 1 - 2.0**-33)):
        assert 30 < f.poisson_quantile(real(last), real(30)) < 100


def test_plain_functions_take_plain_numbers() -> None:
    assert intrinsics.exp(1) == pytest.approx(math.e, rel=1e-15)
    assert intrinsics.log(math.e) == pytest.approx(1, rel=1e-15)
    assert intrinsics.tanh(0.5) == pytest.approx(math.tanh(0.5), rel=1e-15)
    assert intrinsics.sqrt(2.0) == math.sqrt(2)
    assert (intrinsics.floor(-1.5), intrinsics.ceil(-1.5)) == (-2.0, -1.0)
    assert 0 < intrinsics.uniform() < 1
    assert abs(intrinsics.normal()) < 10
    assert intrinsics.poisson(0.0) == 0
    assert 0 < intrinsics.poisson(1000.0) < 2000
