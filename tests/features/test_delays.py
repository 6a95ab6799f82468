"""Every spike arrives exactly its delay later."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import AllToAll, FixedIndegree
from snnlab.model.distribution import Uniform
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import SpikeTrains
from tests.networks import relay, spikes

pytestmark = pytest.mark.usefixtures("both_engines")


@pytest.mark.parametrize("delay", [0.1, 0.2, 1.5, 6.4, 6.5, 30.0, 100.0])
def test_spike_arrives_after_its_delay(delay):
    found = spikes(CpuEngine(relay(delay), threads=1), [1100])
    sent = 9  # given at 1.0 ms: found while advancing from step 9 to 10
    np.testing.assert_array_equal(found, [[sent, 0], [sent + round(delay / 0.1), 1]])


@pytest.mark.parametrize("threads", [1, 2])
def test_delays_drawn_for_each_synapse(threads):
    source = Population("source", 1, "SpikeSource")
    target = Population("target", 400, "LIFDelta", {"t_ref": 0.1})
    network = Network(
        [source, target],
        [Projection("source", "target", AllToAll(), 100.0, Uniform(0.5, 20.0))],
        stimuli=[SpikeTrains("given", "source", (1.0, 40.0), (0, 0))],
    )
    found = spikes(CpuEngine(network, threads=threads), [700])
    first = found[(found[:, 1] > 0) & (found[:, 0] < 300)]
    second = found[(found[:, 1] > 0) & (found[:, 0] > 300)]
    lag = first[:, 0] - 9
    assert 5 <= lag.min() < 15
    assert 190 < lag.max() <= 200
    assert len(first) == 400
    np.testing.assert_array_equal(np.sort(first[:, 1]), np.arange(1, 401))
    again = dict(zip(second[:, 1], second[:, 0] - 399, strict=True))
    assert again == dict(zip(first[:, 1], lag, strict=True)), "delays belong to synapses"


def test_two_delays_between_the_same_neurons():
    source = Population("source", 1, "SpikeSource")
    target = Population("target", 1, "LIFDelta", {"t_ref": 0.1})
    projections = [
        Projection("source", "target", FixedIndegree(1), 100.0, d, name=f"after {d} ms")
        for d in (0.3, 2.0)
    ]
    network = Network(
        [source, target], projections, stimuli=[SpikeTrains("given", "source", (1.0,), (0,))]
    )
    np.testing.assert_array_equal(
        spikes(CpuEngine(network, threads=1), [100]), [[9, 0], [12, 1], [29, 1]]
    )


@pytest.mark.parametrize("new_delay", [0.1, 3.0, 50.0])
def test_live_change_of_a_delay_keeps_what_is_under_way(new_delay):
    engine = CpuEngine(relay(2.0, times=(1.0, 4.0)), threads=1)
    before = spikes(engine, [15])
    edit = SetParameter("source->target", "delay", new_delay)
    engine.apply(edit.apply(engine.network))
    found = np.concatenate([before, spikes(engine, [600])])
    sent = 39 + round(new_delay / 0.1)
    np.testing.assert_array_equal(found, [[9, 0], [29, 1], [39, 0], [sent, 1]])
