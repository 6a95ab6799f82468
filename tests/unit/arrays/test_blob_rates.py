"""The rates of a moving blob follow its formula, and its centres are drawn fairly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab.arrays.blob_rates import BlobRates, FlatRate, blob_rates
from snnlab.build.rules_of import positions
from snnlab.model.network import Knob, Network, Population
from snnlab.model.space import Grid, RandomPositions, Space
from snnlab.model.stimuli import MovingBlob

TORUS = Grid((16.0, 16.0), True, (16, 16))
SPACES = {
    "torus": (TORUS, None),
    "open sheet": (Grid((16.0, 16.0), False, (16, 16)), None),
    "tiles": (Grid((32.0, 16.0), True, (32, 16)), (16.0, 8.0)),
    "wide cells": (Grid((30.0, 12.0), True, (10, 6)), None),
    "drawn on a torus": (RandomPositions((16.0, 10.0), True), None),
    "drawn on a sheet": (RandomPositions((16.0, 10.0), False), None),
    "drawn, with tiles": (RandomPositions((16.0, 10.0), False), (8.0, 10.0)),
}


def network(space: Space, size: int = 0, *, seed: int = 1, **fields: object) -> Network:
    if isinstance(space, Grid):
        size = space.shape[0] * space.shape[1]
    blob = MovingBlob("blob", "source", **fields)
    return Network([Population("source", size, "PoissonSource", space=space)], stimuli=[blob],
                   seed=seed, knobs=[Knob("width", 2.0)])  # fmt: skip


def rates_of(net: Network) -> BlobRates:
    found = blob_rates(net, net.stimuli[0])
    assert isinstance(found, BlobRates)
    return found


def expected(net: Network, centre: int) -> np.ndarray:
    """Written once more, the slow way: the nearest of all images of the centre."""
    blob, population = net.stimuli[0], net.populations[0]
    xy = positions(net, population)
    space = population.space
    period = np.array(blob.tile or (space.extent if space.is_periodic else (0.0, 0.0)))
    images = [xy[centre] + np.array([a, b]) * period for a in range(-4, 5) for b in range(-4, 5)]
    d2 = np.min([((xy - image) ** 2).sum(1) for image in images], axis=0)
    return 5.0 + 152.8 * np.exp(-d2 / 8.0)


@pytest.mark.parametrize("case", SPACES)
def test_rates_follow_the_formula(case: str) -> None:
    space, tile = SPACES[case]
    net = network(space, 300, tile=tile, sigma="width")
    rates = rates_of(net)
    for step in (0, 199, 200, 4_321_000):
        np.testing.assert_allclose(
            rates.added(step, slice(None)), expected(net, rates.centre(step)), rtol=1e-12
        )


@pytest.mark.parametrize("shape", [16, 32, 112])
def test_the_mean_is_20_hz_at_every_moment_and_size(shape: int) -> None:
    space = Grid((float(shape), float(shape)), True, (shape, shape))
    net = network(space, tile=(16.0, 16.0))
    for step in (0, 200, 400):
        assert rates_of(net).added(step, slice(None)).mean() == pytest.approx(20.0, abs=0.002)
    flat = blob_rates(network(space, tile=(16.0, 16.0), is_correlated=False), flat_blob())
    assert flat.added(0, slice(None)) == pytest.approx(
        rates_of(net).added(0, slice(None)).mean(), rel=1e-12
    )


def flat_blob() -> MovingBlob:
    return MovingBlob("blob", "source", tile=(16.0, 16.0), is_correlated=False)


@pytest.mark.parametrize("case", ["torus", "open sheet", "tiles", "wide cells"])
def test_the_flat_rate_is_the_mean_over_neurons_and_centres(case: str) -> None:
    space, tile = SPACES[case]
    net = network(space, tile=tile)
    mean = np.mean([expected(net, centre) for centre in range(net.n_neurons)])
    flat = network(space, tile=tile, is_correlated=False)
    assert blob_rates(flat, flat.stimuli[0]).added(7, slice(None)) == pytest.approx(mean, rel=1e-12)


@pytest.mark.statistics
@pytest.mark.parametrize("case", ["drawn on a torus", "drawn on a sheet", "drawn, with tiles"])
def test_the_flat_rate_is_the_expected_mean_of_drawn_positions(case: str) -> None:
    """200 sheets; within 4.5 standard errors, which fails by chance less than once in 10 000."""
    space, tile = SPACES[case]
    means = []
    for seed in range(200):
        net = network(space, 40, tile=tile, seed=seed)
        means.append(np.mean([expected(net, centre) for centre in range(40)]))
    flat = network(space, 40, tile=tile, is_correlated=False)
    error = np.std(means) / np.sqrt(len(means))
    rate = blob_rates(flat, flat.stimuli[0])
    assert isinstance(rate, FlatRate)
    assert abs(rate.added(0, slice(None)) - np.mean(means)) < 4.5 * error


@pytest.mark.statistics
def test_every_neuron_is_the_centre_equally_often() -> None:
    """A chi-square test at 1e-5, also of successive centres, coarsely, for independence."""
    rates = rates_of(network(TORUS, seed=3))
    centres = np.array([rates.centre(200 * k) for k in range(30_000)])
    assert stats.chisquare(np.bincount(centres, minlength=256)).pvalue > 1e-5
    pairs = (centres[:-1:2] // 16) * 16 + centres[1::2] // 16
    assert stats.chisquare(np.bincount(pairs, minlength=256)).pvalue > 1e-5


def test_centres_are_named_by_seed_stimulus_and_interval() -> None:
    def path(net: Network, interval: int = 200) -> list[int]:
        return [rates_of(net).centre(interval * k) for k in range(40)]

    usual = path(network(TORUS))
    assert path(network(TORUS)) == usual
    assert path(network(TORUS, interval=1.0), 10) == usual
    assert path(network(TORUS, seed=2)) != usual
    other = network(TORUS).replace(stimuli=[MovingBlob("other", "source")])
    assert path(other) != usual


def test_changes_are_at_multiples_of_the_interval() -> None:
    rates = rates_of(network(TORUS, interval="2 ms"))
    assert [rates.next_change(step) for step in (0, 19, 20, 21)] == [20, 20, 40, 40]
    assert rates.centre(19) == rates.centre(0)
    assert len({rates.centre(20 * k) for k in range(9)}) > 1
