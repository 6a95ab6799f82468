"""Synapses that are replaced while a network learns: what holds of them whatever the rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab.arrays.marks import mark, mark_stream
from snnlab.errors import SpecError
from snnlab.learning import (
    Adam,
    EProp,
    Learner,
    RecurrentNetwork,
    StructuralPlasticity,
    Synapses,
    initial_weights,
)
from snnlab.learning.crossing import crossed
from snnlab.learning.replacing import by_source, move, move_rows
from snnlab.learning.rewirer import Rewirer
from snnlab.model.rewiring import RewiringRule
from tests.learning.spike_trials import network, random_trials

RULES = ["DeepR", "SET", "RigL", "Threshold"]


def pairs_of(synapses: Synapses) -> np.ndarray:
    """Numbers of the pairs that are connected, in the order of the rows."""
    return synapses.pre.astype(np.int64) * synapses.n_post + synapses.post


def assert_sound(synapses: Synapses, n: int) -> None:
    """What holds of sparse rows: as many as ever, none twice, no autapse."""
    assert synapses.n == synapses.weight.size == synapses.sign.size == n
    assert synapses.start[0] == 0
    assert synapses.start[-1] == n
    assert (np.diff(synapses.start) >= 0).all()
    assert np.unique(pairs_of(synapses)).size == n
    assert synapses.post.min() >= 0
    assert synapses.post.max() < synapses.n_post
    assert synapses.autapses or (synapses.pre != synapses.post).all()
    assert np.isfinite(synapses.weight).all()


def learner(rule: Any, seed: int = 3, **more: Any) -> Learner:
    net = network("sparse", "float32", seed=seed)
    chosen = StructuralPlasticity(rule, **({"every": 1} | more))
    return Learner(net, optimiser=Adam(0.05), input_rewiring=chosen, recurrent_rewiring=chosen)


@pytest.mark.parametrize("rule", RULES)
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_updates=st.integers(1, 6))
def test_rows_stay_sound(rule: str, seed: int, n_updates: int) -> None:
    learning = learner(rule, seed)
    rows = learning.weights.input, learning.weights.recurrent
    before = [s.n for s in rows if s is not None]
    for _ in range(n_updates):
        update = learning.learn(random_trials(seed=seed % 1000))
        assert set(update.n_rewired) == {"input", "recurrent"}
    for synapses, n in zip(rows, before, strict=True):
        assert synapses is not None
        assert_sound(synapses, n)


@pytest.mark.parametrize("rule", RULES)
def test_as_many_pairs_change_as_it_says(rule: str) -> None:
    learning, n_seen = learner(rule), 0
    for _ in range(8):
        before = pairs_of(learning.weights.input)
        n = learning.learn(random_trials()).n_rewired["input"]
        after = pairs_of(learning.weights.input)
        assert len(set(after) - set(before)) == len(set(before) - set(after)) == n
        n_seen += n
    assert n_seen > 0


def test_deep_r_keeps_the_signs_of_connections() -> None:
    learning = learner("DeepR", l1=1e-3)
    ever: dict[int, int] = {}
    n = 0
    for _ in range(30):
        n += learning.learn(random_trials()).n_rewired["recurrent"]
        synapses = learning.weights.recurrent
        assert synapses is not None
        assert (synapses.weight * synapses.sign >= 0).all()
        for pair, sign in zip(pairs_of(synapses), synapses.sign, strict=True):
            assert ever.setdefault(int(pair), int(sign)) == sign
    assert n > 50
    assert {-1, 1} == set(ever.values())
    assert abs(np.mean(list(ever.values()))) < 0.3


def test_signs_are_those_of_the_marks() -> None:
    synapses = learner("DeepR").weights.input
    stream = np.uint32(mark_stream("input"))
    marks = [
        mark(i, j, np.uint32(3), stream) for i, j in zip(synapses.pre, synapses.post, strict=True)
    ]
    assert np.array_equal(synapses.sign, np.where(np.array(marks) < 0.5, 1, -1))
    drawn = initial_weights(network("sparse", "float32", seed=3)).input
    assert np.array_equal(np.abs(drawn.weight), np.abs(synapses.weight))


def test_a_new_synapse_starts_from_nothing() -> None:
    learning = learner("DeepR", l1=1e-3)
    before = pairs_of(learning.weights.input)
    while not learning.learn(random_trials()).n_rewired["input"]:
        before = pairs_of(learning.weights.input)
    is_new = ~np.isin(pairs_of(learning.weights.input), before)
    state = learning.state()
    assert is_new.any()
    for name in ("weight", "moment/0", "moment/1"):
        assert not state[f"input/{name}"][is_new].any()
        assert state[f"input/{name}"][~is_new].all()
    assert (np.abs(state["input/sign"]) == 1).all()


def test_new_synapses_of_a_size_have_the_sign_of_their_connection() -> None:
    learning = learner("DeepR", l1=1e-3, weight=0.25)
    before = pairs_of(learning.weights.input)
    while not learning.learn(random_trials()).n_rewired["input"]:
        before = pairs_of(learning.weights.input)
    synapses = learning.weights.input
    is_new = ~np.isin(pairs_of(synapses), before)
    assert np.array_equal(synapses.weight[is_new], np.float32(0.25) * synapses.sign[is_new])


def test_moments_and_weights_follow_their_synapse() -> None:
    learning = learner("SET", every=2)
    learning.learn(random_trials())
    rewirer = learning._rewirers["input"]
    synapses, moments = learning.weights.input, learning._moments["input"]
    pairs = pairs_of(synapses).copy()
    by_pair = {
        int(p): (w, a, b)
        for p, w, a, b in zip(pairs, synapses.weight.copy(), *moments, strict=True)
    }
    n = rewirer.rewire(2, 100.0, moments, None)
    assert n > 0
    stayed = 0
    for p, w, a, b in zip(pairs_of(synapses), synapses.weight, *moments, strict=True):
        if int(p) in by_pair:
            stayed += 1
            assert by_pair[int(p)] == (w, a, b)
        else:
            assert (w, a, b) == (0.0, 0.0, 0.0)
    assert stayed == synapses.n - n


def test_rig_l_takes_the_pairs_with_the_largest_gradient() -> None:
    net = network("sparse", seed=3)
    weights, trials = initial_weights(net), random_trials()
    pairs = EProp(net).gradient(weights, trials, pairs=True).input_pairs
    assert pairs is not None
    synapses, before = weights.input, pairs_of(weights.input)
    weakest = np.sort(np.abs(synapses.weight))
    rewirer = Rewirer(net, "input", synapses, StructuralPlasticity("RigL"))
    n = rewirer.rewire(1, 0.0, (), pairs)
    assert n == round(0.3 * synapses.n)
    absent = np.setdiff1d(np.arange(pairs.size), before)
    best = absent[np.argsort(-np.abs(pairs.ravel()[absent]))[:n]]
    assert set(pairs_of(synapses)) - set(before) == set(best)
    assert np.abs(synapses.weight[synapses.weight != 0.0]).min() >= weakest[n]


def test_set_lets_the_weakest_of_each_sign_go() -> None:
    net = network("sparse", seed=3)
    synapses = initial_weights(net).input
    weight = np.sort(synapses.weight.copy())
    rewirer = Rewirer(net, "input", synapses, StructuralPlasticity("SET", parameters={"zeta": 0.2}))
    rewirer.rewire(1, 0.0, (), None)
    negative, positive = weight[weight < 0], weight[weight >= 0]
    kept = np.concatenate([
        negative[: negative.size - round(0.2 * negative.size)],
        positive[round(0.2 * positive.size) :],
    ])  # fmt: skip
    assert np.array_equal(np.sort(synapses.weight[synapses.weight != 0]), kept)


class AtTarget(RewiringRule):
    """The weakest synapse of each target goes."""

    ranks = "target"

    @staticmethod
    def score(syn: Any, pair: Any, p: Any) -> Any:
        return abs(syn.weight)

    @staticmethod
    def n_going(group: Any, p: Any) -> float:
        return 1.0


def test_rules_that_compare_by_target_keep_in_degrees() -> None:
    net = network("sparse", seed=3)
    synapses = initial_weights(net).recurrent
    assert synapses is not None
    before, pairs = np.bincount(synapses.post, minlength=30), pairs_of(synapses)
    rewirer = Rewirer(net, "recurrent", synapses, StructuralPlasticity(AtTarget))
    n = rewirer.rewire(1, 0.0, (), None)
    assert n == (before > 0).sum()
    assert np.array_equal(np.bincount(synapses.post, minlength=30), before)
    assert np.isin(pairs_of(synapses), pairs).sum() == synapses.n - n
    assert_sound(synapses, pairs.size)


def test_where_no_pair_is_left_synapses_stay() -> None:
    net = RecurrentNetwork(6, 5, 2, input_density=0.9, recurrent=False)
    learning = Learner(
        net, optimiser=Adam(0.5), input_rewiring=StructuralPlasticity("DeepR", every=1, l1=0.1)
    )
    n, seen = learning.weights.input.n, 0
    trials = random_trials(n_channels=6, n_classes=2)
    for _ in range(10):
        found = learning.learn(trials).n_rewired["input"]
        assert found <= 3  # pairs that had no synapse
        seen += found
        assert_sound(learning.weights.input, n)
    assert seen > 0


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_moving_rows_is_set_arithmetic(data: st.DataObject) -> None:
    n_pre, n_post = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
    everyone = list(range(n_pre * n_post))
    present = sorted(data.draw(st.sets(st.sampled_from(everyone), min_size=1)))
    absent = sorted(set(everyone) - set(present))
    most = min(len(absent), len(present))
    going = data.draw(st.sets(st.sampled_from(present), max_size=most))
    coming = data.draw(st.permutations(absent))[: len(going)]
    pre, post = np.divmod(np.array(present), n_post)
    rows = Synapses.sparse(n_pre, n_post, pre, post, np.arange(1.0, len(present) + 1))
    removed = np.flatnonzero(np.isin(present, list(going)))
    came_pre, came_post = by_source(np.array(coming, np.int64), n_pre, n_post)
    origin = np.arange(len(present), dtype=float)
    marks, moments = origin.copy(), (origin.copy(), origin.copy())
    pieces, fresh_at = move_rows(rows.start, removed, came_pre)
    move(pieces, rows.post, origin, rows.sign, marks, moments)
    rows.post[fresh_at] = came_post
    for array in (origin, marks, *moments):
        array[fresh_at] = -1
    found = np.repeat(np.arange(n_pre), np.diff(rows.start)) * n_post + rows.post
    assert sorted(found.tolist()) == sorted((set(present) - going) | set(coming))
    assert (np.diff(found // n_post) >= 0).all()
    where = {p: present.index(p) if p in present else -1 for p in found.tolist()}
    for array in (origin, marks, *moments):
        assert array.tolist() == list(where.values())


def test_l1_falls_while_too_much_is_replaced_and_comes_back() -> None:
    learning = learner("DeepR", l1=1e-3, most=1e-3, every=2)
    rewirer, trials = learning._rewirers["input"], random_trials()
    n = rewirer._synapses.n
    found = [learning.learn(trials).n_rewired for _ in range(6)][1::2]
    assert all(f["input"] > 2 * 1e-3 * n for f in found)
    assert rewirer.pull == pytest.approx(0.99**6)
    assert rewirer.l1_per_step == pytest.approx(1e-3 * 0.99**6)
    left = [rewirer.rewire(k, 0.0, learning._moments["input"], None) for k in (8, 10)]
    assert left == [0, 0]
    assert rewirer.pull == pytest.approx(0.99**6 * 1.01**4)
    for k in range(12, 24, 2):
        rewirer.rewire(k, 0.0, learning._moments["input"], None)
    assert rewirer.pull == 1.0


def test_as_the_learning_rate_falls_less_may_be_replaced() -> None:
    net, pulls = network("sparse", "float32", seed=3), []
    for most_rate in (0.05, 50.0):
        learning = Learner(
            net,
            optimiser=Adam(most_rate),
            input_rewiring=StructuralPlasticity("DeepR", every=1, l1=1e-3, most=0.5),
        )
        for _ in range(2):
            n = learning.learn(random_trials(), learning_rate=0.05).n_rewired["input"]
        assert n > 0
        pulls.append(learning._rewirers["input"].pull)
    assert pulls == [1.0, 0.99]


def test_l1_that_has_fallen_is_part_of_the_state() -> None:
    learning, other = learner("DeepR", l1=1e-3, most=1e-3), learner("DeepR", l1=1e-3, most=1e-3)
    for _ in range(3):
        learning.learn(random_trials())
    other.restore(learning.state())
    assert other._rewirers["input"].pull == learning._rewirers["input"].pull < 1.0
    for each in (learning, other):
        each.learn(random_trials())
    mine, its = learning.state(), other.state()
    assert all(np.array_equal(mine[name], its[name]) for name in mine | its)


def test_deep_r_goes_by_the_sign_that_a_weight_starts_with() -> None:
    net = network("sparse", "float32", seed=3)
    weights = initial_weights(net)
    learning = Learner(net, weights, input_rewiring=StructuralPlasticity("DeepR", l1=0.0))
    marks = learner("DeepR").weights.input.sign
    assert (np.sign(weights.input.weight) != marks).mean() > 0.3
    assert learning._rewirers["input"].rewire(1, 0.0, learning._moments["input"], None) == 0


def test_weights_that_crossed_zero_are_found_wherever_they_are() -> None:
    draw = np.random.default_rng(1)
    for n in (0, 1, 31, 32, 33, 500, 5000):
        sign = np.where(draw.random(n) < 0.5, 1, -1).astype(np.int8)
        weight = (sign * draw.choice([0.0, -0.0, 1.0, 1.0, -1.0], n)).astype(np.float32)
        assert np.array_equal(crossed(weight, sign), np.flatnonzero(weight * sign < 0))


def test_nothing_happens_between_calls() -> None:
    learning = learner("SET", every=3)
    n = [learning.learn(random_trials()).n_rewired for _ in range(6)]
    assert [bool(x) for x in n] == [False, False, True, False, False, True]


def test_the_temperature_lets_weights_walk() -> None:
    cold, warm = learner("DeepR"), learner("DeepR", parameters={"temperature": 1e-4})
    for learning in (cold, warm):
        learning.learn(random_trials())
    a, b = cold.weights.output, warm.weights.output
    assert np.array_equal(a, b)
    spread = np.std(warm.weights.input.matrix() - cold.weights.input.matrix())
    assert spread > 0.5 * np.sqrt(2e-4 * 0.3)


@pytest.mark.parametrize(
    ("rule", "more", "message"),
    [
        ("Topographic", {}, "must replace synapses, or rank them"),
        ("Homeostatic", {}, "must replace synapses, or rank them"),
        ("MagnitudePruning", {}, "must let as many synapses come as go"),
        ("DeepR", {"every": 0}, "must be a whole number of updates"),
        ("DeepR", {"l1": -1.0}, "must be >= 0"),
        ("DeepR", {"most": 0.0}, "must be > 0"),
        ("DeepR", {"parameters": {"temper": 1.0}}, "'temperature'"),
        ("DeepRR", {}, "'DeepR'"),
    ],
)
def test_rules_that_cannot_be_meant(rule: str, more: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        StructuralPlasticity(rule, **more)


def test_dense_projections_are_not_rewired() -> None:
    with pytest.raises(SpecError, match="input_density: must be < 1"):
        Learner(network("alif"), input_rewiring="DeepR")
    with pytest.raises(SpecError, match="has no such synapses"):
        Learner(network("feed-forward"), recurrent_rewiring="DeepR")
