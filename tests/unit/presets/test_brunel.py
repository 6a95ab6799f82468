"""The balanced random network has the numbers of the publication, at any size."""

from __future__ import annotations

import math

import pytest

from snnlab.model.network import Network
from snnlab.presets.brunel import REGIMES, brunel


def external_rate(network: Network) -> float:
    drive = network.stimuli[0]
    return network.number(drive.rate, "Hz", where="rate")


@pytest.mark.parametrize("scale", [0.1, 0.4, 1.0, 2.0])
def test_probability_and_fluctuations_do_not_depend_on_size(scale: float) -> None:
    network = brunel(scale=scale)
    n = 10_000 * scale
    c_e = network.projection("exc->inh").rule.indegree
    assert network.n_neurons == n
    assert network.population("exc").size == 0.8 * n
    assert network.expected_synapses() == n * n / 10
    assert c_e == 0.08 * n
    assert network.knob_values["J"] == pytest.approx(0.2 * math.sqrt(800 / c_e))


def test_drive_is_eta_times_threshold_over_all_external_synapses() -> None:
    network = brunel()
    per_synapse = 2.0 * 20.0 / (0.2 * 800 * 20.0) * 1000.0
    assert external_rate(network) == pytest.approx(800 * per_synapse)


@pytest.mark.parametrize("regime", list(REGIMES))
def test_regimes_are_the_panels_of_the_figure(regime: str) -> None:
    network = brunel(regime=regime)
    g, eta = REGIMES[regime]
    assert network.knob_values == {"g": g, "eta": eta, "J": pytest.approx(0.1)}
    assert network.n_neurons == 12_500
    assert network.projection("inh->exc").rule.indegree == 250
    assert {p.reference_rate for p in network.populations} == {None}, "none is confirmed"


@pytest.mark.parametrize("written", ["SI fast", "si-fast", "SI_FAST"])
def test_regime_is_found_however_it_is_written(written: str) -> None:
    assert brunel(regime=written) == brunel(regime="SI fast")
