"""Synapses that come and go: what rules decide happens, once, whoever computes it and when."""

from __future__ import annotations

import math

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import BuildError, SpecError
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import DistanceDependent, PairwiseBernoulli
from snnlab.model.edits import RemoveRewiring, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.model.space import Grid
from snnlab.rules.philox import philox4x32, stream_id
from tests.rewiring_rules import Busy

pytestmark = pytest.mark.usefixtures("both_engines")

N = 12 * 12
STEPS = 900


def busy(
    *, synapse: str = "STDP", partner: str = "uniform", attempts: int = 40, every: float = 0.5,
    delay: float = 0.3, seed: int = 1,
) -> Network:  # fmt: skip
    """Sources onto two kinds of targets, whose synapses come and go in hundreds."""
    sheet = Grid((12.0, 12.0), True, (12, 12))
    source = Population("source", N, "PoissonSource", {"rate": 60.0}, space=sheet)
    target = Population("target", N, "LIFDelta", {"t_ref": 1.0}, space=sheet)
    learning = {"W_max": 6.0, "learning_rate": 0.05} if synapse == "STDP" else {}
    projections = [
        Projection("source", "target", DistanceDependent(0.5, 2.0), 3.0, delay, name="forward",
                   synapse=synapse, parameters=learning),
        Projection("target", "target", PairwiseBernoulli(0.05, autapses=False), 0.5, 1.5,
                   name="lateral"),
        Projection("source", "target", PairwiseBernoulli(0.02), 2.0, 0.7, name="fixed"),
    ]  # fmt: skip
    rules = [
        Rewiring("forward", Busy, every, attempts, name="busy", partner=partner),
        Rewiring("lateral", Busy, 1.0, attempts, {"far": 2.0}, name="busy too"),
        Rewiring("forward", Busy, 0.7, 5, {"far": 1.0}, name="busy again"),
    ]
    return Network([source, target], projections, rewirings=rules, seed=seed)


def run(engine: CpuEngine, chops: tuple[int, ...]) -> tuple[np.ndarray, StructuralEvents]:
    """All spikes and all structural events."""
    frames = [engine.advance(n) for n in chops]
    spikes = np.column_stack([
        np.concatenate([f.step for f in frames]), np.concatenate([f.neuron for f in frames])
    ])  # fmt: skip
    return spikes, StructuralEvents.joined(f.structure for f in frames)


def assert_same(a: tuple[np.ndarray, StructuralEvents], b: tuple[np.ndarray, StructuralEvents]):
    np.testing.assert_array_equal(a[0], b[0])
    for one, other in zip(a[1].columns, b[1].columns, strict=True):
        np.testing.assert_array_equal(one, other)


def pairs(engine: CpuEngine, projection: str) -> set[tuple[int, int]]:
    found = engine.synapses(projection)
    listed = list(zip(found.pre.tolist(), found.post.tolist(), strict=True))
    assert len(set(listed)) == len(listed)
    return set(listed)


@pytest.fixture(scope="module")
def expected() -> tuple[np.ndarray, StructuralEvents]:
    """The run that all others must equal."""
    spikes, events = run(CpuEngine(busy(), threads=1), (STEPS,))
    assert spikes.shape[0] > 1000
    assert events.is_formed.sum() > 300
    assert (~events.is_formed).sum() > 300
    assert set(events.rewiring.tolist()) == {0, 1, 2}
    return spikes, events


def test_events_lead_from_the_first_synapses_to_the_last() -> None:
    engine = CpuEngine(busy(), threads=2)
    held = {name: pairs(engine, name) for name in ("forward", "lateral", "fixed")}
    _, events = run(engine, (STEPS,))
    names = [rewiring.projection for rewiring in engine.network.rewirings]
    for _, rewiring, is_formed, pre, post in zip(
        *(c.tolist() for c in events.columns), strict=True
    ):
        mine = held[names[rewiring]]
        assert ((pre, post) in mine) is not is_formed
        mine.symmetric_difference_update({(pre, post)})
    for name, left in held.items():
        assert pairs(engine, name) == left


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("chops", [(STEPS,), (1, 4, 5, 10, 80, 300, 499, 1)], ids=["whole", "cut"])
def test_threads_and_cuts_change_nothing(expected, threads: int, chops: tuple[int, ...]) -> None:
    assert_same(run(CpuEngine(busy(), threads=threads), chops), expected)


def test_many_partitions_change_nothing(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    engine = CpuEngine(busy(), threads=1)
    assert engine._arrays.partitions.n >= 4
    assert_same(run(engine, (STEPS,)), expected)


def test_rows_that_are_full_get_room(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    engine = CpuEngine(busy(), threads=2)
    before = engine._arrays
    assert_same(run(engine, (STEPS,)), expected)
    assert engine._arrays is not before


def test_a_list_of_events_that_is_full_is_emptied(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays._EVENTS", 1)
    assert_same(run(CpuEngine(busy(), threads=2), (STEPS,)), expected)


@pytest.mark.parametrize("step", [1, 35, 70, 350, 400])
def test_a_run_goes_on_from_any_state(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(busy(), threads=2)
    first = run(engine, (step,))
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    other = CpuEngine(busy(), threads=1)
    run(other, (50,))
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    second = run(other, (STEPS - step,))
    both = np.concatenate([first[0], second[0]]), StructuralEvents.joined([first[1], second[1]])
    assert_same(both, expected)


def test_looking_at_synapses_changes_nothing(expected) -> None:
    engine, parts = CpuEngine(busy(), threads=1), []
    for _ in range(STEPS // 30):
        parts.append(run(engine, (30,)))
        engine.synapses("forward")
        engine.checkpoint()
    spikes = np.concatenate([part[0] for part in parts])
    assert_same((spikes, StructuralEvents.joined(part[1] for part in parts)), expected)


# --- against plain Python -------------------------------------------------------------------------


def by_hand(network: Network, start: set[tuple[int, int]], n_steps: int) -> list[tuple[int, ...]]:
    """What `Busy` does to the first projection, if nothing else does: (step, formed, pre, post)."""
    rewiring, seed = network.rewirings[0], network.seed
    every, attempts = network.rewiring_steps_of(rewiring), network.rewiring_attempts_of(rewiring)
    stream, held, events = stream_id("rewiring", rewiring.name), set(start), []

    def drawn(step: int, k: int, site: int) -> np.float32:
        word = philox4x32.py_func(k, step, site, 0xFFFFFFFF, seed, stream)[0]
        return np.float32((int(word) >> 9) + 0.5) * np.float32(2.0**-23)

    for step in range(every, n_steps, every):
        for k in range(attempts):
            words = philox4x32.py_func(k, step, 2, 0, seed, stream)
            post, pre = (int(words[i]) * N >> 32 for i in (0, 1))
            dx, dy = (min(abs(a - b), 12 - abs(a - b)) for a, b in
                      ((pre % 12, post % 12), (pre // 12, post // 12)))  # fmt: skip
            if (pre, post) in held:
                if drawn(step, k, 0) < np.float32(0.5):
                    held.remove((pre, post))
                    events.append((step, 0, pre, post))
                continue
            is_near, indegree = math.hypot(dx, dy) <= 3.0, sum(t == post for _, t in held)
            if is_near and indegree < 12 and drawn(step, k, 1) < np.float32(0.9):
                held.add((pre, post))
                events.append((step, 1, pre, post))
    return events


@pytest.mark.parametrize("synapse", ["Static", "STDP"])
def test_a_rule_does_what_plain_python_does(synapse: str) -> None:
    network = busy(synapse=synapse)
    network = network.replace(rewirings=network.rewirings[:1])
    engine = CpuEngine(network, threads=2)
    start = {(pre, post - N) for pre, post in pairs(engine, "forward")}
    _, events = run(engine, (STEPS,))
    wanted = by_hand(network, start, STEPS)
    found = zip(events.step, events.is_formed, events.pre, events.post - N, strict=True)
    assert len(wanted) > 300
    assert sorted(tuple(map(int, event)) for event in found) == sorted(wanted)


def test_the_last_neuron_that_spiked_is_the_partner() -> None:
    engine = CpuEngine(busy(partner="last_spike"), threads=2)
    spikes, events = run(engine, (200, 300, STEPS - 500))
    mine = events.of(0)
    assert len(mine) > 100
    of_source = spikes[spikes[:, 1] < N]
    for step, pre in zip(mine.step.tolist(), mine.pre.tolist(), strict=True):
        before = of_source[of_source[:, 0] < step]
        assert pre in before[before[:, 0] == before[-1, 0], 1]


# --- edits ----------------------------------------------------------------------------------------


def test_numbers_of_a_rule_change_while_it_runs() -> None:
    engine = CpuEngine(busy(), threads=2)
    run(engine, (100,))
    quiet = engine.network
    for name in ("busy", "busy too", "busy again"):
        quiet = SetParameter(name, "attempts", 0).apply(quiet)
    engine.apply(quiet)
    held = pairs(engine, "forward")
    assert len(run(engine, (200,))[1]) == 0
    assert pairs(engine, "forward") == held
    engine.apply(SetParameter("busy", "attempts", 40).apply(engine.network))
    engine.apply(SetParameter("busy", "far", 0.0).apply(engine.network))
    _, events = run(engine, (300,))
    assert len(events) > 50
    at_home = events.post[events.is_formed] - N == events.pre[events.is_formed]
    assert at_home.all()


def test_state_stays_when_the_structure_is_edited(expected) -> None:
    engine = CpuEngine(busy(), threads=1)
    first = run(engine, (300,))
    more = engine.network.replace(
        populations=(*engine.network.populations, Population("idle", 5, "LIFDelta"))
    )
    engine.apply(more)
    second = run(engine, (STEPS - 300,))
    np.testing.assert_array_equal(np.concatenate([first[0], second[0]]), expected[0])


def test_synapses_that_have_moved_cannot_become_those_of_a_rule() -> None:
    engine = CpuEngine(busy(), threads=1)
    run(engine, (50,))
    bare = engine.network
    for name in ("busy", "busy again"):
        bare = RemoveRewiring(name).apply(bare)
    with pytest.raises(BuildError, match="Set the attempts of the rewiring to 0"):
        engine.apply(bare)
    run(engine, (50,))


def test_synapses_that_come_and_go_cannot_be_followed() -> None:
    recorder = SynapseRecorder("weights", "forward")
    with pytest.raises(SpecError, match="must be one whose synapses stay"):
        CpuEngine(busy().replace(recorders=[recorder]), threads=1)
