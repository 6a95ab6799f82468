"""Synapses that come and go on a GPU are those of the CPU, to the bit, by every form of a rule."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.engine import CudaEngine
from snnlab.model.edits import AddRewiring, SetParameter
from snnlab.model.network import Network
from snnlab.model.rewiring import Rewiring
from tests.narrow_device import Narrow
from tests.rewired_networks import ranked, replacing, restless, rows, signed, weighing
from tests.rewiring_rules import Drift
from tests.twins import Twins, assert_same_frame, assert_same_state, assert_same_synapses

CHOPS = (1, 7, 30, 2, 60)

MAKERS = (restless, replacing, ranked, weighing, signed, rows)
"""Rules that decide pair by pair, replace, rank, weigh new synapses, give signs, look at rows."""

each_network = pytest.mark.parametrize("network", MAKERS, ids=lambda make: make.__name__)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@each_network
def test_synapses_come_and_go_as_on_the_cpu(
    device: CupyDevice, network: Callable[[], Network], precision: str
) -> None:
    twins = Twins(network(), device, precision=precision)
    frames = twins.advance(*CHOPS)
    assert sum(len(frame.structure) for frame in frames) > 20
    twins.compare()
    twins.advance(100)  # a checkpoint changes nothing
    twins.compare()
    assert_same_synapses(twins.cpu, twins.cuda)


@each_network
@pytest.mark.parametrize("most", [1, 3])
def test_the_grid_changes_nothing(
    device: CupyDevice, network: Callable[[], Network], most: int
) -> None:
    twins = Twins(network(), Narrow(device, most))
    twins.advance(*CHOPS)
    twins.compare()


@each_network
def test_many_partitions_and_rows_without_room_change_nothing(
    device: CupyDevice, network: Callable[[], Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
        patch.setattr("snnlab.build.growing._ROOM", 1)
        cut = CudaEngine(network(), device)
        before = cut._arrays
        frames = [cut.advance(n) for n in CHOPS]
    assert before.partitions.n >= 2
    assert cut._arrays is not before
    whole = CpuEngine(network(), threads=1)
    for n, frame in zip(CHOPS, frames, strict=True):
        assert_same_frame(whole.advance(n), frame)
    assert_same_state(whole.checkpoint(), cut.checkpoint())


@pytest.mark.parametrize("n_pairs", [7, 5000])
def test_rounds_of_replacing_may_be_short_or_long(
    device: CupyDevice, n_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = Twins(replacing(), device)
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays.ROUND", n_pairs)
    twins.cuda = CudaEngine(replacing(), device)
    twins.advance(*CHOPS)
    twins.compare()


def test_a_list_of_events_that_is_full_is_emptied(
    device: CupyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays._EVENTS", 1)
    twins = Twins(replacing(), device)
    assert twins.cuda._arrays.rewirings.events.shape[1] == 40
    twins.advance(*CHOPS)
    twins.compare()


@each_network
def test_the_same_again_is_the_same(device: CupyDevice, network: Callable[[], Network]) -> None:
    """Who comes first among threads differs each time; what they come to must not."""
    engine = CudaEngine(network(), device)
    engine.advance(40)
    kept, ends = engine.checkpoint(), []
    for _ in range(5):
        engine.restore(kept)
        frame = engine.advance(200)
        ends.append((frame, engine.checkpoint()))
    for frame, end in ends[1:]:
        assert_same_frame(ends[0][0], frame)
        assert_same_state(ends[0][1], end)


@each_network
def test_a_run_moves_between_engines_and_goes_on(
    device: CupyDevice, network: Callable[[], Network]
) -> None:
    stays = CpuEngine(network(), threads=1)
    kept = CpuEngine(network(), threads=1).checkpoint()
    for k, n in enumerate((45, 28, 1, 30)):
        engine = CudaEngine(network(), device) if k % 2 else CpuEngine(network(), threads=2)
        engine.restore(kept)
        assert_same_frame(stays.advance(n), engine.advance(n))
        kept = engine.checkpoint()
    assert_same_state(stays.checkpoint(), kept)


def test_edits_leave_twins_alike(device: CupyDevice) -> None:
    twins = Twins(replacing(), device)
    twins.advance(20)
    assert twins.edit(SetParameter("churn", "attempts", 0), SetParameter("churn too", "every", 0.2))
    twins.advance(33)
    more = Rewiring("lateral", Drift, 0.9, name="more")
    assert twins.edit(AddRewiring(more), SetParameter("churn", "attempts", 1))
    twins.advance(31)
    twins.compare()
