"""Spikes counted in cells: as NumPy's histogram counts them, and no neuron beyond the groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.analysis.cell_counts import add_to_cells, add_to_ranges
from snnlab.errors import SpecError

GROUP_OF = np.repeat(np.arange(3, dtype=np.int32), (4, 1, 5))
FIRST = np.array([0, 4, 5])

spike_lists = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=80)
edge_lists = st.lists(st.integers(0, 45), min_size=2, max_size=6, unique=True)


@given(spike_lists, edge_lists, st.sampled_from([1, 3, 255]), st.sampled_from(["u1", "u4"]))
def test_every_spike_is_in_its_cell(
    spikes: list[tuple[int, int]], edges: list[int], most: int, kind: str
) -> None:
    step, neuron = np.array(sorted(spikes), np.int64).reshape(-1, 2).T.copy()
    borders = np.array(sorted(edges))
    ends = np.searchsorted(step, borders)
    is_inside = step < borders[-1]  # NumPy's last interval has both of its ends
    bins = (borders, np.arange(4))
    found, *_ = np.histogram2d(step[is_inside], GROUP_OF[neuron[is_inside]], bins)
    cells, ranges = np.zeros((2, borders.size - 1, 3), kind)
    add_to_cells(cells, neuron, ends, GROUP_OF, most)
    np.testing.assert_array_equal(cells, np.minimum(found, most))
    add_to_ranges(ranges, neuron, ends, FIRST)
    np.testing.assert_array_equal(ranges, found)


def test_counts_go_on_from_what_there_is() -> None:
    neuron, ends = np.array([9, 0, 4]), np.array([1, 3])
    cells, ranges = np.full((2, 1, 3), 7, np.uint32)
    add_to_cells(cells, neuron, ends, GROUP_OF, 100)
    add_to_ranges(ranges, neuron, ends, FIRST)
    assert cells.tolist() == ranges.tolist() == [[8, 8, 7]]


@pytest.mark.parametrize("neuron", [10, -1])
def test_neuron_without_a_group_is_refused(neuron: int) -> None:
    counts = np.zeros((1, 3), np.uint32)
    with pytest.raises(SpecError, match=rf"neuron\[1\]: must be in 0 \.\.\. 9 \(got {neuron}\)"):
        add_to_cells(counts, np.array([0, neuron]), np.array([0, 2]), GROUP_OF, 9)
