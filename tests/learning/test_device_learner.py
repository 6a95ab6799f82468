"""A learner on a device does what it does on the CPU, to the bit, and moves between the two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.errors import SpecError
from snnlab.learning import SGD, Adam, Classifier, Learner, RecurrentNetwork
from snnlab.learning.device import device_of, gains
from snnlab.learning.optimisers import Optimiser
from tests.host_device.host_device import HostDevice
from tests.learning.spike_trials import network, random_trials
from tests.learning.test_learner import KINDS, learn, same

OPTIMISERS = (Adam(0.02), SGD(1e-4), SGD(1e-4, momentum=0.5))


def twins(net: RecurrentNetwork, **more: Any) -> tuple[Learner, Learner]:
    """The same learner on the device and on the CPU."""
    return Learner(net, device=HostDevice(seed=5), **more), Learner(net, **more)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_weights_and_synapses_are_those_of_the_cpu(kind: str, precision: str) -> None:
    net = network("sparse", precision, feedback="adaptive")
    here, there = twins(net, optimiser=Adam(0.02), drop_out=0.1, **KINDS[kind])
    start = there.state()
    trials, n_rewired = random_trials(n=12), 0
    for k in range(8):
        indices = np.arange(12).reshape(3, 4)[k % 3]
        updates = [learner.learn(trials, indices) for learner in (here, there)]
        assert updates[0].n_rewired == updates[1].n_rewired
        assert np.array_equal(updates[0].outcome.loss, updates[1].outcome.loss)
        n_rewired += sum(updates[0].n_rewired.values())
    assert (n_rewired > 0) is (kind != "fixed")
    assert same(here, there)
    assert np.abs(start["output/weight"] - here.state()["output/weight"]).max() > 0.01
    here.close()
    assert same(here, there)


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=repr)
def test_each_optimiser(optimiser: Optimiser) -> None:
    here, there = twins(network("alif", "float32"), optimiser=optimiser)
    for learner in (here, there):
        learn(learner, 3)
    assert same(here, there)


def test_evaluation_counts_with_the_newest_weights() -> None:
    here, there = twins(network("sparse", "float32"), optimiser=Adam(0.02))
    trials = random_trials(n=12)
    before = here.evaluate(trials).loss
    for learner in (here, there):
        learn(learner, 2)
    after = here.evaluate(trials).loss
    assert not np.array_equal(before, after)
    assert np.array_equal(after, there.evaluate(trials).loss)


def test_what_is_written_into_the_weights_counts() -> None:
    here, there = twins(network("sparse", "float32"))
    for learner in (here, there):
        learn(learner, 1)
        learner.weights.bias[:] = 0.25
        learner.weights.input.weight *= 0.5
        learn(learner, 1)
    assert same(here, there)


def test_a_run_moves_between_devices() -> None:
    net, more = network("sparse", "float32"), {"optimiser": Adam(0.02), **KINDS["DeepR"]}
    stays = Learner(net, **more)
    state = stays.state()
    for k in range(4):
        learn(stays, 1)
        goes = Learner(net, device=HostDevice() if k % 2 else "cpu", **more)
        goes.restore(state)
        learn(goes, 1)
        state = goes.state()
        assert same(goes, stays)
        goes.close()


def test_a_classifier_on_a_device_knows_what_that_of_the_cpu_knows() -> None:
    trials = random_trials(n=24)
    more = {"epochs": 3, "batch_size": 8, "density": 0.3, "rewiring": "DeepR"}
    here = Classifier(30, seed=3, device=HostDevice(), **more).fit(trials)
    there = Classifier(30, seed=3, **more).fit(trials)
    assert np.array_equal(here.history_["training_loss"], there.history_["training_loss"])
    assert np.array_equal(here.predict(trials), there.predict(trials))


def test_an_optimiser_of_one_s_own_stays_on_the_cpu() -> None:
    class Signs(Optimiser):
        """Follows the sign of the gradient alone."""

        def apply(self, weight: Any, gradient: Any, moments: Any, n: int, rate: float) -> None:
            weight -= rate * np.sign(gradient)

    with pytest.raises(SpecError, match="must be Adam or SGD"):
        Learner(network("alif"), optimiser=Signs(0.1), device=HostDevice())


def test_small_networks_are_learnt_on_the_cpu() -> None:
    small, large = network("alif"), RecurrentNetwork(700, 256, 20)
    assert not gains(small)
    assert gains(large)
    assert device_of("auto", small, "adjoint") is None
    assert device_of("auto", large, "online") is None
    with pytest.raises(SpecError, match="must be 'cpu', 'auto', 'cuda'"):
        device_of("gpu", small, "adjoint")
