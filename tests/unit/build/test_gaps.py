"""Gaps by table equal gaps by logarithm, at the resolution of a 32-bit word."""

import math

import numpy as np
import pytest

from snnlab.build.gaps import LONGEST, UNDECIDED, gap_tables, look_up, search

PROBABILITIES = [0.9, 0.5, 0.1, 0.013, 1e-3, 1e-5]


def gap_of(guide, thresholds, word):
    cell = look_up(guide, np.uint32(word))
    return cell if cell < UNDECIDED else search(thresholds, np.uint32(word), cell)


@pytest.mark.parametrize("p", PROBABILITIES)
def test_gaps_are_those_of_the_inverse_distribution_function(p):
    guide, thresholds = gap_tables(p)
    words = np.random.default_rng(1).integers(0, 2**32, 20_000)
    gaps = np.array([gap_of(guide, thresholds, w) for w in words])
    exact = np.floor(np.log1p(-(words + 0.5) / 2**32) / math.log1p(-p))
    differs = gaps != np.minimum(exact, LONGEST)
    # Rounding a threshold to 32 bits moves at most one word in 2^32 for each gap.
    assert differs.mean() < 1e-3
    assert np.all(np.abs(gaps - np.minimum(exact, LONGEST))[differs] == 1)


@pytest.mark.parametrize("p", PROBABILITIES)
def test_a_word_on_a_border_belongs_to_the_longer_gap(p):
    guide, thresholds = gap_tables(p)
    inner = thresholds[: min(50, LONGEST)]
    for gap, border in enumerate(inner[inner < 2**32 - 1]):
        following = np.searchsorted(thresholds, border, side="right")
        assert gap_of(guide, thresholds, border) == following > gap
        assert gap_of(guide, thresholds, border - 1) <= gap


def test_without_success_there_is_no_gap_but_the_longest():
    guide, thresholds = gap_tables(0.0)
    assert {gap_of(guide, thresholds, w) for w in (0, 1, 2**31, 2**32 - 1)} == {LONGEST}
