"""Going back in time returns what the equations of e-prop return, step by step."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.learning import EProp, RecurrentNetwork, initial_weights
from snnlab.learning.adjoint import adjoint_gradient
from snnlab.learning.crew import Crew
from snnlab.learning.reference import reference_gradient
from snnlab.learning.shown import Shown, bundle_trials
from snnlab.learning.task import Task
from tests.learning.spike_trials import (
    CASES,
    difference,
    equal,
    network,
    random_regulariser,
    random_trials,
)

TOLERANCE = {"float32": 1e-4, "float64": 1e-9}


@pytest.mark.parametrize("precision", TOLERANCE)
@pytest.mark.parametrize("case", CASES)
def test_it_is_the_gradient_of_the_equations(case: str, precision: str) -> None:
    net = network(case, precision)
    weights, trials = initial_weights(net), random_trials(dt=net.dt)
    more = {"regulariser": random_regulariser(), "drop_out": 0.2, "update": 3}
    expected = reference_gradient(net, weights, trials, **more)
    found = EProp(net).gradient(weights, trials, **more)
    assert expected.outcome.n_spikes.min() > 20
    assert np.array_equal(found.outcome.n_spikes, expected.outcome.n_spikes)
    assert np.array_equal(found.outcome.spike_counts, expected.outcome.spike_counts)
    assert np.allclose(found.outcome.votes, expected.outcome.votes, rtol=1e-4, atol=1e-3)
    assert np.allclose(found.outcome.loss, expected.outcome.loss, rtol=1e-5)
    assert difference(found, expected) < TOLERANCE[precision]


@pytest.mark.parametrize("case", ["alif", "sparse lif"])
def test_without_regulariser_and_drop_out(case: str) -> None:
    net = network(case)
    weights, trials = initial_weights(net), random_trials()
    found = EProp(net).gradient(weights, trials)
    assert difference(found, reference_gradient(net, weights, trials)) < 1e-9


@pytest.mark.parametrize("case", ["alif", "sparse", "feed-forward", "late vote"])
@pytest.mark.parametrize("longest", [1, 7, 25, 49])
def test_long_trials_are_kept_in_pieces(case: str, longest: int) -> None:
    net = network(case)
    weights, trials = initial_weights(net), random_trials()
    task = Task.of(net, weights, trials, None, regulariser=random_regulariser())
    whole = adjoint_gradient(task, Crew(1))
    in_pieces = adjoint_gradient(task, Crew(2), longest_chunk=longest)
    assert np.array_equal(whole.outcome.votes, in_pieces.outcome.votes)
    assert difference(in_pieces, whole) < 1e-12


@pytest.mark.parametrize("case", ["alif", "sparse"])
def test_threads_change_no_bit(case: str) -> None:
    net = network(case, "float32")
    weights, trials = initial_weights(net), random_trials(n=33)
    more = {"regulariser": random_regulariser(), "drop_out": 0.1}
    one = EProp(net).gradient(weights, trials, **more)
    for threads in (2, 3):
        eprop = EProp(net, threads=threads)
        assert equal(eprop.gradient(weights, trials, **more), one)
        eprop.close()


@pytest.mark.parametrize("longest", [50, 20])
def test_the_size_of_a_group_changes_no_bit(longest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("alif", "float32")
    weights, trials = initial_weights(net), random_trials(n=33)
    task = Task.of(net, weights, trials, None, regulariser=random_regulariser())
    whole = adjoint_gradient(task, Crew(1), longest_chunk=longest)
    monkeypatch.setattr("snnlab.learning.shown._GROUP_BYTES", 170_000)
    room = Shown.room(net, 50, 33, keeps_psi=True, longest=longest)
    assert room.n_trials < 33
    assert equal(adjoint_gradient(task, Crew(2), longest_chunk=longest), whole)


def test_a_bundle_is_no_larger_than_a_group(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network("alif")
    weights, trials = initial_weights(net), random_trials(n=7)
    whole = EProp(net).gradient(weights, trials)
    monkeypatch.setattr("snnlab.learning.shown._GROUP_BYTES", 40_000)
    assert bundle_trials(net, 50, 50) == 1
    assert difference(EProp(net).gradient(weights, trials), whole) < 1e-12


def test_trials_are_those_that_are_named() -> None:
    net = network("alif")
    weights, trials = initial_weights(net), random_trials(n=6)
    found = EProp(net).gradient(weights, trials, [4, 1])
    parts = [EProp(net).gradient(weights, trials, [k]) for k in (4, 1)]
    assert np.array_equal(found.outcome.votes, np.concatenate([p.outcome.votes for p in parts]))
    assert np.allclose(found.input, parts[0].input + parts[1].input, rtol=1e-12)
    assert not np.allclose(found.input, parts[0].input)


@pytest.mark.parametrize("case", ["sparse", "sparse lif"])
def test_pairs_without_a_synapse_have_a_gradient_too(case: str) -> None:
    net = network(case)
    weights, trials = initial_weights(net), random_trials()
    found = EProp(net).gradient(weights, trials, pairs=True)
    expected = reference_gradient(net, weights, trials)
    assert difference(found, expected) < 1e-9
    for pairs, reference in (
        (found.input_pairs, expected.input_pairs),
        (found.recurrent_pairs, expected.recurrent_pairs),
    ):
        assert pairs is not None
        assert reference is not None
        assert np.allclose(pairs, reference, atol=1e-9 * np.abs(reference).max())
    assert found.recurrent_pairs is not None
    assert not np.diag(found.recurrent_pairs).any()


def test_outputs_that_follow_a_course() -> None:
    net = network("alif", readout="regression")
    weights, trials = initial_weights(net), random_trials()
    targets = np.random.default_rng(3).normal(size=(5, 50, 5))
    found = EProp(net).gradient(weights, trials, targets=targets)
    expected = reference_gradient(net, weights, trials, targets=targets)
    assert difference(found, expected) < 1e-9
    assert np.allclose(found.outcome.loss, expected.outcome.loss)


def test_evaluation_is_the_outcome_of_the_gradient() -> None:
    net = network("sparse", "float32")
    weights, trials = initial_weights(net), random_trials(n=9)
    eprop = EProp(net, threads=2)
    shown, learnt = eprop.evaluate(weights, trials), eprop.gradient(weights, trials).outcome
    assert np.array_equal(shown.votes, learnt.votes)
    assert np.array_equal(shown.spike_counts, learnt.spike_counts)
    assert np.array_equal(shown.predictions, learnt.votes.argmax(1))
    eprop.close()


def test_no_spike_at_all() -> None:
    net = RecurrentNetwork(12, 30, 5, input_gain=0.0)
    found = EProp(net).gradient(initial_weights(net), random_trials())
    assert found.outcome.n_spikes.sum() == 0
    assert not found.output.any()
    assert found.bias.any()
