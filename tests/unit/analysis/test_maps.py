"""Centre and spread of the afferents of a target: by hand, moved around, without afferents."""

import numpy as np
import pytest

from snnlab.analysis.map_controls import shuffle_connections
from snnlab.analysis.maps import afferent_maps, map_quality
from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError

TORUS = Sheet(16, 16)


def at(*places, sheet=TORUS):
    return [x + sheet.columns * y for x, y in places]


def onto(target, sources, sheet=TORUS, weight=None):
    quality = map_quality(sources, [target] * len(sources), sheet, weight=weight)
    return (*quality.centre[target], quality.sigma[target], quality.deviation[target])


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (at((3, 4)), (3, 4, 0, 5)),
        (at((1, 0), (1, 0), (1, 0)), (1, 0, 0, 1)),
        (at((15, 0), (2, 0)), (0.5, 0, 0.75, 0.5)),  # across the edge: +-1.5 along x, 0 along y
        (at((14, 15), (15, 15)), (14.5, 15, 0.25, np.hypot(1.5, 1))),
        (at((0, 0), (0, 0), (1, 0)), (0.3, 0, 0.5 * np.sqrt((2 * 0.09 + 0.49) / 3), 0.3)),
        (at((7, 0), (9, 0), (8, 0)), (8, 0, 0.5 * np.sqrt(2 / 3), 8)),
    ],
)
def test_centres_by_hand(sources, expected):
    np.testing.assert_allclose(onto(0, sources), expected, atol=1e-12)


def test_weights_pull_the_centre():
    sources = at((0, 0), (2, 0))
    np.testing.assert_allclose(onto(0, sources, weight=[1, 3]), (1.5, 0, np.sqrt(0.75) / 2, 1.5))
    np.testing.assert_allclose(onto(0, sources, weight=[0, 3]), (2, 0, 0, 2))
    np.testing.assert_allclose(onto(0, sources, weight=[2, 2]), onto(0, sources))


def test_an_open_sheet_has_no_way_around():
    sheet = Sheet(16, 16, is_periodic=False)
    np.testing.assert_allclose(onto(0, at((15, 0), (1, 0)), sheet), (8, 0, 3.5, 8))
    np.testing.assert_allclose(onto(0, at((15, 0), (1, 0))), (0, 0, 0.5, 0))


def test_targets_without_afferents_are_nan_and_left_out():
    quality = map_quality(at((1, 0), (5, 0), (3, 0)), [0, 0, 7], TORUS, weight=[1.0, 1.0, 0.0])
    assert np.isfinite(quality.sigma).sum() == 1
    for values in (quality.sigma, quality.deviation, quality.centre[:, 0], quality.centre[:, 1]):
        np.testing.assert_array_equal(np.flatnonzero(~np.isnan(values)), [0])
    assert quality.n_excluded == 255
    assert (quality.sigma_aff, quality.AD) == (1.0, 3.0)
    empty = map_quality([], [], TORUS)
    assert np.isnan([empty.sigma_aff, empty.AD]).all()
    assert empty.n_excluded == 256


@pytest.mark.parametrize("move", [(3, 0), (0, 11), (9, 15)])
@pytest.mark.parametrize("sheet", [TORUS, Sheet(9, 14)], ids=str)
def test_a_map_moved_as_a_whole_has_the_same_quality(sheet, move):
    rng = np.random.default_rng(5)
    pre, post = shuffle_connections(rng.integers(0, sheet.n, 5 * sheet.n), sheet, 2.0, seed=2)
    weight = rng.random(pre.size)

    def moved(neuron):
        x, y = sheet.coordinates(neuron)
        return (x + move[0]) % sheet.columns + (y + move[1]) % sheet.rows * sheet.columns

    here = map_quality(pre, post, sheet, weight=weight)
    there = map_quality(moved(pre), moved(post), sheet, weight=weight)
    images = moved(np.arange(sheet.n))
    np.testing.assert_allclose(there.sigma[images], here.sigma, rtol=1e-9)
    np.testing.assert_allclose(there.deviation[images], here.deviation, atol=1e-9)
    shifted = (here.centre + move) % sheet.shape
    np.testing.assert_allclose(there.centre[images], shifted, atol=1e-9)


def test_the_order_of_synapses_does_not_matter():
    pre, post = shuffle_connections(np.repeat(np.arange(256), 6), TORUS, 2.5, seed=1)
    order = np.random.default_rng(0).permutation(pre.size)
    np.testing.assert_array_equal(
        map_quality(pre, post, TORUS).sigma, map_quality(pre[order], post[order], TORUS).sigma
    )


def test_centre_and_spread_are_those_of_a_plain_search():
    pre, post = shuffle_connections(np.repeat(np.arange(256), 7), TORUS, 2.5, seed=3)
    quality = map_quality(pre, post, TORUS)
    for target in (0, 100, 255):
        x, y = TORUS.coordinates(pre[post == target])
        found = []
        for place in (x, y):

            def spread(c, place=place):
                d = np.abs(place - c) % 16
                return np.sqrt(np.mean(np.minimum(d, 16 - d) ** 2))

            coarse = min(range(16), key=spread)
            found.append(min(spread(coarse + k / 10) for k in range(-5, 6)))
        assert quality.sigma[target] == pytest.approx(np.mean(found))


def test_maps_are_pictures_of_the_sources():
    sheet = Sheet(4, 3)
    maps = afferent_maps([0, 5, 5, 11], [2, 2, 2, 7], sheet)
    assert maps.shape == (12, 3, 4)
    assert (maps[2, 0, 0], maps[2, 1, 1], maps[7, 2, 3], maps.sum()) == (1, 2, 1, 4)
    weighted = afferent_maps([0, 5, 5, 11], [2, 2, 2, 7], sheet, weight=[0.5, 1.0, 2.0, 4.0])
    assert (weighted[2, 1, 1], weighted.sum()) == (3.0, 7.5)


@pytest.mark.parametrize(
    ("arrays", "weight", "said"),
    [
        (([0, 1], [0]), None, "must be lists of one length"),
        (([0, 1], [0, 1]), [1.0], "must be lists of one length"),
        (([0, 256], [0, 1]), None, "pre: must be in 0 ... 255"),
        (([0, 1], [0, 1]), [1.0, -1.0], "weight: must be >= 0"),
    ],
)
def test_what_is_no_map_is_refused(arrays, weight, said):
    with pytest.raises(SpecError) as caught:
        map_quality(*arrays, TORUS, weight=weight)
    assert said in str(caught.value)
