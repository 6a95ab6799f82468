"""New synapses start from what their rule says, whoever forms them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.edits import SetParameter
from snnlab.model.rewiring import Rewiring
from snnlab.rules.lanes import LANES
from snnlab.rules.philox import philox4x32, stream_id
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import weighed, weighing
from tests.rewiring_rules import Graded, Ranked, Replaced
from tests.twins import Twins, assert_same_frame, assert_same_state

N = 144
CHOPS = (1, 9, 1, 14, 25, 50)
STEPS = sum(CHOPS)


def distance(pre: int, post: int) -> float:
    dx, dy = (abs(a - b) for a, b in ((pre % 12, post % 12), (pre // 12, post // 12)))
    return math.hypot(min(dx, 12 - dx), min(dy, 12 - dy))


# --- who computes it, and when --------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_new_synapses_start_on_a_device_as_on_the_cpu(precision: str) -> None:
    twins = Twins(weighing(), HostDevice(seed=2, resident=2), precision=precision)
    frames = twins.advance(*CHOPS)
    for k in range(3):
        assert sum(int(frame.structure.of(k).is_formed.sum()) for frame in frames) > 50
    assert sum(int(frame.counts.sum()) for frame in frames) > 30
    twins.compare()
    assert twins.edit(SetParameter("pairs", "weight", 5.0), SetParameter("pairs", "spread", 0.1))
    twins.advance(30)
    twins.compare()


def test_threads_partitions_cuts_and_room_change_nothing(monkeypatch) -> None:
    whole = CpuEngine(weighing(), threads=1)
    frames = [whole.advance(n) for n in CHOPS]
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    cut = CpuEngine(weighing(), threads=2), CudaEngine(weighing(), HostDevice(seed=3, resident=2))
    for engine in cut:
        before = engine._arrays
        assert before.partitions.n >= 2
        for n, frame in zip(CHOPS, frames, strict=True):
            assert_same_frame(engine.advance(n), frame)
        assert_same_state(engine.checkpoint(), whole.checkpoint())
        assert engine._arrays is not before


@pytest.mark.parametrize("step", [1, 35, 50])
def test_a_run_goes_on_from_any_state(step: int, tmp_path) -> None:
    stays = CpuEngine(weighing(), threads=1)
    stays.advance(STEPS)
    engine = CpuEngine(weighing(), threads=2)
    engine.advance(step)
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    other = CudaEngine(weighing(), HostDevice())
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    other.advance(STEPS - step)
    assert_same_state(stays.checkpoint(), other.checkpoint())


# --- what happens ---------------------------------------------------------------------------------


def weights_of(engine: CpuEngine) -> dict[tuple[int, int], float]:
    """Weights by pair, neurons within their populations."""
    found = engine.synapses("p")
    pairs = zip((found.pre).tolist(), (found.post - N).tolist(), strict=True)
    return dict(zip(pairs, found.weight.tolist(), strict=True))


def newest(events: StructuralEvents, rule: int) -> dict[tuple[int, int], int]:
    """Step at which a pair got its synapse, of those that still have it."""
    left: dict[tuple[int, int], int] = {}
    for step, _, is_formed, pre, post in zip(*(c.tolist() for c in events.columns), strict=True):
        left.pop((pre, post - N), None)
        if is_formed:
            left[pre, post - N] = step
    return left


def test_weights_are_those_of_the_function_by_hand() -> None:
    """A rule that ranks: its random numbers are named by the pair and the step."""
    engine = CpuEngine(weighed(Rewiring("p", Ranked, 1.0, name="ranked", weight=4.0)), threads=2)
    before = weights_of(engine)
    events = engine.advance(11).structure
    after, lanes = weights_of(engine), LANES["float32"]
    gone = {(pre, post - N) for pre, post in zip(*events.columns[3:], strict=True)} & before.keys()
    left = np.bincount([post for pre, post in before.keys() - gone], minlength=N)
    formed = newest(events, 0)
    assert len(formed) > 60
    # Site 0 is the gain's.
    stream = stream_id("rewiring", "ranked")
    for (pre, post), step in formed.items():
        word = philox4x32.py_func(pre, step, 1, post, 1, stream)[0]
        noise = float(lanes.normal(np.uint32(word)))
        expected = 4.0 / (1.0 + distance(pre, post)) * (1.0 + 0.1 * noise) + 0.01 * left[post]
        assert after[pre, post] == pytest.approx(expected, rel=1e-5)
    stayed = before.keys() & after.keys() - formed.keys()
    assert {after[pair] for pair in stayed} == {3.0}


@pytest.mark.parametrize("rule", [Graded, Replaced])
@pytest.mark.parametrize("engine_of", [CpuEngine, lambda n: CudaEngine(n, HostDevice(seed=1))])
def test_weights_are_in_the_range_of_the_function(rule, engine_of) -> None:
    engine = engine_of(weighed(Rewiring("p", rule, 0.2, 30, name="r", weight=2.0)))
    events = engine.advance(120).structure
    after, formed = weights_of(engine), newest(events, 0)
    assert len(formed) > 100
    indegree = np.bincount([post for _, post in after], minlength=N).max() + 10
    drawn = []
    for pre, post in formed:
        smallest = 2.0 / (1.0 + distance(pre, post))
        part = (after[pre, post] - smallest) / (smallest * 0.15)
        assert -1e-5 <= part <= 1.0 + 0.01 * indegree / (smallest * 0.15)
        drawn.append(after[pre, post] / smallest)
    assert len(set(drawn)) > 0.95 * len(drawn)  # every synapse has a draw of its own


def test_without_the_function_all_start_from_the_number_of_the_rewiring() -> None:
    class Alike(Graded):
        initial = None

    engine = CpuEngine(weighed(Rewiring("p", Alike, 0.2, 30, weight=2.5)), threads=1)
    events = engine.advance(60).structure
    after = weights_of(engine)
    assert {after[pair] for pair in newest(events, 0)} == {2.5}
