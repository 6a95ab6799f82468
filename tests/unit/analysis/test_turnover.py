"""Degrees, and synapses formed and eliminated over time and distance, by hand."""

import numpy as np
import pytest

from snnlab.analysis.degrees import degrees
from snnlab.analysis.sheet import Sheet
from snnlab.analysis.turnover import turnover_over_distance, turnover_over_time
from snnlab.errors import SpecError


def test_degrees_count_neurons_without_synapses():
    found = degrees([1, 1, 1, 3], 4)
    np.testing.assert_array_equal(found.of, [0, 3, 0, 1])
    assert (found.mean, found.sd) == (1.0, pytest.approx(np.sqrt(1.5)))
    assert np.isnan([degrees([], 0).mean, degrees([], 0).sd]).all()


def test_turnover_over_time_by_hand():
    times = [0.0, 1.0, 200.0, 200.1, 399.9, 400.0, 450.0]
    is_formed = [True, True, False, True, True, True, True]
    found = turnover_over_time(times, is_formed, t_start=0.0, t_stop=450.0)
    np.testing.assert_allclose(found.centre, [100.0, 300.0])
    np.testing.assert_allclose(found.formed, [5.0, 15.0])  # events in 0.2 s
    np.testing.assert_allclose(found.eliminated, [5.0, 0.0])


def test_turnover_over_distance_by_hand():
    sheet = Sheet(6, 6)
    # Distances 0, 1, 1, sqrt 2, 3, sqrt 18 = 4.24, the longest there is.
    pre, post = [0, 0, 0, 0, 0, 0], [0, 1, 5, 7, 3, 21]
    is_formed = [True, True, True, False, False, True]
    found = turnover_over_distance(is_formed, pre, post, sheet, duration=2000.0)
    np.testing.assert_allclose(found.centre, [0.5, 1.5, 2.5, 3.5, 4.5])
    np.testing.assert_allclose(found.formed, [0.5, 1.0, 0.0, 0.0, 0.5])
    np.testing.assert_allclose(found.eliminated, [0.0, 0.5, 0.0, 0.5, 0.0])


@pytest.mark.parametrize("sheet", [Sheet(5, 8), Sheet(5, 8, is_periodic=False)], ids=str)
@pytest.mark.parametrize("bin_width", [1.0, 0.5, 0.1, 3.0])
def test_every_pair_has_a_bin(sheet, bin_width):
    pre, post = (a.ravel() for a in np.indices((sheet.n, sheet.n)))
    found = turnover_over_distance(
        np.ones(pre.size, bool), pre, post, sheet, duration=1000.0, bin_width=bin_width
    )
    assert found.formed.sum() == sheet.n**2
    assert found.formed[-1] > 0
    assert not found.eliminated.any()


def test_what_has_no_rate_is_refused():
    with pytest.raises(SpecError, match="must be > 0 ms"):
        turnover_over_time([], [], t_start=0.0, t_stop=1.0, bin_width=0.0)
    with pytest.raises(SpecError, match="must be as many as events"):
        turnover_over_time([1.0], [], t_start=0.0, t_stop=1.0)
    with pytest.raises(SpecError, match="must be > 0"):
        turnover_over_distance([], [], [], Sheet(2, 2), duration=0.0)
