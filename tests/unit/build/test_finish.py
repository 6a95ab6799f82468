"""Rows are finished in place: ascending targets, and draws that are named by the synapse."""

import numpy as np
import pytest

from snnlab.build.connect import connect
from snnlab.build.layout import Layout, partition
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.model.connectivity import FixedIndegree, FixedOutdegree, PairwiseBernoulli
from snnlab.model.distribution import ClippedNormal, LogNormal, Uniform
from snnlab.model.network import Network, Population, Projection
from tests.connectivity import PACKED, edges_of, network_of

DELAYS = Uniform(1.0, 2.0)
STORAGE = {
    "one weight, one delay": (1.0, 1.5),
    "one weight, drawn delays": (1.0, DELAYS),
    "packed": (ClippedNormal(1.0, 0.1, low=0.0), DELAYS),
    "wide": (LogNormal(0.0, 2.0), DELAYS),
}


def rows_of(network, n_partitions=2):
    """Targets of every segment (partition, source, delay) of the first table."""
    layout = Layout.of(network)
    plans = plan_tables(network, port_exponents(network))
    c = connect(network, plans, layout, partition(layout, n_partitions, np.zeros(1)))
    slots = c.packed & 0xFFFF if plans[0].kind == PACKED else c.targets
    start, ends = c.starts(0), c.segment_ends[0]
    for p in range(n_partitions):
        for row in range(start.shape[1] - 1):
            whole = slots[start[p, row] : start[p, row + 1]].astype(int)
            yield from np.split(whole, ends[p, row][:-1]) if ends.shape[2] else [whole]


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize(
    "rule", [FixedIndegree(60), FixedOutdegree(60), PairwiseBernoulli(0.2)], ids=str
)
def test_targets_ascend_within_a_delay(rule, storage):
    weight, delay = STORAGE[storage]
    segments = list(rows_of(network_of(rule, n_pre=300, weight=weight, delay=delay)))
    assert max(len(s) for s in segments) > 2
    assert all(np.all(np.diff(s) >= 0) for s in segments)


def two_projections(second_first=False):
    """Two projections between the same populations, in one table."""
    a = Population("a", 300, "LIFDelta")
    one = Projection("a", "a", FixedIndegree(10), Uniform(1.0, 2.0), 1.5, name="one")
    two = Projection("a", "a", FixedOutdegree(12), Uniform(3.0, 4.0), DELAYS, name="two")
    return Network([a], [two, one] if second_first else [one, two])


def test_projections_in_one_table_keep_their_own_draws():
    network = two_projections()
    assert len(plan_tables(network, port_exponents(network))) == 1
    edges = edges_of(network)
    is_one = edges.weight < 2.5
    assert is_one.sum() == 3000
    assert (~is_one).sum() == 3600
    assert set(edges.delay[is_one]) == {15}
    assert set(edges.delay[~is_one]) == set(range(10, 21))
    assert edges.equals(edges_of(network, 3))
    assert edges.equals(edges_of(two_projections(second_first=True)))


def test_multapses_draw_each_their_own():
    a = Population("a", 2, "LIFDelta")
    network = Network([a], [Projection("a", "a", FixedIndegree(400), Uniform(1.0, 2.0), 1.5)])
    weights = edges_of(network).weight
    # 800 draws from some 33,000 representable weights: 10 or so coincide, not 800.
    assert np.unique(weights).size > 700


def test_a_pair_draws_the_same_whatever_else_is_connected():
    """Weights are named by source and target: a denser rule leaves those of common pairs alone."""
    sparse, dense = (
        edges_of(network_of(PairwiseBernoulli(p), n_pre=200, weight=Uniform(1.0, 2.0)))
        for p in (0.3, 0.9)
    )
    pairs = [dict(zip(zip(e.source, e.target, strict=True), e.weight, strict=True))
             for e in (sparse, dense)]  # fmt: skip
    common = pairs[0].keys() & pairs[1].keys()
    assert len(common) > 8000
    assert all(pairs[0][key] == pytest.approx(pairs[1][key], abs=1e-3) for key in common)
