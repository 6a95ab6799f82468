"""A GPU learns what the CPU learns, to the bit: gradients, optimisers, rewiring, evaluation."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cuda.cupy_device import CupyDevice
from snnlab.learning import SGD, Adam, EProp, Learner, RecurrentNetwork, initial_weights
from snnlab.learning.optimisers import Optimiser
from tests.learning.spike_trials import (
    CASES,
    equal,
    network,
    random_regulariser,
    random_trials,
)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_gradients(device: CupyDevice, case: str, precision: str) -> None:
    net = network(case, precision)
    weights, trials = initial_weights(net), random_trials(n=40, dt=net.dt)
    more = {"regulariser": random_regulariser(), "drop_out": 0.2, "update": 3}
    found = EProp(net, device=device).gradient(weights, trials, **more)
    assert equal(found, EProp(net).gradient(weights, trials, **more))


def test_long_trials_and_many_neurons(device: CupyDevice) -> None:
    net = RecurrentNetwork(
        64, 1500, 11, precision="float32", input_density=0.2, recurrent_density=0.02
    )
    weights = initial_weights(net)
    trials = random_trials(n=20, n_channels=64, n_steps=2000, n_classes=11)
    found = EProp(net, device=device).gradient(weights, trials, pairs=True)
    expected = EProp(net, threads=4).gradient(weights, trials, pairs=True)
    assert expected.outcome.n_spikes.min() > 100
    assert equal(found, expected)
    assert np.array_equal(found.recurrent_pairs, expected.recurrent_pairs)


@pytest.mark.parametrize("optimiser", [Adam(0.02), SGD(1e-4, momentum=0.5)], ids=repr)
@pytest.mark.parametrize("rule", [None, "DeepR", "SET", "RigL"])
def test_learners(device: CupyDevice, rule: str | None, optimiser: Optimiser) -> None:
    net, trials = network("sparse", "float32", feedback="adaptive"), random_trials(n=12)
    more = {"optimiser": optimiser, "input_rewiring": rule, "recurrent_rewiring": rule}
    here, there = Learner(net, device=device, **more), Learner(net, **more)
    for k in range(24):
        indices = np.arange(12).reshape(3, 4)[k % 3]
        updates = [learner.learn(trials, indices) for learner in (here, there)]
        assert updates[0].n_rewired == updates[1].n_rewired
    left, right = here.state(), there.state()
    assert all(np.array_equal(left[key], right[key]) for key in right)
    outcomes = [learner.evaluate(trials) for learner in (here, there)]
    assert np.array_equal(outcomes[0].votes, outcomes[1].votes)
