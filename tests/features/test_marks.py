"""Pairs have a mark for ever; DEEP R gives each connection its sign by it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab.arrays.marks import mark, mark_stream
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.edits import AddRewiring, SetParameter
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.intrinsics import uniform
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import deep, marked, signed
from tests.twins import Twins, assert_same_frame, assert_same_state

N = 144
CHOPS = (1, 9, 1, 14, 25, 50)
STEPS = sum(CHOPS)


class OddMarks(RewiringRule):
    """Half of all pairs may connect, always the same, and half of these lose their synapse."""

    @staticmethod
    def prune(syn, pair, p):
        return pair.mark < 0.25

    @staticmethod
    def accept(pair, p):
        return pair.mark < 0.5

    @staticmethod
    def initial(pair, p):
        return pair.mark


class Marked(RewiringRule):
    """Keeps the pairs with the lowest marks."""

    ranks = "projection"

    @staticmethod
    def score(syn, pair, p):
        return -pair.mark

    @staticmethod
    def gain(pre, post, pair, p):
        return -pair.mark

    @staticmethod
    def n_going(group, p):
        return 0.5 * group.n

    @staticmethod
    def initial(pair, p):
        return pair.mark


def marks_of(pre: np.ndarray, post: np.ndarray, *, seed: int = 5) -> np.ndarray:
    """Marks of pairs of sources and targets, which are given by their global ids."""
    stream = mark_stream("p")
    pairs = zip(pre.tolist(), (post - N).tolist(), strict=True)
    return np.array([mark.py_func(i, j, seed, stream) for i, j in pairs])


# --- marks ----------------------------------------------------------------------------------------


def test_marks_are_uniform_and_differ_from_pair_to_pair_and_projection() -> None:
    pre, post = np.repeat(np.arange(60), 60), N + np.tile(np.arange(60), 60)
    marks = marks_of(pre, post)
    assert stats.kstest(marks, "uniform").pvalue > 1e-4
    assert np.unique(marks).size > 3590
    assert abs(np.corrcoef(marks.reshape(60, 60))[0, 1:]).max() < 0.55
    assert abs(np.corrcoef(marks, marks_of(post - N, pre + N))[0, 1]) < 0.08
    assert abs(np.corrcoef(marks, marks_of(pre, post, seed=6))[0, 1]) < 0.08
    assert mark_stream("p") != mark_stream("q")
    assert (marks == marks.astype(np.float32)).all()
    assert 0.0 < marks.min() < marks.max() < 1.0


@pytest.mark.parametrize("engine_of", [CpuEngine, lambda n: CudaEngine(n, HostDevice(seed=1))])
@pytest.mark.parametrize("rule", [OddMarks, Marked])
def test_a_rule_sees_the_mark_of_each_pair(rule, engine_of) -> None:
    engine = engine_of(marked(Rewiring("p", rule, 0.3, 200, name=rule.__name__)))
    events = engine.advance(30).structure
    marks = marks_of(events.pre, events.post)
    formed, gone = marks[events.is_formed], marks[~events.is_formed]
    assert min(formed.size, gone.size) > 20
    if rule is OddMarks:
        assert formed.max() < 0.5
        assert gone.max() < 0.25
    else:
        assert formed.max() < 0.2  # of 20 000 pairs, as many as go: half of 2000 a call
    found = engine.synapses("p")
    new = found.weight != 1.0
    assert new.sum() > 20
    np.testing.assert_array_equal(found.weight[new], marks_of(found.pre, found.post)[new])


def test_another_rewiring_of_the_projection_sees_the_same() -> None:
    engine = CpuEngine(marked(Rewiring("p", OddMarks, 0.3, 200, name="one")), threads=1)
    engine.advance(20)
    other = Rewiring("p", OddMarks, 0.3, 200, name="two")
    engine.apply(AddRewiring(other).apply(engine.network))
    events = engine.advance(30).structure.of(1)
    assert marks_of(events.pre, events.post)[events.is_formed].max() < 0.5


# --- signs of connections -------------------------------------------------------------------------


def signs_of(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    return np.where(marks_of(pre, post) < 0.5, 1, -1)


@pytest.fixture(scope="module")
def expected():
    """The run that all others must equal."""
    engine = CpuEngine(signed(), threads=1)
    frames = [engine.advance(n) for n in CHOPS]
    return frames, engine.checkpoint()


def test_a_network_starts_with_the_signs_of_its_connections() -> None:
    engine = CpuEngine(deep(), threads=1)
    found = engine.synapses("p")
    np.testing.assert_array_equal(found.weight, 0.125 * signs_of(found.pre, found.post))
    assert 0.4 < (found.weight > 0.0).mean() < 0.6
    frame = engine.advance(6)
    assert len(frame.structure) < 0.05 * found.pre.size  # not the half that would be wrong
    one_sign = CpuEngine(SetParameter("deep", "sign", 1.0).apply(deep()), threads=1)
    assert (one_sign.synapses("p").weight == 0.125).all()


def test_no_synapse_has_the_wrong_sign_after_a_call_and_their_number_stays() -> None:
    engine = CpuEngine(deep(drift=0.05, temperature=1e-2), threads=2)
    n = engine.synapses("p").pre.size
    engine.advance(1)
    for _ in range(20):
        frame = engine.advance(5)
        found = engine.synapses("p")
        assert found.pre.size == n
        signed = found.weight * signs_of(found.pre, found.post)
        # Since the call, five steps ago at most, weights have learnt from a few spikes.
        assert np.quantile(signed, 0.01) > -0.3
        assert frame.structure.is_formed.sum() * 2 == len(frame.structure)
    assert (found.weight < 0.0).mean() > 0.2
    assert (found.weight > 0.0).mean() > 0.2


def test_a_connection_that_comes_back_has_its_sign_again() -> None:
    """On few pairs, so that they come back; nobody fires, so that weights only walk."""
    engine = CpuEngine(
        marked(Rewiring("p", "DeepR", 0.1, 1, {"sign": 0.0, "temperature": 0.5}, 0.0, name="deep")),
        threads=1,
    )
    engine.advance(1)
    events, seen = [], {}
    for _ in range(60):
        events.append(engine.advance(1).structure)
        found = engine.synapses("p")
        for pre, post, weight in zip(found.pre, found.post, found.weight, strict=True):
            if weight != 0.0:
                seen.setdefault((int(pre), int(post)), set()).add(np.sign(weight))
    joined = StructuralEvents.joined(events)
    formed = joined.at(joined.is_formed)
    pairs = (formed.pre * 2 * N + formed.post).tolist()
    assert len(pairs) - len(set(pairs)) > 500  # came at least twice
    assert all(len(signs) == 1 for signs in seen.values())


def test_new_synapses_start_at_zero_and_stay_until_they_have_learnt() -> None:
    """Without drift a weight of 0 is not beyond zero, and nobody fires."""
    engine = CpuEngine(
        marked(Rewiring("p", "DeepR", 0.1, 1, {"sign": 0.0}, 0.0, name="deep"), weight=0.0),
        threads=1,
    )
    assert not len(engine.advance(50).structure)


def test_threads_partitions_and_cuts_change_no_sign(expected, monkeypatch) -> None:
    frames, end = expected
    assert sum(len(frame.structure) for frame in frames) > 100
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    network = signed()
    for engine in CpuEngine(network, threads=3), CudaEngine(network, HostDevice(resident=2)):
        for n, frame in zip(CHOPS, frames, strict=True):
            assert_same_frame(engine.advance(n), frame)
        assert_same_state(engine.checkpoint(), end)


@pytest.mark.parametrize("step", [1, 25, 51])
def test_signs_go_on_from_any_state(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(signed(), threads=2)
    engine.advance(step)
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    other = CudaEngine(marked(rate=1.0), HostDevice())
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    other.advance(STEPS - step)
    assert_same_state(other.checkpoint(), expected[1])


def test_a_run_starts_again_with_the_same_signs() -> None:
    engine = CpuEngine(deep(), threads=1)
    start = engine.checkpoint()
    first = engine.advance(60)
    engine.restore(start)
    assert_same_frame(engine.advance(60), first)


def test_marks_are_the_same_on_a_device_in_double_precision() -> None:
    both = Rewiring("p", OddMarks, 0.3, 100, name="odd"), Rewiring("p", Marked, 1.0, name="marked")
    signed = Rewiring("p", "DeepR", 0.7, 1, {"sign": 0.3, "drift": 0.01}, 0.1, name="deep")
    twins = Twins(
        marked(*both, signed, rate=40.0), HostDevice(seed=2, resident=2), precision="float64"
    )
    twins.advance(*CHOPS)
    twins.compare()


class Uneven(RewiringRule):
    """Weighs the synapses that a network starts with by all that a rule may use."""

    weighs_first = True

    @staticmethod
    def initial(pair, p):
        return p.weight * (1.0 + uniform()) + pair.indegree


def test_synapses_of_the_start_are_weighed_by_the_rule() -> None:
    for engine in (
        CpuEngine(marked(Rewiring("p", Uneven, 1.0, weight=9.0)), threads=2),
        CudaEngine(marked(Rewiring("p", Uneven, 1.0, weight=9.0)), HostDevice()),
    ):
        found = engine.synapses("p")
        noise = found.weight - np.bincount(found.post, minlength=2 * N)[found.post] - 1.0
        assert stats.kstest(noise, "uniform").pvalue > 1e-4
        engine.advance(5)
        np.testing.assert_array_equal(engine.synapses("p").weight, found.weight)
