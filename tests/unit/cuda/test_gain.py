"""Which networks a GPU is chosen for."""

from __future__ import annotations

import pytest

from snnlab import presets
from snnlab.cuda.gain import WORTH, gains, worth
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection


def network(n_neurons: int, indegree: int = 0) -> Network:
    synapses = [Projection("p", "p", FixedIndegree(indegree))] if indegree else []
    return Network([Population("p", n_neurons, "LIFExp")], synapses)


def test_neurons_and_synapses_count() -> None:
    assert worth(network(5000)) == 5000
    assert worth(network(5000, 1000)) == 10_000


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (network(int(WORTH) - 1), False),
        (network(int(WORTH)), True),
        (network(int(WORTH) // 2, 1000), True),
        (network(1000, 100), False),
    ],
)
def test_large_networks_gain(described: Network, expected: bool) -> None:
    assert gains(described) is expected


def test_presets() -> None:
    assert gains(presets.load("microcircuit"))
    assert not gains(presets.load("microcircuit", scale=0.1))
    assert not gains(presets.load("coba"))
