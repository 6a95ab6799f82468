"""A network on a GPU is the network on the CPU: spikes, weights, state, to the bit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from snnlab import presets
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.engine import CudaEngine
from snnlab.model.network import Network
from tests.model_pairs import TARGETS, everything, precision_of
from tests.narrow_device import Narrow
from tests.networks import RUNNING, balanced, loud, relay, spikes
from tests.twins import Twins, assert_same_state, assert_same_synapses

CHOPS = (1, 7, 30, 2, 160)

each_network = pytest.mark.parametrize("network", RUNNING, ids=lambda make: make.__name__)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@each_network
def test_a_network_runs_as_on_the_cpu(
    device: CupyDevice, network: Callable[[], Network], precision: str
) -> None:
    twins = Twins(network(), device, precision=precision)
    assert twins.n_spikes(*CHOPS) > 200
    twins.compare()
    assert twins.n_spikes(800) > 200  # a checkpoint changes nothing
    twins.compare()
    assert_same_synapses(twins.cpu, twins.cuda)


@pytest.mark.parametrize("k", range(len(TARGETS)), ids=TARGETS)
def test_all_kinds_of_synapses_drive_every_model_alike(device: CupyDevice, k: int) -> None:
    twins = Twins(everything(k), device, precision=precision_of(k))
    frames = twins.advance(1, 150, 49, 300)
    assert sum(int(frame.counts[1]) for frame in frames) > 30
    twins.compare()
    twins.advance(20)
    assert_same_synapses(twins.cpu, twins.cuda)


@each_network
def test_cutting_a_run_into_calls_changes_nothing(
    device: CupyDevice, network: Callable[[], Network]
) -> None:
    whole = spikes(CudaEngine(network(), device), [400])
    pieces = spikes(CudaEngine(network(), device), [1, 2, 3, 50, 44, 99, 1, 200])
    np.testing.assert_array_equal(whole, pieces)


@each_network
def test_many_partitions_hold_the_same_network(
    device: CupyDevice, network: Callable[[], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
        cut = CudaEngine(network(), device)
    assert cut._arrays.partitions.n >= 3
    twins = Twins(network(), device)
    np.testing.assert_array_equal(spikes(cut, CHOPS), spikes(twins.cpu, CHOPS))
    assert_same_state(twins.cpu.checkpoint(), cut.checkpoint())
    assert_same_synapses(twins.cpu, cut)


@each_network
@pytest.mark.parametrize("most", [1, 2, 7])
def test_the_grid_changes_nothing(
    device: CupyDevice, network: Callable[[], Network], most: int
) -> None:
    twins = Twins(network(), Narrow(device, most))
    assert twins.n_spikes(*CHOPS) > 200
    twins.compare()


@each_network
def test_the_same_again_is_the_same(device: CupyDevice, network: Callable[[], Network]) -> None:
    """Who comes first among threads differs each time; what they come to must not."""
    engine = CudaEngine(network(), device)
    engine.advance(300)
    kept = engine.checkpoint()
    ends = []
    for _ in range(5):
        engine.restore(kept)
        found = spikes(engine, [600])
        ends.append((found, engine.checkpoint()))
    for found, end in ends[1:]:
        np.testing.assert_array_equal(ends[0][0], found)
        assert_same_state(ends[0][1], end)


def test_given_spikes_arrive_when_they_should(device: CupyDevice) -> None:
    twins = Twins(relay(0.1, times=(1.0, 1.2, 4.0, 4.0, 30.0)), device)
    steps = [s for frame in twins.advance(3, 20, 400) for s in frame.step[frame.neuron == 1]]
    assert steps == [10, 12, 40, 300]


def test_a_full_record_is_emptied_and_the_run_goes_on(
    device: CupyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.cuda.work._RECORD_ENTRIES", 1)
    twins = Twins(loud(), device)
    assert twins.cuda._network.capacity == 2 * 128
    assert twins.n_spikes(50, 50) == 100 * 100
    twins.compare()


def test_a_neuron_may_fire_in_every_step_of_a_long_chunk(device: CupyDevice) -> None:
    twins = Twins(loud(delay=6.4), device)
    assert twins.cuda._arrays.sizes.chunk_steps == 64
    assert twins.n_spikes(100, 29) == 129 * 100
    twins.compare()


@pytest.mark.parametrize(
    ("name", "scale", "n_steps"),
    [
        ("brunel", 2.0, 1000),
        ("microcircuit", 0.1, 1000),
        ("coba", 1.0, 1000),
        ("stdp", 0.4, 500),
        ("topographic_map", 2.0, 3000),
    ],
)
def test_larger_networks_run_as_on_the_cpu(
    device: CupyDevice, name: str, scale: float, n_steps: int
) -> None:
    """Up to 20 000 neurons and 40 million synapses."""
    twins = Twins(presets.load(name, scale=scale), device)
    assert twins.n_spikes(n_steps // 10, n_steps - n_steps // 10) > 500
    twins.compare()


def test_time_is_accounted_for(device: CupyDevice) -> None:
    frame = CudaEngine(balanced(), device).advance(2000)
    assert set(frame.timings) == {"deliver", "plasticity", "update", "rewire", "record", "other"}
    assert frame.timings["update"] > 0.0
    assert sum(frame.timings.values()) == pytest.approx(frame.wall_s, rel=0.05)
