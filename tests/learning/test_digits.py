"""Handwritten digits are learnt, dense, by each of three seeds."""

from __future__ import annotations

import numpy as np

from snnlab.learning import Adam, Learner, RecurrentNetwork, batches
from snnlab.learning.datasets import load_digits

N_EPOCHS = 10


def test_a_dense_network_learns_digits() -> None:
    """Of 1797 images a quarter is for testing; bounds lie well below what is reached."""
    training, test = load_digits()
    found = []
    for seed in range(3):
        network = RecurrentNetwork(training.n_channels, 256, 10, seed=seed)
        learner = Learner(network, threads=2)
        for epoch in range(N_EPOCHS):
            rate = 4e-3 * 0.1 ** (epoch / (N_EPOCHS - 1))
            for indices in batches(len(training), 32, seed, epoch):
                learner.learn(training, indices, learning_rate=rate)
        found.append(100.0 * learner.evaluate(test).n_correct / len(test))
        learner.close()
    assert min(found) >= 95.0
    assert np.mean(found) >= 96.0


def test_a_sparse_network_that_rewires_learns_digits() -> None:
    training, test = load_digits()
    network = RecurrentNetwork(64, 128, 10, input_density=0.1, recurrent_density=0.05, seed=1)
    learner = Learner(
        network, optimiser=Adam(4e-3), input_rewiring="DeepR", recurrent_rewiring="DeepR"
    )
    n_rewired = 0
    for epoch in range(3):
        for indices in batches(len(training), 32, 1, epoch):
            n_rewired += sum(learner.learn(training, indices).n_rewired.values())
    assert n_rewired > 100
    assert learner.evaluate(test).n_correct / len(test) > 0.85
