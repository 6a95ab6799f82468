"""How many synapses are expected, against the numbers that are drawn."""

from __future__ import annotations

import math

import pytest

from snnlab.build.expected import expected_synapses, expected_total
from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import Connectivity, DistanceDependent, FixedIndegree
from snnlab.model.network import Network, Population, Projection
from snnlab.model.space import Grid, RandomPositions, Space

TORUS = Grid(extent=(20.0, 20.0), is_periodic=True, shape=(20, 20))
SHEET = RandomPositions(extent=(20.0, 20.0))


def network(rule: Connectivity, space: Space, post: str = "target") -> Network:
    populations = [Population(name, 400, "LIFDelta", space=space) for name in ("source", "target")]
    return Network(populations, [Projection("source", post, rule, 0.1)])


@pytest.mark.parametrize("kernel", DistanceDependent.KERNELS)
@pytest.mark.parametrize("space", [TORUS, SHEET], ids=["torus", "sheet"])
@pytest.mark.parametrize("post", ["target", "source"])
def test_as_many_are_drawn_by_distance_as_expected(kernel: str, space: Space, post: str) -> None:
    """Within five standard deviations of a binomial number: one false alarm in 1.7 million."""
    rule = DistanceDependent(0.5, 3.0, kernel, autapses=False)
    net = network(rule, space, post)
    (projection,) = net.projections
    expected = expected_synapses(net, projection)
    n = CpuEngine(net, threads=1).report.n_synapses
    # Of random positions 256 of 400 targets are asked for their in-degrees.
    spread = math.sqrt(expected) if space is TORUS else 2.0 * math.sqrt(expected)
    assert n == pytest.approx(expected, abs=5.0 * spread)
    assert expected < 0.5 * net.expected_synapses()


def test_kernel_of_a_dense_grid_has_the_volume_of_a_gaussian() -> None:
    net = network(DistanceDependent(0.1, 2.5), TORUS)
    (projection,) = net.projections
    assert expected_synapses(net, projection) / 400 == pytest.approx(
        2.0 * math.pi * 0.1 * 2.5**2, rel=1e-3
    )


def test_other_rules_are_counted() -> None:
    assert expected_total(network(FixedIndegree(7), TORUS)) == 2800
