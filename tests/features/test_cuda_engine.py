"""A network on a device is the network on the CPU: spikes, weights, state, to the bit.

The device is the host's, which runs the very sources that a GPU compiles.
"""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cuda.engine import CudaEngine
from tests.host_device.host_device import HostDevice
from tests.networks import RUNNING, loud, relay, spikes
from tests.twins import Twins, assert_same_synapses

CHOPS = (1, 7, 30, 2, 160)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_a_network_runs_as_on_the_cpu(network, precision: str) -> None:
    twins = Twins(network(), HostDevice(), precision=precision)
    assert twins.n_spikes(*CHOPS) > 200
    twins.compare()
    assert twins.n_spikes(40) > 20  # a checkpoint changes nothing
    assert_same_synapses(twins.cpu, twins.cuda)


@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_neither_the_order_of_threads_nor_their_number_matters(network, seed: int) -> None:
    ordered = CudaEngine(network(), HostDevice())
    shuffled = CudaEngine(network(), HostDevice(seed=seed, resident=1 + seed))
    chops = (13, 100)
    np.testing.assert_array_equal(spikes(ordered, chops), spikes(shuffled, chops))
    one, other = ordered.checkpoint().arrays, shuffled.checkpoint().arrays
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name], err_msg=name)


@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_cutting_a_run_into_calls_changes_nothing(network) -> None:
    whole = spikes(CudaEngine(network(), HostDevice()), [200])
    pieces = spikes(CudaEngine(network(), HostDevice()), [1, 2, 3, 50, 44, 99, 1])
    np.testing.assert_array_equal(whole, pieces)


@pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)
def test_many_partitions_hold_the_same_network(network, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    cuda = CudaEngine(network(), HostDevice())
    assert cuda._arrays.partitions.n >= 3
    monkeypatch.undo()
    twins = Twins(network(), HostDevice())
    np.testing.assert_array_equal(spikes(cuda, CHOPS), spikes(twins.cpu, CHOPS))
    assert_same_synapses(twins.cpu, cuda)


def test_given_spikes_arrive_when_they_should() -> None:
    times = (1.0, 1.2, 4.0, 4.0, 30.0)
    twins = Twins(relay(0.1, times=times), HostDevice())
    steps = [s for frame in twins.advance(3, 20, 400) for s in frame.step[frame.neuron == 1]]
    assert steps == [10, 12, 40, 300]


def test_a_full_record_is_emptied_and_the_run_goes_on(monkeypatch) -> None:
    monkeypatch.setattr("snnlab.cuda.work._RECORD_ENTRIES", 1)
    twins = Twins(loud(), HostDevice())
    assert twins.cuda._network.capacity == 2 * 128
    assert twins.n_spikes(50, 50) == 100 * 100


def test_a_neuron_may_fire_in_every_step_of_a_long_chunk() -> None:
    twins = Twins(loud(delay=6.4), HostDevice())
    assert twins.cuda._arrays.sizes.chunk_steps == 64
    assert twins.n_spikes(100, 29) == 129 * 100
