"""Any rule between populations of any size makes what it promises, however the work is divided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.build import rules_of
from snnlab.model import connectivity as rules
from snnlab.model.connectivity import Connectivity
from snnlab.model.distribution import ClippedNormal, Distribution, LogNormal, Uniform
from tests.connectivity import Edges, edges_of, network_of

MOST = 150
seeds = st.integers(0, 2**32 - 1)
weights = st.one_of(
    st.floats(0.1, 10.0),
    st.builds(ClippedNormal, st.floats(0.5, 2.0), st.floats(0.01, 0.3), low=st.just(0.0)),
    st.builds(LogNormal, st.floats(-1.0, 1.0), st.floats(0.0, 2.0)),
)
delays = st.one_of(
    st.integers(1, 60).map(lambda steps: steps / 10),
    st.builds(Uniform, st.floats(0.1, 1.0), st.floats(1.1, 9.0)),
)
switches = {"autapses": st.booleans(), "multapses": st.booleans()}


@st.composite
def projections(draw: st.DrawFn) -> tuple[Connectivity, int, int | None]:
    """A rule, the size of its sources, and of its targets; None: the sources themselves."""
    n_pre = draw(st.integers(2, MOST))
    n_post = draw(st.none() | st.integers(1, MOST))
    targets = n_pre if n_post is None else n_post
    pairs = n_pre * targets - (n_pre if n_post is None else 0)
    rule = draw(st.one_of(
        st.just(rules.OneToOne()),
        st.builds(rules.AllToAll, st.booleans()),
        st.builds(rules.FixedIndegree, st.integers(0, n_pre - 1), **switches),
        st.builds(rules.FixedOutdegree, st.integers(0, max(targets - 1, 0)), **switches),
        st.builds(rules.FixedTotalNumber, st.integers(0, pairs), **switches),
        st.builds(rules.PairwiseBernoulli, st.floats(0.0, 1.0), st.booleans()),
        st.builds(rules.DistanceDependent, st.floats(0.0, 1.0), st.floats(10.0, 900.0),
                  st.sampled_from(rules.DistanceDependent.KERNELS), st.booleans()),
    ))  # fmt: skip
    if isinstance(rule, rules.OneToOne) and n_post is not None:
        n_post = n_pre
    return rule, n_pre, n_post


def degrees(edges: Edges, n_pre: int, n_post: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Out-degree of every source, in-degree of every target."""
    return (
        np.bincount(edges.source, minlength=n_pre),
        np.bincount(edges.target - first, minlength=n_post),
    )


def expect_degrees(rule: Connectivity, edges: Edges, n_pre: int, n_post: int | None) -> None:
    """The numbers that the rule fixes."""
    first, targets = (0, n_pre) if n_post is None else (n_pre, n_post)
    outdegree, indegree = degrees(edges, n_pre, targets, first)
    alone = n_post is None and not getattr(rule, "autapses", True)
    match rule:
        case rules.OneToOne():
            assert np.array_equal(edges.target - first, edges.source)
            assert len(edges) == n_pre
        case rules.AllToAll():
            assert (indegree == n_pre - alone).all()
            assert (outdegree == targets - alone).all()
        case rules.FixedIndegree(indegree=k):
            assert (indegree == k).all()
        case rules.FixedOutdegree(outdegree=k):
            assert (outdegree == k).all()
        case rules.FixedTotalNumber(n=n):
            assert len(edges) == n
        case rules.PairwiseBernoulli(p=p):
            assert len(edges) == {0.0: 0, 1.0: (n_pre - alone) * targets}.get(p, len(edges))


def expect_pairs(rule: Connectivity, edges: Edges, n_post: int | None) -> None:
    """No autapses and no multapses where there may be none."""
    if n_post is None and not getattr(rule, "autapses", True):
        assert not np.any(edges.source == edges.target)
    if not getattr(rule, "multapses", False):
        pairs = edges.source * 10_000 + edges.target
        assert np.unique(pairs).size == pairs.size


def expect_within(values: np.ndarray, of: float | Distribution, slack: float) -> None:
    """Drawn numbers lie where their distribution does, up to the grid on which they are stored."""
    if isinstance(of, Distribution):
        low, high = of.quantile(np.array([1e-6, 1 - 1e-6]))
    else:
        low = high = of
    assert (values >= low - slack).all()
    assert (values <= high + slack).all()


@settings(max_examples=150)
@given(projections(), weights, delays, seeds, st.integers(2, 5))
def test_any_projection_is_what_its_rule_says(
    projection: tuple[Connectivity, int, int | None], weight: float | Distribution,
    delay: float | Distribution, seed: int, n_partitions: int,
) -> None:  # fmt: skip
    rule, n_pre, n_post = projection
    network = network_of(rule, n_pre=n_pre, n_post=n_post, seed=seed, weight=weight, delay=delay)
    edges = edges_of(network)
    expect_degrees(rule, edges, n_pre, n_post)
    expect_pairs(rule, edges, n_post)
    largest = network.weight_of(network.projections[0]).quantile(np.array([1 - 1e-6]))[0]
    expect_within(edges.weight, weight, 2e-3 * float(largest))
    expect_within(edges.delay * network.dt, delay, 0.5 * network.dt + 1e-9)
    assert edges.equals(edges_of(network, n_partitions))


def test_draws_that_depend_on_the_partitions_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison bites."""
    network = network_of(rules.FixedIndegree(20), n_pre=MOST)
    edges, honest = edges_of(network), rules_of.stream_id
    monkeypatch.setattr(rules_of, "stream_id", lambda *names: honest(*names, "of three"))
    assert not edges.equals(edges_of(network, 3))
