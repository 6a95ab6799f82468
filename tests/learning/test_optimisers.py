"""Optimisers follow their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.errors import SpecError
from snnlab.learning import SGD, Adam
from snnlab.learning.optimisers import Optimiser


def test_adam_by_its_formula() -> None:
    draw = np.random.default_rng(1)
    weight, found = draw.normal(size=7), None
    found = weight.copy()
    moments = np.zeros(7), np.zeros(7)
    m, s = np.zeros(7), np.zeros(7)
    adam = Adam(0.01, beta_1=0.8, beta_2=0.9, epsilon=1e-3)
    for n in range(1, 6):
        gradient = draw.normal(size=7)
        adam.apply(found, gradient, moments, n, 0.02)
        m, s = 0.8 * m + 0.2 * gradient, 0.9 * s + 0.1 * gradient**2
        unbiased = (m / (1 - 0.8**n)) / (np.sqrt(s / (1 - 0.9**n)) + 1e-3)
        weight -= 0.02 * unbiased
    assert np.allclose(found, weight, rtol=1e-12)
    assert np.allclose(moments[0], m)
    assert np.allclose(moments[1], s)


def test_descent_with_momentum() -> None:
    weight, moments = np.array([[1.0, 2.0]]), (np.zeros((1, 2)),)
    descent = SGD(0.1, momentum=0.5)
    for n in (1, 2):
        descent.apply(weight, np.array([[1.0, -1.0]]), moments, n, 0.1)
    assert np.allclose(weight, [[1.0 - 0.1 - 0.15, 2.0 + 0.1 + 0.15]])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Adam(0.0), "Adam.learning_rate"),
        (lambda: Adam(beta_2=1.0), "Adam.beta_2"),
        (lambda: SGD(momentum=-0.1), "SGD.momentum"),
        (lambda: Adam(epsilon=0.0), "Adam.epsilon"),
    ],
)
def test_numbers_that_cannot_be_meant(make, name: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(SpecError, match=name):
        make()


@pytest.mark.parametrize("kind", [np.int8, np.float32])
@pytest.mark.parametrize("optimiser", [Adam(0.01), SGD(0.1, momentum=0.5)], ids=repr)
def test_what_pulls_is_added_to_the_gradient(optimiser: Optimiser, kind: type) -> None:
    draw = np.random.default_rng(3)
    weight, gradient = draw.normal(size=(2, 501)).astype(np.float32)
    sign = draw.choice([-1, 0, 1], 501).astype(kind)
    expected, found = weight.copy(), weight.copy()
    moments = [tuple(np.zeros_like(weight) for _ in range(optimiser.n_moments)) for _ in range(2)]
    for n in (1, 2, 3):
        pulled = gradient + np.float32(0.02) * sign.astype(np.float32)
        optimiser.apply(expected, pulled, moments[0], n, 0.01)
        optimiser.apply_pulled(found, gradient.copy(), moments[1], n, 0.01, sign, 0.02)
    assert np.array_equal(found, expected)
    assert np.abs(found - weight).max() > 0.005
