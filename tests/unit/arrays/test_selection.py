"""Exact choices: the lowest of each group, and samples without replacement."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab.arrays.selection import absent, by_group, choose_lowest, sample, tie_word

NAMES = np.array([3, 5, 7], np.uint32)
FALSE_ALARMS = 1e-4
"""How often correct code would fail a test of randomness, over seeds."""


def lowest(values, pre, post, n, names=NAMES) -> set[int]:
    """The places of the lowest values by a full sort: value, then random word, then place."""
    words = [int(tie_word.py_func(i, j, names)) for i, j in zip(pre, post, strict=True)]
    return set(np.lexsort((np.arange(len(values)), words, values))[:n].tolist())


@pytest.mark.parametrize("levels", [1, 3, 10**6], ids=["all equal", "many equal", "different"])
@pytest.mark.parametrize("n_chosen", [-1, 0, 1, 17, 299, 300, 400])
def test_the_lowest_are_those_of_a_full_sort(levels: int, n_chosen: int) -> None:
    rng = np.random.default_rng(n_chosen + levels)
    values = rng.integers(0, levels, 300) / 7.0 - 1.0
    pre, post = rng.integers(0, 50, 300), rng.integers(0, 50, 300)
    chosen = np.ones(300, bool)
    start, n = np.array([0, 300]), np.array([n_chosen])
    choose_lowest(values, pre, post, start, n, NAMES, chosen)
    assert set(np.flatnonzero(chosen).tolist()) == lowest(values, pre, post, max(n_chosen, 0))


def test_groups_are_chosen_from_one_by_one() -> None:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 7, 500)
    order, start = by_group(group, 8)
    np.testing.assert_array_equal(order, np.argsort(group, kind="stable"))
    np.testing.assert_array_equal(np.diff(start), np.bincount(group, minlength=8))
    values, pre, post = rng.integers(0, 9, 500) * 1.0, np.arange(500), np.arange(500)
    n_chosen = np.array([0, 1, 5, 20, 1000, 3, 2, 4])
    chosen = np.zeros(500, bool)
    choose_lowest(values[order], pre[order], post[order], start, n_chosen, NAMES, chosen)
    for g in range(8):
        mine = order[start[g] : start[g + 1]]
        found = set(mine[chosen[start[g] : start[g + 1]]].tolist())
        wanted = lowest(values[mine], pre[mine], post[mine], n_chosen[g])
        assert found == {int(mine[i]) for i in wanted}


def test_infinite_values_and_both_zeros_are_ordered() -> None:
    values = np.array([np.inf, 0.0, -0.0, -np.inf, 1.0, np.inf])
    zeros = np.arange(6)
    for n in range(1, 6):
        chosen = np.zeros(6, bool)
        choose_lowest(values, zeros, zeros, np.array([0, 6]), np.array([n]), NAMES, chosen)
        assert set(np.flatnonzero(chosen).tolist()) == lowest(values, zeros, zeros, n)


def test_equal_ones_are_chosen_by_pair_and_step() -> None:
    pre, post = np.divmod(np.arange(400), 20)
    found = []
    for names in (NAMES, NAMES + np.array([0, 0, 1], np.uint32)):
        chosen = np.zeros(400, bool)
        start, n = np.array([0, 400]), np.array([200])
        choose_lowest(np.zeros(400), pre, post, start, n, names, chosen)
        assert chosen.sum() == 200
        found.append(chosen)
    assert 60 < (found[0] & found[1]).sum() < 140


def test_absent_numbers_are_counted_past_those_that_are_taken() -> None:
    taken = np.array([0, 1, 5, 6, 9])
    left = [x for x in range(20) if x not in taken]
    assert [absent(i, taken) for i in range(len(left))] == left
    assert absent(4, np.empty(0, np.int64)) == 4


@pytest.mark.parametrize(("n", "k"), [(1, 1), (10, 0), (10, 3), (10, 7), (10, 10), (10**12, 50)])
def test_a_sample_has_no_number_twice(n: int, k: int) -> None:
    found = sample(n, k, 4, NAMES)
    assert len(set(found.tolist())) == len(found) == k
    assert all(0 <= x < n for x in found)


@pytest.mark.parametrize("k", [3, 9], ids=["drawn", "left out"])
def test_every_number_is_as_likely(k: int) -> None:
    counts = np.zeros(12)
    for step in range(3000):
        counts[sample(12, k, 0, np.array([1, 2, step], np.uint32))] += 1
    mean = 3000 * k / 12
    # Without replacement counts vary less than those of a multinomial: by (12 - k) / 11.
    chi2 = ((counts - mean) ** 2 / mean).sum() * 11 / (12 - k)
    assert FALSE_ALARMS < stats.chi2.sf(chi2, 11) < 1 - FALSE_ALARMS
