"""Places and distances on a torus and on an open sheet."""

import numpy as np
import pytest

from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError
from snnlab.model.space import Grid


@pytest.mark.parametrize("shape", [(5, 3), (4, 4), (1, 6)])
def test_places_are_those_of_a_grid(shape):
    grid = Grid((float(shape[0]), float(shape[1])), True, shape)
    there = grid.positions(np.empty((shape[0] * shape[1], 2)))
    np.testing.assert_allclose(Sheet(*shape).positions() - there, [[s / 2 - 0.5 for s in shape]]
                               * len(there))  # fmt: skip


def test_distances_by_hand():
    torus, sheet = Sheet(6, 4), Sheet(6, 4, is_periodic=False)
    # Neuron 0 is at (0, 0), 5 at (5, 0), 21 at (3, 3), 9 at (3, 1).
    np.testing.assert_allclose(torus.distance(0, [0, 5, 21, 9]), [0, 1, 10**0.5, 10**0.5])
    np.testing.assert_allclose(sheet.distance(0, [0, 5, 21, 9]), [0, 5, 18**0.5, 10**0.5])


@pytest.mark.parametrize("neuron", [[-1], [24], [0, 99]])
def test_neurons_that_are_not_there_are_refused(neuron):
    with pytest.raises(SpecError, match=r"post: must be in 0 \.\.\. 23"):
        Sheet(6, 4).indices("post", neuron)


def test_a_sheet_without_neurons_is_refused():
    with pytest.raises(SpecError, match="must have columns and rows"):
        Sheet(0, 4)
