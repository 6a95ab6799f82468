"""Synapses that are replaced on a device are those that are replaced on the CPU, to the bit."""

from __future__ import annotations

import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.health import Kind
from snnlab.model.connectivity import AllToAll, PairwiseBernoulli
from snnlab.model.edits import AddRewiring, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from tests.features.test_replacing import Shuffle, Stubborn, learning
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import replacing
from tests.rewiring_rules import Churn, Drift
from tests.twins import Twins, assert_same_frame, assert_same_state, assert_same_synapses

CHOPS = (1, 7, 30, 2, 60)
STEPS = sum(CHOPS)


@pytest.mark.parametrize(
    ("synapse", "precision"),
    [("Static", "float32"), ("STDP", "float64"), ("STDPTriplet", "float32")],
)
def test_synapses_are_replaced_as_on_the_cpu(synapse: str, precision: str) -> None:
    twins = Twins(replacing(synapse=synapse), HostDevice(seed=2, resident=2), precision=precision)
    frames = twins.advance(*CHOPS)
    for k in (0, 1, 5):
        assert sum(len(frame.structure.of(k)) for frame in frames) > 100
    twins.compare()
    twins.advance(20)  # a checkpoint changes nothing
    assert_same_synapses(twins.cpu, twins.cuda)


def test_rows_may_be_short_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    twins = Twins(replacing(), HostDevice(seed=5))
    before = twins.cuda._arrays
    twins.advance(*CHOPS)
    assert twins.cuda._arrays is not before
    twins.compare()


@pytest.mark.parametrize("n_pairs", [7, 5000])
def test_rounds_may_be_short_or_long(n_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    twins = Twins(replacing(), HostDevice(seed=3))
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays.ROUND", n_pairs)
    twins.cuda = CudaEngine(replacing(), HostDevice(seed=3))
    twins.advance(20)
    twins.compare()


def test_a_list_of_events_that_is_full_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays._EVENTS", 1)
    twins = Twins(replacing(), HostDevice())
    assert twins.cuda._arrays.rewirings.events.shape[1] == 40
    twins.advance(*CHOPS[:-1])
    twins.compare()


def test_many_partitions_replace_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    cut = CudaEngine(replacing(), HostDevice(seed=1, resident=3))
    assert cut._arrays.partitions.n >= 4
    monkeypatch.undo()
    whole = CpuEngine(replacing(), threads=2)
    for n in CHOPS:
        assert_same_frame(whole.advance(n), cut.advance(n))
    assert_same_state(whole.checkpoint(), cut.checkpoint())


def test_a_run_moves_between_engines_and_goes_on() -> None:
    network = replacing()
    stays = CpuEngine(network, threads=1)
    kept = CpuEngine(network, threads=1).checkpoint()
    for k, n in enumerate((45, 28, 1, 30)):
        engine = CudaEngine(network, HostDevice()) if k % 2 else CpuEngine(network, threads=2)
        engine.restore(kept)
        assert_same_frame(stays.advance(n), engine.advance(n))
        kept = engine.checkpoint()
    assert_same_state(stays.checkpoint(), kept)


def test_edits_leave_twins_alike() -> None:
    twins = Twins(replacing(), HostDevice(seed=1))
    twins.advance(20)
    assert twins.edit(SetParameter("churn", "attempts", 0), SetParameter("churn too", "every", 0.2))
    twins.advance(33)
    more = Rewiring("lateral", Drift, 0.9, name="more")
    assert twins.edit(AddRewiring(more), SetParameter("churn", "attempts", 1))
    twins.advance(31)
    twins.compare()


@pytest.mark.parametrize("noise", [{}, {"drift": 0.02, "temperature": 1e-3}], ids=["", "warm"])
def test_weak_synapses_are_replaced_as_on_the_cpu(
    noise: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)  # calls are broken off, and go on
    twins = Twins(learning("DeepR", noise), HostDevice(seed=4))
    frames = twins.advance(150, 250)
    assert sum(len(frame.structure) for frame in frames) > 50
    twins.compare()


def test_a_full_projection_gets_its_synapses_back() -> None:
    a, b = Population("a", 30, "LIFDelta"), Population("b", 40, "LIFDelta")
    projection = Projection("a", "b", AllToAll(), 1.0, 1.0, name="p")
    network = Network([a, b], [projection], rewirings=[Rewiring("p", Shuffle, 1.0)])
    (frame,) = Twins(network, HostDevice()).advance(11)
    assert frame.structure.is_formed.sum() == 1200


def test_a_search_for_places_ends_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("snnlab.cuda.engine_source", "snnlab.arrays.rewiring"):
        monkeypatch.setattr(f"{module}.PAIRS_AT_LEAST", 3000)
        monkeypatch.setattr(f"{module}.PAIRS_EACH", 10)
    a, b = Population("a", 20, "LIFDelta"), Population("b", 30, "LIFDelta")
    projection = Projection("a", "b", AllToAll(), 1.0, 1.0, name="p")
    rewiring = Rewiring("p", Stubborn, 1.0, name="stubborn")
    engine = CudaEngine(Network([a, b], [projection], rewirings=[rewiring]), HostDevice())
    assert not engine.advance(10).health
    frame = engine.advance(1)
    assert frame.structure.is_formed.sum() == 30
    (trouble,) = frame.health
    assert trouble.kind is Kind.SHORTAGE
    assert trouble.value == 570
    assert not engine.advance(30).health


def test_rows_longer_than_a_warp_lose_what_goes() -> None:
    a = Population("a", 25, "LIFDelta", space=Grid((5.0, 5.0), True, (5, 5)))
    b = Population("b", 400, "LIFDelta", space=Grid((5.0, 5.0), True, (20, 20)))
    projection = Projection("a", "b", PairwiseBernoulli(0.4), 1.0, 1.0, name="p")
    rewirings = [Rewiring("p", Churn, 0.5, name="x"), Rewiring("p", Drift, 0.8, name="y")]
    twins = Twins(Network([a, b], [projection], rewirings=rewirings), HostDevice(seed=6))
    (frame,) = twins.advance(40)
    assert len(frame.structure) > 500
    twins.compare()
