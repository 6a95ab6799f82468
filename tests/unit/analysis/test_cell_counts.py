"""Spikes counted in cells: as NumPy's histogram counts them, and no neuron beyond the groups."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.analysis.cell_counts import add_to_cells
from snnlab.errors import SpecError

GROUP_OF = np.repeat(np.arange(3, dtype=np.int32), (4, 1, 5))

spike_lists = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9)), max_size=80)
edge_lists = st.lists(st.integers(0, 45), min_size=2, max_size=6, unique=True)


@given(spike_lists, edge_lists, st.sampled_from([1, 3, 255]), st.sampled_from(["u1", "u4"]))
def test_every_spike_is_in_its_cell(
    spikes: list[tuple[int, int]], edges: list[int], most: int, kind: str
) -> None:
    step, neuron = np.array(sorted(spikes), np.int64).reshape(-1, 2).T
    borders = np.array(sorted(edges))
    counts = np.zeros((borders.size - 1, 3), kind)
    add_to_cells(counts, step.copy(), neuron.copy(), borders, GROUP_OF, most)
    is_inside = step < borders[-1]  # NumPy's last interval has both of its ends
    bins = (borders, np.arange(4))
    found, *_ = np.histogram2d(step[is_inside], GROUP_OF[neuron[is_inside]], bins)
    np.testing.assert_array_equal(counts, np.minimum(found, most))


def test_counts_go_on_from_what_there_is() -> None:
    counts = np.full((1, 3), 7, np.uint32)
    step, neuron = np.array([2, 2, 3]), np.array([0, 4, 9])
    add_to_cells(counts, step, neuron, np.array([2, 3]), GROUP_OF, 100)
    assert counts.tolist() == [[8, 8, 7]]


@pytest.mark.parametrize("neuron", [10, -1])
def test_neuron_without_a_group_is_refused(neuron: int) -> None:
    counts = np.zeros((1, 3), np.uint32)
    with pytest.raises(SpecError, match=rf"neuron\[1\]: must be below 10 \(got {neuron}\)"):
        add_to_cells(
            counts, np.array([0, 1]), np.array([0, neuron]), np.array([0, 5]), GROUP_OF, 9
        )  # fmt: skip
