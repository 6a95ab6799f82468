"""The microcircuit is the published one: synapse counts, weights, drive, and what scaling does."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snnlab.model.network import Network, Projection
from snnlab.presets.microcircuit import (
    POPULATIONS,
    compensating_current,
    microcircuit,
    n_synapses,
    psc_per_psp,
)

SYNAPSES = """
45499805 22323577 20253647  9670918 3293578       0  2271404        0
17443694  5018763  4105338  1690074 2221213       0   353461        0
 3503670   756561 24482849 17413576  714524    7003 14624432        0
 8114254    92832  9933538  5223272   87836       0  8810905        0
10613575  1817058  5507804   151900 2040738 2407889  1438969        0
 1241436   169424   607667    12851  319602  430444   132414        0
 4681225   556108  6727570  1320234 4112225  305029  8372649 10827677
 2260836    17207   220033     8078  401638   25218  2888426  1354320
"""
"""Published numbers of synapses; rows: target, columns: source."""

W_EXC = 87.8085
I_EXT = (561.97, 526.85, 737.59, 667.34, 702.47, 667.34, 1018.58, 737.59)


@pytest.fixture(scope="module")
def full() -> Network:
    return microcircuit()


def mean_input(network: Network, population: str) -> float:
    """Mean current [pA] at the published rates: recurrent, external and constant."""
    from snnlab.presets.microcircuit import RATE_WITH

    rates = dict(zip(POPULATIONS, RATE_WITH["dc"], strict=True))
    size = network.population(population).size
    charge = sum(
        network.weight_of(p).mean * p.rule.n / size * rates[p.pre]
        for p in network.projections
        if p.post == population
    )
    for drive in network.stimuli:
        if drive.target == population:
            charge += network.weight_of(drive).value * network.number(
                drive.rate, "Hz", where="rate"
            )
    constant = network.parameters_of(network.population(population))["I_e"]
    return charge * 0.5e-3 + constant


def test_synapse_counts_are_the_published_ones(full: Network) -> None:
    table = np.array(SYNAPSES.split(), dtype=int).reshape(8, 8)
    found = {(p.post, p.pre): p.rule.n for p in full.projections}
    for i, post in enumerate(POPULATIONS):
        for j, pre in enumerate(POPULATIONS):
            assert found.get((post, pre), 0) == table[i, j]
            assert round(n_synapses(post, pre)) == table[i, j]
    assert full.expected_synapses() == 298_880_968
    assert len(full.projections) == 55
    assert full.n_neurons == 77_169
    assert full.first_id("L6I") == 74_221


def test_weights(full: Network) -> None:
    weights = {p.name: full.weight_of(p) for p in full.projections}
    assert psc_per_psp() == pytest.approx(585.38996, abs=1e-5)
    assert weights["L23E->L4E"].mean == pytest.approx(W_EXC, abs=1e-4)
    assert weights["L4E->L23E"].mean == pytest.approx(2 * W_EXC, abs=1e-4)
    assert weights["L4I->L23E"].mean == pytest.approx(-4 * W_EXC, abs=1e-3)
    assert all(w.std == pytest.approx(0.1 * abs(w.mean)) for w in weights.values())


def keeps_its_sign(network: Network, projection: Projection) -> bool:
    u = np.linspace(1e-9, 1 - 1e-9, 1001)
    weights = network.weight_of(projection).quantile(u)
    return bool(np.all(weights > 0) if projection.pre.endswith("E") else np.all(weights < 0))


def test_every_weight_keeps_its_sign(full: Network) -> None:
    assert all(keeps_its_sign(full, projection) for projection in full.projections)


def test_delays_are_at_least_one_step(full: Network) -> None:
    u = np.linspace(1e-9, 1 - 1e-9, 1001)
    for projection in full.projections[:16]:
        delays = full.delay_of(projection).quantile(u)
        assert np.floor(delays / full.dt + 0.5).min() >= 1
        expected = 1.5 if projection.pre.endswith("E") else 0.75
        assert np.median(delays) == pytest.approx(expected, rel=0.05)


def test_drive_has_the_mean_of_the_current(full: Network) -> None:
    constant = microcircuit(drive="dc")
    assert not constant.stimuli
    for population, current in zip(POPULATIONS, I_EXT, strict=True):
        i_e = constant.parameters_of(constant.population(population))["I_e"]
        assert i_e == pytest.approx(current, abs=0.01)
        assert mean_input(full, population) == pytest.approx(mean_input(constant, population))


@pytest.mark.parametrize("drive", ["poisson", "dc"])
@pytest.mark.parametrize("k_scaling", [0.1, 0.5])
def test_compensation_keeps_the_mean_input(full: Network, drive: str, k_scaling: float) -> None:
    small = microcircuit(N_scaling=0.2, K_scaling=k_scaling, drive=drive)
    for population in POPULATIONS:
        # The counts of the smaller network are rounded, so is its size.
        assert mean_input(small, population) == pytest.approx(mean_input(full, population), abs=0.5)


def test_scaling_changes_what_it_should(full: Network) -> None:
    small = microcircuit(scale=0.1)
    assert small == microcircuit(N_scaling=0.1, K_scaling=0.1)
    assert small.expected_synapses() == pytest.approx(full.expected_synapses() / 100, rel=1e-5)
    name = "L4E->L4I"
    wider = (
        small.weight_of(small.projection(name)).mean / full.weight_of(full.projection(name)).mean
    )
    assert wider == pytest.approx(math.sqrt(10))
    assert compensating_current("L4E", 1.0) == 0.0


def test_each_option_alone_leaves_the_other_scaling_to_scale() -> None:
    assert microcircuit(scale=0.1, K_scaling=1.0) == microcircuit(N_scaling=0.1, K_scaling=1.0)


def test_inhibition_follows_its_knob(full: Network) -> None:
    from snnlab import presets

    stronger = presets.load("microcircuit", g=8.0)
    name = "L4I->L4E"
    before, after = (n.weight_of(n.projection(name)) for n in (full, stronger))
    assert after.mean == pytest.approx(2 * before.mean)
    assert after.std == pytest.approx(2 * before.std)
