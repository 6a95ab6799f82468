"""The gradient that a device computes is the CPU's, to the bit; every kernel compiles for GPUs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from snnlab.cuda.device import Device
from snnlab.errors import OutOfMemory, SpecError
from snnlab.learning import EProp, RecurrentNetwork, Trials, initial_weights
from snnlab.learning.cuda.adjoint import DeviceAdjoint
from snnlab.learning.cuda.held_trials import HeldTrials, trials_bytes
from snnlab.learning.cuda.source import learning_source, neurons_per_thread
from snnlab.learning.task import Named
from tests.host_device.host_device import HostDevice
from tests.host_device.nvrtc import compile_ptx
from tests.learning.spike_trials import (
    CASES,
    equal,
    network,
    random_regulariser,
    random_trials,
)


def both(net: RecurrentNetwork, trials: Trials, device: Device, **more: Any) -> tuple[Any, Any]:
    """Gradients of the device and of the CPU."""
    weights = initial_weights(net)
    on_device = EProp(net, device=device)
    found = on_device.gradient(weights, trials, **more)
    on_device.close()
    return found, EProp(net).gradient(weights, trials, **more)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("case", CASES)
def test_it_is_the_gradient_of_the_cpu(case: str, precision: str) -> None:
    net = network(case, precision)
    trials = random_trials(n=4, dt=net.dt)
    more = {"regulariser": random_regulariser(), "drop_out": 0.2, "update": 3}
    found, expected = both(net, trials, HostDevice(seed=4), **more)
    assert expected.outcome.n_spikes.min() > 20
    assert np.abs(expected.input).max() > 0.0
    assert equal(found, expected)


@pytest.mark.parametrize("case", ["sparse", "sparse lif", "alif"])
def test_pairs_without_a_synapse(case: str) -> None:
    net = network(case, "float32")
    found, expected = both(net, random_trials(n=4), HostDevice(), pairs=True)
    assert equal(found, expected)
    for name in ("input_pairs", "recurrent_pairs"):
        here, there = getattr(found, name), getattr(expected, name)
        assert np.array_equal(here, there)
        assert (np.abs(there) > 0.0).mean() > 0.5


@pytest.mark.parametrize("longest", [1, 7, 49])
def test_long_trials_are_kept_in_pieces(longest: int) -> None:
    """Pieces are summed one by one: the order of the CPU, which has pieces as long as a trial."""
    net = network("sparse")
    weights, trials = initial_weights(net), random_trials(n=4)
    adjoint = DeviceAdjoint(net, HostDevice(), longest_chunk=longest)
    held, named = adjoint.hold(weights), Named.of(net, trials, None, None)
    held.take(weights)
    arrays = adjoint.learn(
        held, named, regulariser=random_regulariser(), drop_out=0.0, update=0, pairs=False
    )
    found = adjoint.gradient(arrays, weights, adjoint.outcome(named, learns=True))
    expected = EProp(net).gradient(weights, trials, regulariser=random_regulariser())
    assert np.array_equal(found.outcome.votes, expected.outcome.votes)
    for name in ("input", "recurrent", "output", "bias"):
        here, there = getattr(found, name), getattr(expected, name)
        np.testing.assert_allclose(here, there, atol=1e-12 * np.abs(there).max(), err_msg=name)


def test_trials_in_slabs_where_memory_is_short() -> None:
    net = network("alif", "float32")
    trials = random_trials(n=70)
    roomy = HostDevice()
    found, expected = both(net, trials, roomy, regulariser=random_regulariser())
    assert equal(found, expected)
    narrow = HostDevice(memory_limit=400_000)
    found, _ = both(net, trials, narrow, regulariser=random_regulariser())
    assert narrow.n_launches > 1.5 * roomy.n_launches
    assert equal(found, expected)


def test_no_room_at_all() -> None:
    net = network("alif", "float32")
    eprop = EProp(net, device=HostDevice(memory_limit=20_000))
    with pytest.raises(OutOfMemory):
        eprop.gradient(initial_weights(net), random_trials())


def test_trials_stay_on_the_device_where_there_is_room() -> None:
    net, trials = network("lif", "float32"), random_trials(n=40)
    size = trials_bytes(trials.n_events, len(trials), trials.n_steps)
    expected = EProp(net).gradient(initial_weights(net), trials, [3, 1])
    for free, n_held in ((2 * size, len(trials)), (2 * size - 1, 2)):
        held = HeldTrials(HostDevice(memory_limit=free)).of(trials, np.array([3, 1]))
        assert held.offsets.size == n_held + 1
    for free in (None, 90_000):
        eprop = EProp(net, device=HostDevice(memory_limit=free))
        assert equal(eprop.gradient(initial_weights(net), trials, [3, 1]), expected)


def test_more_neurons_than_a_block_has_threads() -> None:
    net = RecurrentNetwork(
        12, 1500, 5, precision="float32", recurrent_density=0.01, beta=0.3, tau_a=100.0
    )
    assert neurons_per_thread(1500) == 2
    found, expected = both(net, random_trials(n=2, n_steps=20), HostDevice(seed=3))
    assert expected.outcome.n_spikes.min() > 20
    assert equal(found, expected)


def test_targets_of_a_regression() -> None:
    net = network("alif", "float32", readout="regression")
    trials = random_trials()
    targets = np.random.default_rng(7).normal(size=(5, 50, 5)).astype(np.float32)
    found, expected = both(net, trials, HostDevice(), targets=targets)
    assert equal(found, expected)


@pytest.mark.parametrize("case", ["alif", "sparse"])
def test_evaluation(case: str) -> None:
    net, trials = network(case, "float32"), random_trials(n=6)
    weights = initial_weights(net)
    here = EProp(net, device=HostDevice()).evaluate(weights, trials, [5, 0, 2])
    there = EProp(net).evaluate(weights, trials, [5, 0, 2])
    for name in ("votes", "loss", "n_spikes", "spike_counts"):
        assert np.array_equal(getattr(here, name), getattr(there, name))


def test_eligibility_traces_are_for_the_cpu() -> None:
    with pytest.raises(SpecError, match="must be 'adjoint'"):
        EProp(network("alif"), form="online", device=HostDevice())


@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("n_hidden", [100, 1500])
def test_every_kernel_compiles_for_a_gpu(architecture: str, precision: str, n_hidden: int) -> None:
    ptx = compile_ptx(learning_source(precision, n_hidden), architecture)
    for name in ("show_trials", "go_back", "add_to_rows", "add_to_matrix", "adapt", "descend"):
        assert f".entry {name}(" in ptx
