"""Weights as a matrix and a histogram: nothing is lost, and every synapse is in its cell."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.analysis.weights import weight_picture
from snnlab.errors import SpecError


def test_each_synapse_is_in_its_cell() -> None:
    found = weight_picture([0, 1, 3, 3], [0, 2, 1, 1], [1.0, -2.0, 0.5, 0.25], 4, 3)
    expected = np.zeros((3, 4))
    expected[0, 0], expected[2, 1], expected[1, 3] = 1.0, 2.0, 0.75
    np.testing.assert_array_equal(found.matrix, expected)


def test_neighbours_share_cells_where_there_are_many() -> None:
    rng = np.random.default_rng(1)
    pre, post = rng.integers(0, 1000, 5000), rng.integers(0, 130, 5000)
    weight = rng.normal(1.0, 0.3, 5000)
    found = weight_picture(pre, post, weight, 1000, 130, most_cells=64)
    assert found.matrix.shape == (64, 64)
    assert found.matrix.sum() == pytest.approx(np.abs(weight).sum())
    column, row = 17, 63
    inside = (pre * 64 // 1000 == column) & (post * 64 // 130 == row)
    assert found.matrix[row, column] == pytest.approx(np.abs(weight[inside]).sum())


def test_histogram_holds_all_of_them() -> None:
    weight = np.random.default_rng(2).normal(-3.0, 1.0, 1000)
    found = weight_picture(np.zeros(1000, int), np.zeros(1000, int), weight, 1, 1)
    assert found.n_synapses == 1000
    assert found.edges[0] == weight.min()
    assert found.edges[-1] == weight.max()
    assert found.counts[10] == ((weight >= found.edges[10]) & (weight < found.edges[11])).sum()


@pytest.mark.parametrize("weight", [0.0, 2.5, -1.0])
def test_one_weight_for_all_is_one_bar(weight: float) -> None:
    found = weight_picture([0, 0], [0, 1], [weight, weight], 1, 2)
    assert sorted(found.counts)[-1] == found.n_synapses == 2
    assert found.edges[0] < weight < found.edges[-1]


def test_no_synapses() -> None:
    found = weight_picture([], [], [], 3, 2)
    assert found.n_synapses == 0
    assert not found.matrix.any()


@pytest.mark.parametrize(
    ("weight", "words"), [([np.nan], "must be finite"), ([1.0, 2.0], "one entry for each")]
)
def test_what_cannot_be_weights_is_refused(weight: list[float], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        weight_picture([0], [0], weight, 1, 1)
