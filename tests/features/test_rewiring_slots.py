"""Targets with a fixed number of slots: who looks at which, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.edits import Lesion, Recover, SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.intrinsics import uniform
from snnlab.rules.philox import philox4x32, stream_id
from tests.host_device.host_device import HostDevice
from tests.twins import Twins, assert_same_frame, assert_same_state

SIZES = {"a": 30, "b": 40, "target": 140}
SLOTS = {"from a": 3, "from b": 2, "own": 4}
POOLED = 9


class Slotwise(RewiringRule):
    """Synapses come and go by chance."""

    p_prune = Parameter(0.4, "1", "of a synapse that is looked at", low=0.0, high=1.0)
    p_form = Parameter(0.7, "1", "of a pair that may connect", low=0.0, high=1.0)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < p.p_prune

    @staticmethod
    def accept(pair, p):
        return uniform() < p.p_form


def slotted(
    *, partner: str = "uniform", p: float = 0.03, attempts: int = 60, pool: str = "all"
) -> Network:
    """Three projections that share the slots of their targets, one of them with STDP."""
    populations = [
        Population("a", SIZES["a"], "PoissonSource", {"rate": 60.0}),
        Population("target", SIZES["target"], "LIFDelta", {"t_ref": 1.0}),
        Population("b", SIZES["b"], "PoissonSource", {"rate": 60.0}),
    ]
    rule = PairwiseBernoulli(p)
    projections = [
        Projection("a", "target", rule, 6.0, 0.3, name="from a", synapse="STDP",
                   parameters={"W_max": 9.0, "learning_rate": 0.05}),
        Projection("b", "target", rule, 7.0, 0.5, name="from b"),
        Projection("target", "target", PairwiseBernoulli(p / 2, autapses=False), 0.5, 1.0,
                   name="own"),
    ]  # fmt: skip
    rewirings = [
        Rewiring(
            name, Slotwise, 0.5, attempts, partner=partner, slots=n, pool=pool, name=f"slots {name}"
        )
        for name, n in SLOTS.items()
    ]  # fmt: skip
    return Network(populations, projections, rewirings=rewirings)


def afferents(engine, name: str) -> list[list[int]]:
    """Sources of each target, ascending, within their population."""
    network, found = engine.network, engine.synapses(name)
    projection = network.projection(name)
    pre = found.pre - network.first_id(projection.pre)
    post = found.post - network.first_id(projection.post)
    return [sorted(pre[post == k].tolist()) for k in range(SIZES["target"])]


def run(engine, chops: tuple[int, ...]) -> tuple[list[np.ndarray], StructuralEvents]:
    frames = [engine.advance(n) for n in chops]
    spikes = [np.concatenate([getattr(f, c) for f in frames]) for c in ("step", "neuron")]
    return spikes, StructuralEvents.joined(f.structure for f in frames)


def same(a, b) -> None:
    for one, other in zip((*a[0], *a[1].columns), (*b[0], *b[1].columns), strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_attempt_looks_at_one_slot_of_one_target() -> None:
    """One call of all rules, against the slots written out."""
    network = slotted(attempts=200)
    network = network.replace(
        rewirings=[
            Rewiring(r.projection, Slotwise, 0.5, 200, {"p_prune": 1.0, "p_form": 1.0},
                     slots=r.slots, pool="all", name=r.name)
            for r in network.rewirings
        ]
    )  # fmt: skip
    engine = CpuEngine(network, threads=1)
    held = {name: afferents(engine, name) for name in SLOTS}
    frame = engine.advance(6)
    expected = []
    stream, bounds = stream_id("rewiring pool", "all"), np.cumsum([0, *SLOTS.values()])
    for r, name in enumerate(SLOTS):
        n_pre = network.population(network.projection(name).pre).size
        for k in range(200):
            words = [int(w) for w in philox4x32(k, 5, 2, 0, network.seed, stream)]
            post, pre = words[0] * SIZES["target"] >> 32, words[1] * n_pre >> 32
            listed = [
                (i, source) for i, member in enumerate(SLOTS) for source in held[member][post]
            ]
            slot = words[2] * max(POOLED, len(listed)) >> 32
            mine = held[name][post]
            if slot < len(listed):
                if listed[slot][0] == r:
                    mine.remove(listed[slot][1])
                    expected.append((r, False, listed[slot][1], post))
                continue
            is_mine = bounds[r] <= words[3] * POOLED >> 32 < bounds[r + 1]
            if is_mine and pre not in mine and not (name == "own" and pre == post):
                mine.append(pre)
                mine.sort()
                expected.append((r, True, pre, post))
    events, names = frame.structure, list(SLOTS)
    assert len(events) == len(expected) > 100
    first = [network.first_id(network.projection(n).pre) for n in names]
    target = network.first_id("target")
    told = [
        (r, formed, pre - first[r], post - target)
        for r, formed, pre, post in zip(*(c.tolist() for c in events.columns[1:]), strict=True)
    ]
    assert sorted(told) == sorted(expected)
    assert {name: afferents(engine, name) for name in SLOTS} == held


@pytest.mark.parametrize("make", [CpuEngine, lambda n: CudaEngine(n, HostDevice(seed=1))])
def test_no_target_gets_more_synapses_than_it_has_slots(make) -> None:
    full = slotted(attempts=400)
    engine = make(full)
    for name in SLOTS:
        engine.apply(SetParameter(f"slots {name}", "p_prune", 0.0).apply(engine.network))
    most = np.sum([[len(of) for of in afferents(engine, name)] for name in SLOTS], axis=0)
    for _ in range(4):
        engine.advance(150)
        lengths = [[len(of) for of in afferents(engine, name)] for name in SLOTS]
        # A target that was drawn with more than there are slots keeps them.
        assert (np.sum(lengths, axis=0) <= np.maximum(most, POOLED)).all()
    assert np.sum(lengths) > 0.95 * POOLED * SIZES["target"]
    shares = np.sum(lengths, axis=1) / np.sum(lengths)
    assert all(shares > 0.15)


def test_more_synapses_than_slots_at_the_start_go_first() -> None:
    engine = CpuEngine(slotted(p=0.5, attempts=400), threads=1)
    before = np.sum([[len(of) for of in afferents(engine, name)] for name in SLOTS])
    assert before > 2 * POOLED * SIZES["target"]
    frame = engine.advance(50)
    assert not frame.structure.is_formed.any()
    engine.advance(1500)
    lengths = np.sum([[len(of) for of in afferents(engine, name)] for name in SLOTS], axis=0)
    assert lengths.max() <= POOLED
    assert lengths.mean() > 3


@pytest.mark.parametrize("partner", ["uniform", "last_spike"])
def test_threads_partitions_cuts_and_room_change_nothing(partner: str, monkeypatch) -> None:
    network = slotted(partner=partner)
    expected = run(CpuEngine(network, threads=1), (400,))
    assert expected[1].is_formed.sum() > 200
    assert (~expected[1].is_formed).sum() > 200
    same(run(CpuEngine(network, threads=2), (1, 33, 66, 100, 200)), expected)
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    cut = CpuEngine(network, threads=2)
    assert cut._arrays.partitions.n >= 2
    same(run(cut, (400,)), expected)
    same(run(CudaEngine(network, HostDevice()), (150, 250)), expected)


def test_a_run_goes_on_from_any_state(tmp_path) -> None:
    network = slotted(partner="last_spike")
    expected = run(CpuEngine(network, threads=1), (400,))
    for step in (1, 155, 200):
        engine = CpuEngine(network, threads=2)
        first = run(engine, (step,))
        save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
        kept = load_checkpoint(tmp_path / "a.checkpoint")
        for other in (CpuEngine(network, threads=1), CudaEngine(network, HostDevice())):
            other.restore(kept)
            second = run(other, (400 - step,))
            spikes = [np.concatenate(parts) for parts in zip(first[0], second[0], strict=True)]
            same((spikes, StructuralEvents.joined([first[1], second[1]])), expected)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_both_engines_agree_to_the_bit(precision: str) -> None:
    twins = Twins(slotted(partner="last_spike"), HostDevice(seed=2, resident=2),
                  precision=precision)  # fmt: skip
    frames = list(twins.advance(60, 35, 105))
    twins.compare()
    assert twins.edit(Lesion("target", range(50)), SetParameter("slots from a", "attempts", 90))
    frames += twins.advance(1, 99)
    assert twins.edit(Recover("target", range(20)), SetParameter("slots from b", "slots", 7))
    frames += twins.advance(200)
    twins.compare()
    assert sum(len(frame.structure) for frame in frames) > 400


def test_slots_of_their_own_are_a_pool_of_one() -> None:
    network = slotted(pool="")
    engine = CpuEngine(network, threads=1)
    for name in SLOTS:
        engine.apply(SetParameter(f"slots {name}", "p_prune", 0.01).apply(engine.network))
    engine.advance(4000)
    for name, n in SLOTS.items():
        lengths = [len(of) for of in afferents(engine, name)]
        assert max(lengths) == n
    device = CudaEngine(engine.network, HostDevice())
    kept = engine.checkpoint()
    device.restore(kept)
    assert_same_frame(engine.advance(100), device.advance(100))
    assert_same_state(engine.checkpoint(), device.checkpoint())
