"""A ring of balanced networks: each sends to the next one and to no other."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import presets
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import SpecError
from snnlab.presets.brunel_ring import brunel_ring


def test_each_network_sends_to_the_next_one() -> None:
    network = brunel_ring(rings=3)
    sent = {
        (p.pre.partition(".")[0], p.post.partition(".")[0])
        for p in network.projections
        if p.pre.partition(".")[0] != p.post.partition(".")[0]
    }
    assert sent == {("R001", "R002"), ("R002", "R003"), ("R003", "R001")}
    assert {p.name: p.rule.indegree for p in network.projections if p.post == "R002.inh"} == {
        "R002.exc->R002.inh": 72, "R001.exc->R002.inh": 8, "R002.inh->R002.inh": 20,
    }  # fmt: skip


def test_networks_follow_one_another() -> None:
    names = [p.name for p in brunel_ring(rings=2).populations]
    assert names == ["R001.exc", "R001.inh", "R002.exc", "R002.inh"]


@pytest.mark.parametrize("settings", [{"rings": 1}, {"coupling": 0.0}])
def test_without_coupling_there_are_only_networks_of_their_own(settings: dict) -> None:
    network = brunel_ring(**settings)
    assert all(p.pre[:4] == p.post[:4] for p in network.projections)
    assert network.expected_synapses() == 100 * network.n_neurons


def test_two_networks_send_to_one_another() -> None:
    names = {p.name for p in brunel_ring(rings=2).projections}
    assert {"R001.exc->R002.exc", "R002.exc->R001.exc"} <= names


def test_synapses_between_networks_have_a_delay_of_their_own() -> None:
    network = brunel_ring(rings=2, delay=3.0)
    delays = {p.name: network.delay_of(p).value for p in network.projections}
    assert delays["R001.exc->R002.exc"] == 3.0
    assert delays["R001.exc->R001.exc"] == 1.5


def test_coupling_hardly_changes_the_rates() -> None:
    rates = []
    for coupling in (0.0, 0.1, 0.2):
        engine = CpuEngine(brunel_ring(rings=3, coupling=coupling), threads=1)
        engine.advance(1000)
        frame = engine.advance(5000)
        rates.append(frame.step.size / 3000 / 0.5)
        engine.close()
    assert np.ptp(rates) < 0.05 * np.mean(rates)
    assert 20.0 < rates[0] < 80.0


def test_tiny_networks_are_possible() -> None:
    """What a step costs, however little there is to do."""
    assert presets.load("brunel_ring", N=10, rings=8).n_neurons == 80


@pytest.mark.parametrize(
    ("settings", "got"), [({"rings": 0}, "0"), ({"coupling": 1.5}, "1.5"), ({"N": -1}, "-1")]
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict, got: str) -> None:
    with pytest.raises(SpecError) as caught:
        brunel_ring(**settings)
    assert caught.value.got.startswith(got)
