"""Synapses that come and go on a device are those that come and go on the CPU, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab import presets
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.model.connectivity import AllToAll, FixedIndegree
from snnlab.model.edits import AddRewiring, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from snnlab.model.stimuli import SpikeTrains
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import restless
from tests.rewiring_rules import Restless
from tests.twins import Twins, assert_same_frame, assert_same_state, assert_same_synapses

CHOPS = (1, 7, 30, 2, 160, 100)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("partner", ["uniform", "last_spike"])
def test_synapses_come_and_go_as_on_the_cpu(partner: str, precision: str) -> None:
    twins = Twins(restless(partner), HostDevice(seed=2, resident=2), precision=precision)
    frames = twins.advance(*CHOPS)
    assert sum(len(frame.structure) for frame in frames) > 500
    twins.compare()
    twins.advance(40)  # a checkpoint changes nothing
    assert_same_synapses(twins.cpu, twins.cuda)
    np.testing.assert_array_equal(twins.cpu.out_degrees(), twins.cuda.out_degrees())


@pytest.mark.parametrize("name", ["snnlab.build.growing._ROOM", "snnlab.cuda.program.PIECE"])
def test_rows_may_be_short_of_room_or_long(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name.endswith("PIECE"):
        monkeypatch.setattr("snnlab.cuda.work.PIECE", 32)
        monkeypatch.setattr("snnlab.cuda.engine_source.PIECE", 32)
    else:
        monkeypatch.setattr(name, 1)
    twins = Twins(restless(), HostDevice())
    before = twins.cuda._arrays
    twins.advance(*CHOPS)
    assert (twins.cuda._arrays is before) is name.endswith("PIECE")
    twins.compare()


def test_a_list_of_events_that_is_full_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays._EVENTS", 1)
    monkeypatch.setattr(Network, "rewiring_attempts_of", lambda *_: 0)
    twins = Twins(restless(), HostDevice())
    assert twins.cuda._arrays.rewirings.events.shape[1] == 1
    monkeypatch.undo()
    assert twins.edit(SetParameter("fast", "rate", 0.7))
    twins.advance(*CHOPS)
    twins.compare()


def test_many_partitions_hold_the_same_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    cut = CudaEngine(restless("last_spike"), HostDevice(seed=1, resident=3))
    assert cut._arrays.partitions.n >= 3
    monkeypatch.undo()
    whole = CpuEngine(restless("last_spike"), threads=1)
    for n in CHOPS:
        assert_same_frame(whole.advance(n), cut.advance(n))
    assert_same_state(whole.checkpoint(), cut.checkpoint())


def test_a_run_moves_between_engines_and_goes_on() -> None:
    network = restless("last_spike")
    stays = CpuEngine(network, threads=1)
    kept = CpuEngine(network, threads=1).checkpoint()
    for k, n in enumerate((45, 78, 1, 100)):
        engine = CudaEngine(network, HostDevice()) if k % 2 else CpuEngine(network, threads=2)
        engine.restore(kept)
        assert_same_frame(stays.advance(n), engine.advance(n))
        kept = engine.checkpoint()
    assert_same_state(stays.checkpoint(), kept)


def test_a_device_goes_back_in_time() -> None:
    twins = Twins(restless(), HostDevice())
    twins.advance(60)
    early = twins.cuda.checkpoint()
    first = twins.advance(80)
    twins.cpu.restore(early)
    twins.cuda.restore(early)
    assert_same_frame(first[0], twins.advance(80)[0])


def test_edits_of_numbers_and_structure_leave_twins_alike() -> None:
    twins = Twins(restless(), HostDevice(seed=1))
    twins.advance(50)
    assert twins.edit(SetParameter("fast", "width", 5.0), SetParameter("slow", "every", 0.2))
    twins.advance(33)
    assert twins.edit(SetParameter("static", "weight", -0.3), SetParameter("map", "W_max", 5.0))
    twins.advance(30)
    assert twins.edit(SetParameter("crowded", "attempts", 5000))
    twins.advance(31)
    more = Rewiring("depressing", Restless, 0.2, 8, {"width": 3.0}, name="more")
    assert twins.edit(AddRewiring(more), SetParameter("fast", "attempts", 0))
    twins.advance(41)
    twins.compare()


def given(room: int) -> Network:
    """Sources that fire when they are told to while their rows run out of room."""
    times = tuple(np.arange(0.1, 30.0, 0.1))
    source = Population("source", 20, "SpikeSource", space=Grid((5.0, 4.0), True, (5, 4)))
    target = Population("target", 100, "LIFDelta", space=Grid((5.0, 4.0), True, (10, 10)))
    learning = {"W_max": 1.0, "tau_plus": 20.0}
    projections = [
        Projection("source", "target", FixedIndegree(1, multapses=False), 0.1, 0.4, name="grows",
                   synapse="STDP", parameters=learning),
        Projection("source", "target", AllToAll(), 0.5, 0.4, name="learns", synapse="STDP",
                   parameters=learning),
    ]  # fmt: skip
    trains = SpikeTrains("given", "source", times, tuple(k % 20 for k in range(len(times))))
    return Network(
        [source, target], projections, stimuli=[trains],
        rewirings=[Rewiring("grows", Restless, 0.3, room, {"width": 9.0, "rate": 0.0})],
        recorders=[SynapseRecorder("weights", "learns", interval=0.3)],
    )  # fmt: skip


@pytest.mark.parametrize("make", [CpuEngine, lambda network: CudaEngine(network, HostDevice())])
def test_making_room_moves_nothing_else(make, monkeypatch: pytest.MonkeyPatch) -> None:
    roomy = CpuEngine(given(40), threads=1)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    narrow = make(given(40))
    before = narrow._arrays
    for n in (3, 1, 2, 1, 2, 1, 2, 1, 90):
        assert_same_frame(roomy.advance(n), narrow.advance(n))
        assert_same_state(roomy.checkpoint(), narrow.checkpoint())
    assert narrow._arrays is not before


def test_the_preset_is_the_cpus_twin() -> None:
    twins = Twins(presets.load("topographic_map"), HostDevice(seed=1))
    frames = list(twins.advance(1, 250, 49))
    assert twins.edit(
        SetParameter("", "sigma_form", 5.0), SetParameter("rewiring of lateral", "attempts", 30)
    )
    frames += twins.advance(300)
    assert sum(len(frame.structure) for frame in frames) > 20
    assert sum(frame.step.size for frame in frames) > 100
    twins.compare()
