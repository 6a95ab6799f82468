"""A network that learns, described: units, bounds, what cannot be meant; its first weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.errors import SpecError, UnitError
from snnlab.learning import EProp, Learner, RecurrentNetwork, Trials, initial_weights
from snnlab.learning.crew import Crew
from snnlab.learning.events import events_of
from tests.learning.spike_trials import network, random_trials


def test_quantities_are_converted() -> None:
    net = RecurrentNetwork(4, 5, 3, tau_m="0.02 s", f_target="0.01 kHz")  # type: ignore[arg-type]
    assert (net.tau_m, net.f_target) == (20.0, 10.0)
    assert net.alpha == pytest.approx(np.exp(-1 / 20))
    assert RecurrentNetwork(4, 5, 3, input_density=None).input_density == 1.0  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"tau_m": -1.0}, r"RecurrentNetwork.tau_m: must be > 0 ms \(got -1 ms\)"),
        ({"tau_out": 0.5}, "RecurrentNetwork.tau_out: must be >= the time step"),
        ({"t_ref": 0.5}, "RecurrentNetwork.t_ref: must be 0 or >= the time step"),
        ({"input_density": 0.0}, "RecurrentNetwork.input_density: must be > 0"),
        ({"input_density": 1.5}, "RecurrentNetwork.input_density: must be > 0 and <= 1"),
        ({"recurrent_density": 0.01}, "recurrent_density: must leave a synapse of 20 pairs"),
        ({"n_hidden": 0}, "RecurrentNetwork.n_hidden: must be a whole number in 1"),
        ({"n_hidden": 70_000}, "RecurrentNetwork.n_hidden: must be a whole number in 1"),
        ({"n_outputs": 2.5}, "RecurrentNetwork.n_outputs: must be a whole number"),
        ({"seed": -1}, "RecurrentNetwork.seed: must be a whole number"),
        ({"feedback": "none"}, "RecurrentNetwork.feedback: must be 'symmetric' or 'random'"),
        ({"readout": "vote"}, "RecurrentNetwork.readout: must be 'softmax' or 'regression'"),
        ({"precision": "float16"}, "RecurrentNetwork.precision: must be 'float32' or 'float64'"),
    ],
)
def test_what_cannot_be_meant(more: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        RecurrentNetwork(**({"n_inputs": 4, "n_hidden": 5, "n_outputs": 3} | more))


def test_units_of_another_dimension() -> None:
    with pytest.raises(UnitError, match=r"RecurrentNetwork\.tau_m"):
        RecurrentNetwork(4, 5, 3, tau_m="20 mV")  # type: ignore[arg-type]


def test_first_weights_have_the_spread_that_is_asked_for() -> None:
    net = RecurrentNetwork(200, 300, 10, input_density=0.1, recurrent_gain=0.5, input_gain=2.0)
    weights = initial_weights(net)
    recurrent = weights.recurrent
    assert recurrent is not None
    assert weights.input.n == round(0.1 * 200 * 300)
    assert np.std(weights.input.weight) == pytest.approx(2.0 / np.sqrt(0.1 * 200), rel=0.05)
    assert np.std(recurrent.weight) == pytest.approx(0.5 / np.sqrt(300), rel=0.02)
    assert not np.diag(recurrent.weight).any()
    assert np.std(weights.output) == pytest.approx(1.0 / np.sqrt(300), rel=0.05)
    assert not weights.bias.any()
    assert weights.feedback is None
    assert abs(np.mean(weights.input.weight)) < 0.05
    assert set(np.bincount(weights.input.post, minlength=300)) - {20}, "rows are not all alike"


def test_weights_are_named_by_the_seed() -> None:
    first, again = (initial_weights(network("sparse")) for _ in range(2))
    other = initial_weights(network("sparse", seed=1))
    assert np.array_equal(first.input.matrix(), again.input.matrix())
    assert not np.array_equal(first.input.matrix(), other.input.matrix())
    fed = initial_weights(network("random feedback"))
    assert fed.feedback is not None
    assert not np.array_equal(fed.feedback, fed.output)


def test_drop_out_leaves_out_a_part_at_random() -> None:
    net, trials = network("alif"), random_trials(n=40, rate=0.3)
    everything = events_of(net, trials, np.arange(40), 0.0, 0)
    assert np.array_equal(everything.channel, trials.channel)
    first, again = (events_of(net, trials, np.arange(40), 0.3, 7) for _ in range(2))
    assert np.array_equal(first.channel, again.channel)
    assert first.channel.size / everything.channel.size == pytest.approx(0.7, abs=0.03)
    later = events_of(net, trials, np.arange(40), 0.3, 8)
    assert not np.array_equal(first.offsets, later.offsets)
    # What a trial loses does not depend on the batch that it is in.
    alone = events_of(net, trials, np.array([5]), 0.3, 7)
    mine = slice(first.offsets[5], first.offsets[6])
    assert np.array_equal(alone.channel, first.channel[mine])
    assert np.array_equal(alone.step, first.step[mine])


def other(**changes: Any) -> Trials:
    trials = random_trials()
    names = ("channel", "step", "offsets", "labels", "n_channels", "n_steps", "classes", "dt")
    return Trials(**({n: getattr(trials, n) for n in names} | changes))


@pytest.mark.parametrize(
    ("trials", "more", "message"),
    [
        (other(n_channels=13), {}, "Trials.n_channels: must be the network's n_inputs, 12"),
        (other(dt=0.5), {}, "Trials.dt: must be the network's time step"),
        (other(labels=None), {}, "Trials.labels: must be given"),
        (other(labels=np.full(5, 6), classes=tuple("abcdefg")), {}, "Trials.labels: must be class"),
        (other(), {"indices": [5]}, "indices: must be trials in 0 ... 4"),
        (other(), {"drop_out": 1.0}, "drop_out: must be >= 0 and < 1"),
    ],
)
def test_trials_that_do_not_fit(trials: Trials, more: dict[str, Any], message: str) -> None:
    net = network("alif")
    with pytest.raises(SpecError, match=message):
        EProp(net).gradient(initial_weights(net), trials, **more)


def test_votes_and_targets_that_do_not_fit() -> None:
    late = network("alif", t_vote=50.0)
    with pytest.raises(SpecError, match=r"RecurrentNetwork\.t_vote: must be before the end"):
        EProp(late).gradient(initial_weights(late), random_trials())
    course = network("alif", readout="regression")
    with pytest.raises(SpecError, match=r"targets: must have the shape"):
        Learner(course).learn(random_trials())


def test_threads_are_counted() -> None:
    with pytest.raises(SpecError, match="threads: must be a whole number >= 1"):
        Crew(0)
