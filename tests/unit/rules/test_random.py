"""Random numbers in a rule: named by seed, stream, block, step and place, and well distributed.

The samples are the same in every run, since the seeds are fixed: a test here cannot fail by
chance. When it was written, a correct generator had a chance of 1 in 1000 per test to be refused.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from snnlab.model.neuron import Neuron
from snnlab.model.neurons import PoissonSource
from snnlab.model.parameter import Parameter, State
from snnlab.rules.intrinsics import normal, poisson, uniform
from snnlab.rules.kernel import BLOCK
from snnlab.rules.lanes import DRAW_PURPOSE
from snnlab.rules.philox import philox4x32
from tests.neurons import Block

STEPS = 200
REFUSED = 1e-3


class Dice(Neuron):
    """Draws from everything there is."""

    lam = Parameter(4.0)
    first = State(0.0)
    second = State(0.0)
    gauss = State(0.0)
    in_loop_1 = State(0.0)
    in_loop_2 = State(0.0)
    count = State(0.0)

    @staticmethod
    def update(state: Any, p: Any, input: Any) -> None:
        state.first = uniform()
        state.second = uniform()
        state.gauss = normal()
        for i in range(2):
            drawn = uniform()
            if i == 0:
                state.in_loop_1 = drawn
            else:
                state.in_loop_2 = drawn
        state.count = poisson(p.lam)


def sample(precision: str = "float32", seed: int = 1, **values: Any) -> dict[str, np.ndarray]:
    block = Block(Dice, precision, seed=seed, stream=9, **values)
    rows: dict[str, list[np.ndarray]] = {name: [] for name in Dice.states}
    for _ in range(STEPS):
        block.step()
        for name, found in rows.items():
            found.append(block.state[name].copy())
    return {name: np.concatenate(found).astype(float) for name, found in rows.items()}


SAMPLE = {precision: sample(precision) for precision in ("float32", "float64")}


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", ["first", "second", "in_loop_1", "in_loop_2"])
def test_uniform(name: str, precision: str) -> None:
    u = SAMPLE[precision][name]
    assert stats.kstest(u, "uniform").pvalue > REFUSED
    assert u.min() > 0
    assert u.max() < 1


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_normal(precision: str) -> None:
    z = SAMPLE[precision]["gauss"]
    assert stats.kstest(z, "norm").pvalue > REFUSED
    assert stats.kurtosistest(z).pvalue > REFUSED


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("lam", [0.2, 4.0, 200.0])
def test_poisson(lam: float, precision: str) -> None:
    counts = sample(precision, lam=lam)["count"]
    edges = np.unique(stats.poisson.ppf(np.linspace(0, 1, 12)[1:-1], lam))
    cdf = np.concatenate([[0], stats.poisson.cdf(edges, lam), [1]])
    bins = np.concatenate([[-np.inf], edges + 0.5, [np.inf]])
    observed = np.histogram(counts, bins)[0]
    assert stats.chisquare(observed, np.diff(cdf) * counts.size).pvalue > REFUSED


def test_poisson_of_nothing_is_nothing() -> None:
    for lam in (0.0, -1.0, math.nan):
        assert not sample(lam=lam)["count"].any()


def test_draws_are_independent_of_each_other() -> None:
    table = np.array([SAMPLE["float32"][name] for name in Dice.states])
    correlation = np.corrcoef(table) - np.eye(len(table))
    assert np.abs(correlation).max() < stats.norm.isf(REFUSED / 30) / math.sqrt(table.shape[1])


def test_the_last_bit_is_never_rounded_up_to_one() -> None:
    from snnlab.rules.lanes import LANES

    for lanes in LANES.values():
        assert 0 < lanes.unit(np.uint32(0)) < 1e-6
        assert 1 - 1e-6 < lanes.unit(np.uint32(2**32 - 1)) < 1


def test_seed_and_stream_name_the_numbers() -> None:
    assert (sample(seed=1)["first"] == SAMPLE["float32"]["first"]).all()
    assert (sample(seed=2)["first"] != SAMPLE["float32"]["first"]).mean() > 0.99


def test_poisson_source_fires_where_philox_says() -> None:
    seed, stream, step, rate = 5, 77, 0, 900.0
    fired = Block(PoissonSource, seed=seed, stream=stream, rate=rate).step()
    for j in range(BLOCK):
        words = philox4x32.py_func(j % 32, step, 0, DRAW_PURPOSE, seed, stream)
        u = ((int(words[j // 32]) >> 9) + 0.5) * 2.0**-23
        assert fired[j] == (u < rate * 0.1 / 1000)
    assert fired.any()


def test_poisson_source_has_its_rate() -> None:
    block = Block(PoissonSource, seed=3, rate=500.0)
    count = sum(int(block.step().sum()) for _ in range(4000))
    expected = 4000 * BLOCK * 0.05
    assert abs(count - expected) < stats.norm.isf(REFUSED / 2) * math.sqrt(expected * 0.95)


def test_plain_python_draws_too() -> None:
    state = SimpleNamespace(**dict.fromkeys(Dice.states, 0.0))
    Dice.update(state, SimpleNamespace(lam=4.0), SimpleNamespace())
    assert 0 < state.first < 1
    assert state.count == int(state.count)
