"""Rules with a row form: each neuron's synapses are looked at together, whoever computes it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.engine import Checkpoint
from snnlab.frames.frame import Frame
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.edits import Lesion, SetParameter
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewirings import RelativeThreshold
from snnlab.model.space import Grid
from snnlab.rules.intrinsics import max
from snnlab.rules.lanes import LANES, PARTS_SHIFT
from snnlab.rules.philox import philox4x32, stream_id
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import in_rows, rows
from tests.rewiring_rules import Far, Strongest
from tests.twins import Twins, assert_same_frame, assert_same_state

N = 100
SHEET = Grid((10.0, 10.0), True, (10, 10))
CHOPS = (1, 9, 1, 14, 25, 30)
STEPS = sum(CHOPS)


@pytest.fixture(scope="module")
def expected() -> tuple[list[Frame], Checkpoint]:
    """The run that all others must equal."""
    engine = CpuEngine(rows(), threads=1)
    frames = [engine.advance(n) for n in CHOPS]
    for k in range(4):
        assert sum(len(frame.structure.of(k)) for frame in frames) > 20
    return frames, engine.checkpoint()


def assert_as_expected(engine, expected) -> None:
    for n, frame in zip(CHOPS, expected[0], strict=True):
        assert_same_frame(engine.advance(n), frame)
    assert_same_state(engine.checkpoint(), expected[1])


# --- who computes it, and when --------------------------------------------------------------------


def test_threads_partitions_and_room_change_nothing(expected, monkeypatch) -> None:
    assert_as_expected(CpuEngine(rows(), threads=3), expected)
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    assert_as_expected(CpuEngine(rows(), threads=2), expected)


def test_a_device_looks_at_rows_alike(expected) -> None:
    assert_as_expected(CudaEngine(rows(), HostDevice(seed=2, resident=2)), expected)


def test_a_device_does_so_in_double_precision_and_while_numbers_change() -> None:
    twins = Twins(rows(), HostDevice(seed=3), precision="float64")
    twins.advance(25)
    assert twins.edit(SetParameter("far", "odds", 0.9), SetParameter("strongest", "kept", 5.0))
    twins.advance(40)
    twins.compare()


def test_cuts_change_nothing(expected) -> None:
    engine = CpuEngine(rows(), threads=2)
    for _ in range(STEPS):
        engine.advance(1)
    assert_same_state(engine.checkpoint(), expected[1])


@pytest.mark.parametrize("step", [10, 30, 35])
def test_a_run_goes_on_from_any_state(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(rows(), threads=2)
    engine.advance(step)
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    other = CudaEngine(in_rows(), HostDevice())
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    other.advance(STEPS - step)
    assert_same_state(other.checkpoint(), expected[1])


# --- what happens ---------------------------------------------------------------------------------


def distance(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    dx, dy = (abs(a - b) for a, b in ((pre % 10, post % 10), (pre // 10, post // 10)))
    return np.hypot(np.minimum(dx, 10 - dx), np.minimum(dy, 10 - dy))


class Row:
    """The synapses of a neuron as plain objects, so that a rule runs as the Python that it is."""

    def __init__(self, **columns: np.ndarray) -> None:
        self.gone: set[int] = set()
        rows = zip(*columns.values(), strict=True)
        self.synapses = [
            SimpleNamespace(**dict(zip(columns, row, strict=True)), remove=self._remover(k))
            for k, row in enumerate(rows)
        ]

    def _remover(self, k: int):
        return lambda: self.gone.add(k)

    def __iter__(self):
        return iter(self.synapses)


def called(rule, **parameters: float) -> tuple:
    """Synapses before a call of a rule, the call's events, and synapses after it."""
    engine = CpuEngine(in_rows(Rewiring("p", rule, 20.0, 1, parameters, name="r")), threads=2)
    engine.advance(200)
    before = engine.synapses("p")
    events = engine.advance(1).structure
    return before, events, engine.synapses("p")


@pytest.mark.parametrize(
    ("rule", "parameters"), [(Strongest, {"kept": 4.0}), (RelativeThreshold, {"fraction": 0.99})]
)
def test_a_rule_does_what_plain_python_does(rule, parameters) -> None:
    before, events, after = called(rule, **parameters)
    pre, post, weight = before.pre, before.post, before.weight
    p, wanted = SimpleNamespace(**parameters), set()
    for target in np.unique(post).tolist():
        mine = np.flatnonzero(post == target)
        mine = mine[np.argsort(pre[mine])]
        marks = _marks(pre[mine], post[mine] - N)
        row = Row(weight=weight[mine].astype(np.float32), mark=marks)
        neuron = SimpleNamespace(number=target - N, n_synapses=mine.size)
        rule.row(neuron, row, p)
        wanted |= {(int(pre[mine[k]]), target) for k in row.gone}
    gone = events.at(~events.is_formed)
    assert set(zip(gone.pre.tolist(), gone.post.tolist(), strict=True)) == wanted
    assert len(wanted) > 50
    if rule is Strongest:
        assert not events.is_formed.any()
        assert np.bincount(after.post - N, minlength=N).max() == 4
    else:
        formed = events.at(events.is_formed)
        np.testing.assert_array_equal(
            np.bincount(formed.post, minlength=2 * N), np.bincount(gone.post, minlength=2 * N)
        )


def test_draws_are_named_by_the_neuron_or_by_the_synapse() -> None:
    before, events, _ = called(Far)
    pre, post = before.pre, before.post - N
    far, lanes, stream = distance(pre, post), LANES["float32"], stream_id("rewiring", "r")
    marks = _marks(pre, post)
    indegree = np.bincount(post, minlength=N)

    def word(first: int, second: int, site: int, passed: int = 0) -> np.uint32:
        place = site + (passed << PARTS_SHIFT)
        return np.uint32(philox4x32.py_func(first, 200, place, second, 1, stream)[0])

    wanted = set()
    for source in range(N):
        mine = np.flatnonzero(pre == source)
        if not mine.size:
            continue
        noise = float(lanes.normal(word(source, 0xFFFFFFFF, 0)))
        reach = far[mine].mean() * (1.0 + 0.1 * noise)
        for k in mine:
            words = [word(source, int(post[k]), 1, passed) for passed in (1, 2)]
            drawn = max(*(float(lanes.unit(w)) for w in words))
            goes = far[k] > reach and drawn < 0.5 and marks[k] < 0.9 and indegree[post[k]] > 1
            if goes:
                wanted.add((source, int(post[k]) + N))
    gone = events.at(~events.is_formed)
    assert set(zip(gone.pre.tolist(), gone.post.tolist(), strict=True)) == wanted
    assert len(wanted) > 50
    formed = events.at(events.is_formed)
    np.testing.assert_array_equal(np.bincount(formed.pre), np.bincount(gone.pre))


def _marks(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    stream = stream_id("mark", "p")
    pairs = zip(pre.tolist(), post.tolist(), strict=True)
    words = [int(philox4x32.py_func(i, j, 4, 0, 1, stream)[0]) >> 9 for i, j in pairs]
    return (np.array(words) + 0.5) * 2.0**-23


def test_static_synapses_have_rows_too() -> None:
    rewiring = Rewiring("p", Far, 1.0, name="far")

    class Shared(Far):
        initial = None

    static = in_rows(Rewiring("p", Shared, 1.0, name="far"), synapse="Static")
    twins = Twins(static, HostDevice())
    frames = twins.advance(35)
    assert len(frames[0].structure) > 50
    twins.compare()
    assert rewiring.model.compares() == "source"


def test_lesioned_neurons_are_left_out() -> None:
    engine = CpuEngine(in_rows(Rewiring("p", Strongest, 1.0, 1, {"kept": 3.0})), threads=1)
    engine.apply(Lesion("source", range(30)).apply(engine.network))
    cut = engine.advance(1).structure
    assert (cut.pre < 30).all()
    gone = engine.advance(10).structure
    assert gone.pre.min() >= 30
    assert np.bincount(engine.synapses("p").post, minlength=2 * N).max() == 3


def test_a_rule_without_attempts_rests() -> None:
    engine = CpuEngine(in_rows(Rewiring("p", Strongest, 1.0, 0)), threads=1)
    assert not len(engine.advance(25).structure)
