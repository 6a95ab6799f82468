"""Learning: the loss falls, a run goes on bit for bit, rates are regulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.errors import FormatError
from snnlab.learning import SGD, Adam, EProp, Learner, RecurrentNetwork, batches
from tests.learning.spike_trials import network, random_trials

KINDS: dict[str, dict[str, Any]] = {
    "DeepR": {"input_rewiring": "DeepR", "recurrent_rewiring": "DeepR"},
    "SET": {"input_rewiring": "SET"},
    "RigL": {"recurrent_rewiring": "RigL"},
    "fixed": {},
}


def learn(learner: Learner, n: int, seed: int = 5) -> None:
    trials = random_trials(n=12)
    for _ in range(n):
        for indices in batches(len(trials), 4, seed, learner.n_updates):
            learner.learn(trials, indices)


def same(a: Learner, b: Learner) -> bool:
    left, right = a.state(), b.state()
    return left.keys() == right.keys() and all(np.array_equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["adjoint", "online"])
def test_a_run_goes_on_bit_for_bit(kind: str, form: str) -> None:
    net = network("sparse", "float32", feedback="adaptive")
    more = {"optimiser": Adam(0.02), "drop_out": 0.1, "form": form, **KINDS[kind]}
    whole = Learner(net, **more)
    learn(whole, 2)
    half = whole.state()
    learn(whole, 2)
    again = Learner(net, threads=2, **more)
    again.restore(half)
    assert not same(whole, again)
    learn(again, 2)
    assert same(whole, again)
    again.close()


def test_the_loss_falls() -> None:
    trials = random_trials(n=12)
    for optimiser in (Adam(0.01), SGD(1e-5, momentum=0.5)):
        learner = Learner(network("alif", "float32", c_reg=0.0), optimiser=optimiser)
        before = learner.evaluate(trials).loss.sum()
        for _ in range(25):
            learner.learn(trials)
        assert learner.evaluate(trials).loss.sum() < 0.7 * before


def test_an_update_is_the_gradient_s() -> None:
    net = network("sparse", c_reg=0.0)
    learner, trials = Learner(net, optimiser=SGD(0.01)), random_trials()
    before = learner.weights.copy()
    gradient = EProp(net).gradient(before, trials)
    learner.learn(trials, learning_rate=0.02)
    assert np.allclose(learner.weights.input.weight, before.input.weight - 0.02 * gradient.input)
    assert np.allclose(learner.weights.bias, before.bias - 0.02 * gradient.bias)


def test_adaptive_feedback_takes_the_updates_of_the_readout() -> None:
    learner = Learner(network("alif", feedback="adaptive"), optimiser=Adam(0.01))
    before = learner.weights.copy()
    for _ in range(3):
        learner.learn(random_trials())
    now = learner.weights
    assert now.feedback is not None
    assert before.feedback is not None
    assert np.allclose(now.feedback - before.feedback, now.output - before.output, atol=1e-12)
    assert np.abs(now.output - before.output).max() > 0.01


def test_rates_come_near_their_target() -> None:
    trials, rates = random_trials(n=12, n_steps=100, rate=0.3), {}
    for c_reg in (0.0, 30.0):
        net = network("alif", "float32", c_reg=c_reg, f_target=5.0, t_ref=1.0)
        learner = Learner(net, optimiser=Adam(0.01))
        assert np.allclose(learner.rates, 0.005)
        for _ in range(60):
            learner.learn(trials)
        rates[c_reg] = 1000.0 * learner.evaluate(trials).spike_counts.mean() / (12 * 100)
    assert rates[30.0] < 15.0
    assert rates[30.0] < 0.5 * rates[0.0]


def test_rates_are_averaged_over_batches() -> None:
    learner = Learner(network("alif"), optimiser=SGD(1e-9))
    counts = learner.learn(random_trials()).outcome.spike_counts
    assert np.allclose(learner.rates, 0.02 + 0.1 * (counts / (5 * 50) - 0.02))


def test_each_trial_once_an_epoch() -> None:
    found = batches(10, 4, seed=1, epoch=0)
    assert [b.size for b in found] == [4, 4, 2]
    assert sorted(np.concatenate(found)) == list(range(10))
    again, other, later = batches(10, 4, 1, 0), batches(10, 4, 2, 0), batches(10, 4, 1, 1)
    assert np.array_equal(np.concatenate(found), np.concatenate(again))
    assert not np.array_equal(np.concatenate(found), np.concatenate(other))
    assert not np.array_equal(np.concatenate(found), np.concatenate(later))


def test_a_state_of_another_network_is_refused() -> None:
    state = Learner(network("alif")).state()
    with pytest.raises(FormatError, match="must be an array of the shape"):
        Learner(network("sparse")).restore(state)
    del state["rates"]
    with pytest.raises(FormatError, match=r"state\['rates'\]"):
        Learner(network("alif")).restore(state)


def test_a_course_is_learnt() -> None:
    net = RecurrentNetwork(
        12, 30, 1, readout="regression", precision="float32", c_reg=0.0, beta=0.1
    )
    trials = random_trials(n=2)
    course = np.sin(np.arange(50) / 8.0).reshape(1, 50, 1).repeat(2, 0)
    learner = Learner(net, optimiser=Adam(0.01))
    before = learner.evaluate(trials, targets=course).loss.sum()
    for _ in range(80):
        learner.learn(trials, targets=course)
    assert learner.evaluate(trials, targets=course).loss.sum() < 0.2 * before
