"""The conductance-based network has the numbers of the benchmark."""

from __future__ import annotations

import pytest

from snnlab.presets.coba import coba


def test_numbers_of_the_benchmark() -> None:
    network = coba()
    assert [p.size for p in network.populations] == [3200, 800]
    assert network.expected_synapses() == pytest.approx(320_000)
    assert {p.rule.p for p in network.projections} == {0.02}
    parameters = network.parameters_of(network.population("exc"))
    assert parameters["C_m"] / parameters["g_L"] == 20.0
    weights = {p.name: network.weight_of(p).value for p in network.projections}
    assert weights == {"exc->exc": 6.0, "exc->inh": 6.0, "inh->exc": 67.0, "inh->inh": 67.0}


def test_inhibition_arrives_at_its_own_receptor() -> None:
    network = coba()
    assert network.receptor_of(network.projection("inh->exc")) == "inh"
    assert network.receptor_of(network.projection("exc->inh")) == "exc"


@pytest.mark.parametrize("scale", [0.1, 2.5])
def test_indegree_does_not_depend_on_size(scale: float) -> None:
    network = coba(scale=scale)
    assert network.expected_synapses() / network.n_neurons == pytest.approx(80)


def test_spikes_arrive_one_step_later_at_any_step() -> None:
    assert coba(dt=0.05).projections[0].delay == 0.05
