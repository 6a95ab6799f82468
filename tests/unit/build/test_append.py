"""Row-by-row rules are drawn in one pass, into room that is enough; the network is the same."""

import numpy as np
import pytest

from snnlab.build import append, table
from snnlab.build.rules_of import rule_of
from snnlab.errors import InternalError
from snnlab.model.connectivity import AllToAll, FixedIndegree, FixedOutdegree, PairwiseBernoulli
from snnlab.model.distribution import ClippedNormal, LogNormal, Uniform
from tests.connectivity import edges_of, network_of

RULES = [
    AllToAll(autapses=False),
    FixedOutdegree(30),
    FixedOutdegree(30, autapses=False, multapses=False),
    PairwiseBernoulli(0.1),
    PairwiseBernoulli(1.0),
    PairwiseBernoulli(0.0),
]
STORAGE = {
    "shared": (1.0, 1.5),
    "packed": (ClippedNormal(1.0, 0.1, low=0.0), Uniform(1.0, 2.0)),
    "wide": (LogNormal(0.0, 2.0), 1.5),
}


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("n_partitions", [1, 3])
def test_one_pass_gives_the_network_of_two(rule, storage, n_partitions, monkeypatch):
    weight, delay = STORAGE[storage]
    network = network_of(rule, n_pre=300, weight=weight, delay=delay)
    in_one = edges_of(network, n_partitions)
    with monkeypatch.context() as patch:
        patch.setattr(table, "is_appendable", lambda rules: False)
        in_two = edges_of(network, n_partitions)
    assert in_one.equals(in_two)
    assert (len(in_one) > 0) == (rule != PairwiseBernoulli(0.0))


def test_rules_that_go_target_by_target_are_counted_first():
    for rule, is_appendable in ((FixedIndegree(20), False), (PairwiseBernoulli(0.1), True)):
        network = network_of(rule)
        rules = [rule_of(network, network.projections[0])]
        assert append.is_appendable(rules) == is_appendable
        assert not append.is_appendable(rules * 2)


def test_room_that_is_too_small_is_a_bug_and_not_an_overflow(monkeypatch):
    monkeypatch.setattr(append, "_SPREAD", -6.0)
    with pytest.raises(InternalError, match="must draw at most"):
        edges_of(network_of(PairwiseBernoulli(0.5), n_pre=400, n_post=20))


@pytest.mark.parametrize("rule", [FixedOutdegree(400), PairwiseBernoulli(0.5)], ids=str)
def test_room_is_little_more_than_the_synapses(rule):
    network = network_of(rule, n_pre=800)
    owned = (np.array([0, 384]), np.array([384, 800]), np.array([0, 0]))
    room = append.room(rule_of(network, network.projections[0]), owned).sum()
    n = len(edges_of(network))
    assert n < room < 1.05 * n
