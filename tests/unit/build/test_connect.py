"""Every rule makes exactly the synapses that it promises, for any partitioning."""

import numpy as np
import pytest

from snnlab.build.connect import connect
from snnlab.build.layout import Layout, partition
from snnlab.build.random import CHUNK, random_words, stream_id
from snnlab.build.rule import PARTNERS
from snnlab.build.tables import plan_tables, port_exponents
from snnlab.model.connectivity import (
    AllToAll,
    DistanceDependent,
    FixedIndegree,
    FixedOutdegree,
    FixedTotalNumber,
    OneToOne,
    PairwiseBernoulli,
)
from snnlab.model.distribution import ClippedNormal, LogNormal, Uniform
from snnlab.model.network import Network, Population, Projection
from tests.connectivity import Edges, edges_of, network_of

RULES = [
    OneToOne(),
    AllToAll(),
    AllToAll(autapses=False),
    FixedIndegree(20),
    FixedIndegree(20, autapses=False),
    FixedIndegree(20, autapses=False, multapses=False),
    FixedOutdegree(15),
    FixedOutdegree(300, autapses=False),
    FixedOutdegree(15, autapses=False, multapses=False),
    FixedTotalNumber(5000),
    FixedTotalNumber(5000, autapses=False, multapses=False),
    PairwiseBernoulli(0.1),
    PairwiseBernoulli(0.0),
    PairwiseBernoulli(1.0, autapses=False),
    DistanceDependent(0.9, 150.0),
]
DRAWN = ClippedNormal(1.0, 0.1, low=0.0)
DELAYS = ClippedNormal(1.5, 0.75, low=0.1)
STORAGE = {
    "one weight, one delay": (1.0, 1.5),
    "one weight, drawn delays": (1.0, DELAYS),
    "packed weights, drawn delays": (DRAWN, DELAYS),
    "wide weights": (LogNormal(0.0, 2.0), 1.5),
}


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_partitioning_does_not_change_the_network(rule, storage):
    weight, delay = STORAGE[storage]
    network = network_of(rule, n_pre=300, weight=weight, delay=delay)
    reference = edges_of(network)
    for n_partitions in (2, 3):
        assert reference.equals(edges_of(network, n_partitions))


def test_another_seed_changes_the_network():
    one, two = (edges_of(network_of(FixedIndegree(20), seed=s)) for s in (1, 2))
    assert not one.equals(two)


def test_fixed_indegree_is_exact():
    edges = edges_of(network_of(FixedIndegree(20), n_post=150))
    np.testing.assert_array_equal(np.bincount(edges.target - 200, minlength=150), 20)


@pytest.mark.parametrize(("n", "indegree"), [(2, 300), (7, 256), (100, 513), (3000, 700)])
def test_without_autapses_the_words_of_the_neuron_itself_are_left_out(n, indegree):
    """One by one in Python: sources are the words of a target's stream, in their order."""
    network = network_of(FixedIndegree(indegree, autapses=False), n_pre=n, seed=5)
    edges = edges_of(network)
    for target in range(0, n, max(n // 7, 1)):
        sources = _others(target, n, indegree, network.seed, stream_id("projection", "a->a"))
        np.testing.assert_array_equal(edges.source[edges.target == target], np.sort(sources))


def _others(target, n, indegree, seed, stream):
    """The first `indegree` sources of a target's stream that are not the target."""
    words, found = np.empty(CHUNK, np.uint32), []
    for chunk in range(indegree):
        random_words(words, chunk, CHUNK, target, PARTNERS, seed, stream)
        found += [s for s in (words.astype(np.uint64) * n >> 32).tolist() if s != target]
        if len(found) >= indegree:
            return found[:indegree]
    raise AssertionError("too many draws of the neuron itself")


def test_fixed_outdegree_is_exact():
    edges = edges_of(network_of(FixedOutdegree(300), n_post=150))
    np.testing.assert_array_equal(np.bincount(edges.source, minlength=200), 300)


@pytest.mark.parametrize("multapses", [True, False])
def test_fixed_total_number_is_exact(multapses):
    edges = edges_of(network_of(FixedTotalNumber(7001, multapses=multapses)))
    assert len(edges) == 7001


def test_one_to_one_pairs_equal_indices():
    edges = edges_of(network_of(OneToOne(), n_post=200))
    np.testing.assert_array_equal(edges.target - 200, edges.source)


def test_all_to_all_has_every_pair_once():
    edges = edges_of(network_of(AllToAll(), n_pre=130, n_post=140))
    pairs = edges.source * 1000 + edges.target - 130
    np.testing.assert_array_equal(pairs, (np.arange(130)[:, None] * 1000 + np.arange(140)).ravel())


@pytest.mark.parametrize("rule", [r for r in RULES if not getattr(r, "autapses", True)], ids=str)
def test_no_autapses_when_switched_off(rule):
    edges = edges_of(network_of(rule, n_pre=400))
    assert not np.any(edges.source == edges.target)


@pytest.mark.parametrize(
    "rule", [FixedIndegree(20), FixedOutdegree(300), FixedTotalNumber(9000)], ids=str
)
def test_autapses_and_multapses_occur_when_allowed(rule):
    edges = edges_of(network_of(rule, n_pre=100))
    pairs = edges.source * 1000 + edges.target
    assert np.any(edges.source == edges.target)
    assert np.unique(pairs).size < pairs.size


@pytest.mark.parametrize("rule", [r for r in RULES if not getattr(r, "multapses", True)], ids=str)
def test_no_multapses_when_switched_off(rule):
    edges = edges_of(network_of(rule, n_pre=400))
    pairs = edges.source * 1000 + edges.target
    assert np.unique(pairs).size == pairs.size


def test_the_fullest_networks_without_multapses_are_complete():
    for rule in (
        FixedIndegree(59, autapses=False, multapses=False),
        FixedOutdegree(59, autapses=False, multapses=False),
        FixedTotalNumber(60 * 59, autapses=False, multapses=False),
    ):
        edges = edges_of(network_of(rule, n_pre=60))
        assert np.unique(edges.source * 1000 + edges.target).size == 60 * 59


def test_weights_and_delays_follow_their_distributions():
    network = network_of(FixedIndegree(200), weight=Uniform(2.0, 4.0), delay=Uniform(1.0, 2.0))
    edges = edges_of(network)
    n = len(edges)
    assert edges.weight.min() >= 2.0 - 1e-3
    assert edges.weight.max() <= 4.0 + 1e-3
    # Five standard errors of a uniform mean: false alarm below 1e-6.
    assert abs(edges.weight.mean() - 3.0) < 5 * 2.0 / np.sqrt(12 * n)
    assert set(np.unique(edges.delay)) == set(range(10, 21))
    assert abs(np.corrcoef(edges.weight, edges.delay)[0, 1]) < 5 / np.sqrt(n)


def test_packed_weights_are_accurate_and_keep_their_sign():
    network = network_of(FixedIndegree(100), weight=DRAWN, delay=DELAYS)
    edges = edges_of(network)
    assert edges.weight.min() > 0
    assert abs(edges.weight.mean() - 1.0) < 5 * 0.1 / np.sqrt(len(edges)) + 1e-4
    assert abs(edges.weight.std() - 0.1) < 2e-3


def test_wide_weights_keep_a_lognormal_tail():
    edges = edges_of(network_of(FixedIndegree(200), weight=LogNormal(0.0, 2.0)))
    logs = np.log(edges.weight[edges.weight > 0])
    assert abs(logs.std() - 2.0) < 0.05
    assert edges.weight.max() / np.median(edges.weight) > 500


def test_delays_longer_than_one_byte():
    edges = edges_of(network_of(FixedIndegree(10), delay=Uniform(1.0, 90.0)))
    assert edges.delay.max() > 800
    assert edges.delay.min() >= 10


def test_a_population_added_leaves_other_projections_alone():
    from snnlab.model.edits import AddPopulation
    from snnlab.model.network import Population

    network = network_of(FixedIndegree(20), n_post=150)
    larger = AddPopulation(Population("c", 500, "LIFDelta")).apply(network)
    assert edges_of(network).equals(edges_of(larger))


def two_distances():
    """A source whose synapses onto one population are fast, and onto the other slow."""
    populations = [Population(name, 256, "LIFDelta") for name in "abc"]
    near, far = Uniform(1.0, 3.0), Uniform(20.0, 25.0)
    return Network(populations, [
        Projection("a", "b", FixedIndegree(30), DRAWN, near),
        Projection("a", "c", FixedTotalNumber(9000), DRAWN, far),
    ])  # fmt: skip


def test_shares_hold_the_network_together():
    network = two_distances()
    whole = edges_of(network, 2)
    parts = [edges_of(network, 2, share) for share in ((0, 2), (2, 3), (3, 5), (5, 6))]
    columns = [np.concatenate([vars(part)[name] for part in parts]) for name in vars(whole)]
    order = np.lexsort(columns[::-1])
    assert whole.equals(Edges(*(column[order] for column in columns)))
    assert [len(part) for part in parts] != [0, 0, 0, len(whole)]


def test_rows_are_divided_by_the_delays_onto_a_share_only():
    network = two_distances()
    layout, plans = Layout.of(network), plan_tables(network, port_exponents(network))
    (plan,) = plans
    assert (plan.first_delay, plan.n_delays) == (10, 241)
    found = {}
    for name, share in {"a": (0, 2), "b": (2, 4), "c": (4, 6), "b and c": (2, 6)}.items():
        c = connect(network, plans, layout, partition(layout, 1, np.zeros(3), share))
        found[name] = c.first_delay(0), c.n_delays(0)
    assert found == {"a": (10, 1), "b": (10, 21), "c": (200, 51), "b and c": (10, 241)}
