"""What one trial does, step by step: the same as what evaluation counts and sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.errors import SpecError
from snnlab.learning import EProp, Trials, initial_weights
from snnlab.learning.response import respond
from tests.learning.spike_trials import network, random_trials


@pytest.mark.parametrize("kind", ["alif", "sparse"])
@pytest.mark.parametrize("more", [{}, {"t_vote": 20.0}])
def test_votes_and_spikes_are_those_of_evaluation(kind: str, more: dict[str, Any]) -> None:
    net = network(kind, **more)
    weights, trials = initial_weights(net), random_trials()
    weights.bias[:] = np.linspace(-0.1, 0.2, weights.bias.size)
    for k in range(len(trials)):
        alone = EProp(net).evaluate(weights, trials, [k])
        response = respond(net, weights, trials, k)
        assert np.allclose(response.votes, alone.votes[0], rtol=1e-12)
        assert response.prediction == alone.predictions[0]
        counts = np.bincount(response.neuron, minlength=net.n_hidden)
        assert np.array_equal(counts, alone.spike_counts)
        assert (np.diff(response.step) >= 0).all()
    assert counts.sum() > 0


def test_a_neuron_fires_when_it_is_driven() -> None:
    net = network("alif", recurrent=False)
    weights = initial_weights(net)
    weights.input.weight[:] = 0.0
    weights.input.weight[0, 3] = 1.0
    channel, step = np.array([0, 0], np.int32), np.array([4, 30], np.int32)
    offsets = np.array([0, 2])
    like = random_trials(n=1)
    trial = Trials(
        channel, step, offsets, np.array([0]), like.n_channels, like.n_steps, like.classes, like.dt
    )
    response = respond(net, weights, trial, 0)
    assert list(zip(response.step, response.neuron, strict=True)) == [(4, 3), (30, 3)]


def test_a_trial_that_is_not_there() -> None:
    net = network("alif")
    with pytest.raises(SpecError, match="must be trials in 0"):
        respond(net, initial_weights(net), random_trials(), 99)
