"""Synaptic elements grow and find partners: the same, whoever computes it and when."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import OutOfMemory, StateError
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.edits import (
    AddSynapticElements,
    Lesion,
    Recover,
    SetParameter,
    SetSynapticElements,
)
from snnlab.model.growth_curves import GaussianGrowth, LinearGrowth, SigmoidGrowth
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewirings import Homeostatic
from snnlab.model.stimuli import PoissonInput
from snnlab.model.synaptic_elements import SynapticElements
from tests.features.test_rewiring import assert_same, pairs, run

pytestmark = pytest.mark.usefixtures("both_engines")

STEPS = 500


def growing(*, seed: int = 1, synapse: str = "STDP") -> Network:
    """Three populations whose synapses grow from nothing, one kind of them with plastic weights."""
    source = Population("source", 50, "PoissonSource", {"rate": 200.0})
    exc = Population("exc", 144, "LIFDelta", {"t_ref": 1.0})
    inh = Population("inh", 40, "LIFDelta", {"t_ref": 1.0})
    learning = {"W_max": 6.0, "learning_rate": 0.05} if synapse == "STDP" else {}
    nobody = PairwiseBernoulli(0.0, autapses=False)
    projections = [
        Projection("source", "exc", nobody, 3.0, 0.3, name="forward", synapse=synapse,
                   parameters=learning),
        Projection("exc", "exc", FixedIndegree(4, autapses=False, multapses=False), 2.0, 1.5,
                   name="lateral"),
        Projection("exc", "inh", nobody, 2.0, 0.7, name="to inh"),
        Projection("inh", "exc", nobody, -3.0, 0.7, name="from inh"),
        Projection("source", "inh", PairwiseBernoulli(0.1), 5.0, 0.7, name="fixed"),
    ]  # fmt: skip
    rules = [
        _rewiring("forward", "Axon", "Den"), _rewiring("lateral", "Axon_ex", "Den_ex"),
        _rewiring("to inh", "Axon_ex", "Den_ex"), _rewiring("from inh", "Axon_in", "Den_in"),
    ]  # fmt: skip
    fast = GaussianGrowth(growth_rate=0.2, eta=0.0, eps=0.4)
    steady = LinearGrowth(growth_rate=0.1, eps=0.3)
    elements = [
        SynapticElements("inh", {"Den_ex": steady, "Axon_in": SigmoidGrowth(0.2, 0.3, z=2.0)},
                         tau_Ca=30.0, beta_Ca=0.06),
        SynapticElements("exc", {"Den": fast, "Den_ex": steady, "Den_in": fast,
                                 "Axon_ex": LinearGrowth(0.15, 0.5, z=1.5)},
                         tau_Ca=20.0, beta_Ca=0.1, Ca=0.1),
        SynapticElements("source", {"Axon": LinearGrowth(0.3, 4.0, tau_vacant=0.3)},
                         tau_Ca=20.0, beta_Ca=0.3),
    ]  # fmt: skip
    drive = [PoissonInput(f"to {name}", name, rate=9000.0, weight=0.25) for name in ("exc", "inh")]
    return Network(
        [source, exc, inh], projections, stimuli=drive, rewirings=rules,
        synaptic_elements=elements, knobs=[Knob("interval", 2.0)], seed=seed,
    )  # fmt: skip


def _rewiring(projection: str, pre: str, post: str) -> Rewiring:
    return Rewiring(
        projection, Homeostatic, "interval", name=f"elements {projection}",
        pre_synaptic_element=pre, post_synaptic_element=post,
    )  # fmt: skip


@pytest.fixture(scope="module")
def expected() -> tuple[np.ndarray, StructuralEvents]:
    """The run that all others must equal."""
    spikes, events = run(CpuEngine(growing(), threads=1), (STEPS,))
    assert spikes.shape[0] > 500
    for k in range(4):
        mine = events.of(k).is_formed
        assert mine.sum() > 25
        assert (~mine).sum() > 2
    return spikes, events


def states_of(engine: CpuEngine) -> list[np.ndarray]:
    """Calcium and elements of all neurons."""
    found = []
    for owner in engine.network.synaptic_elements:
        now = engine.synaptic_elements(owner.population)
        found += [now.Ca, *now.z.values(), *now.connected.values()]
    return found


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("chops", [(STEPS,), (1, 4, 5, 10, 20, 260, 199, 1)], ids=["whole", "cut"])
def test_threads_and_cuts_change_nothing(expected, threads: int, chops: tuple[int, ...]) -> None:
    assert_same(run(CpuEngine(growing(), threads=threads), chops), expected)


def test_many_partitions_change_nothing(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    engine = CpuEngine(growing(), threads=1)
    assert engine._arrays.partitions.n >= 4
    assert_same(run(engine, (STEPS,)), expected)


def test_rows_that_are_full_get_room(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    engine = CpuEngine(growing(), threads=2)
    before = engine._arrays
    assert_same(run(engine, (STEPS,)), expected)
    assert engine._arrays is not before


@pytest.mark.parametrize("step", [35, 400])
def test_a_run_goes_on_from_any_state(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(growing(), threads=2)
    first = run(engine, (step,))
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    states = states_of(engine)
    other = CpuEngine(growing(), threads=1)
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    for a, b in zip(states_of(other), states, strict=True):
        np.testing.assert_array_equal(a, b)
    rest = run(other, (STEPS - step,))
    joined = np.concatenate([first[0], rest[0]]), StructuralEvents.joined([first[1], rest[1]])
    assert_same(joined, expected)


def test_reading_changes_nothing(expected) -> None:
    engine = CpuEngine(growing(), threads=1)
    parts = []
    for n in (99, 100, 1, 150, 150):
        parts.append(run(engine, (n,)))
        states_of(engine)
    joined = np.concatenate([p[0] for p in parts]), StructuralEvents.joined(p[1] for p in parts)
    assert_same(joined, expected)


def test_events_lead_from_the_first_synapses_to_the_last() -> None:
    engine = CpuEngine(growing(), threads=2)
    names = [rewiring.projection for rewiring in engine.network.rewirings]
    held = {name: pairs(engine, name) for name in names}
    assert len(held["lateral"]) == 4 * 144
    _, events = run(engine, (STEPS,))
    for step, rewiring, is_formed, pre, post in zip(
        *(c.tolist() for c in events.columns), strict=True
    ):
        assert step % 20 == 0
        mine = held[names[rewiring]]
        assert ((pre, post) in mine) is not is_formed
        assert pre != post
        mine.symmetric_difference_update({(pre, post)})
    for name, left in held.items():
        assert pairs(engine, name) == left


def test_synapses_are_connected_elements() -> None:
    engine = CpuEngine(growing(), threads=1)
    network = engine.network
    for n in (1, 160, 140):
        engine.advance(n)
        counted = {
            (e.population, kind): np.zeros(network.population(e.population).size, np.int64)
            for e in network.synaptic_elements
            for kind in e.elements
        }
        for rewiring in network.rewirings:
            projection = network.projection(rewiring.projection)
            for pre, post in pairs(engine, projection.name):
                ends = (
                    (projection.pre, rewiring.pre_synaptic_element, pre),
                    (projection.post, rewiring.post_synaptic_element, post),
                )
                for population, kind, neuron in ends:
                    counted[population, kind][neuron - network.first_id(population)] += 1
        for owner in network.synaptic_elements:
            now = engine.synaptic_elements(owner.population)
            for kind in owner.elements:
                found = counted[owner.population, kind]
                np.testing.assert_array_equal(now.connected[kind], found)
                if n == 1:  # an update has just taken place, and 0.1 ms of growth
                    assert (now.z[kind] > found - 0.1).all()


def test_new_synapses_start_as_new_and_learn() -> None:
    engine = CpuEngine(growing(), threads=1)
    engine.advance(1)
    formed = engine.synapses("forward")
    assert len(formed) == 0
    engine.advance(300)
    weights = engine.synapses("forward").weight
    assert (weights == 3.0).any()
    assert (weights != 3.0).any()


def test_growth_turns_live() -> None:
    edits = [
        SetSynapticElements("exc", "Den", "eps", 0.8),
        SetSynapticElements("source", "", "tau_Ca", 5.0),
        SetParameter("", "interval", 1.7),
        SetParameter("elements to inh", "attempts", 0),
    ]

    def turned(chops: tuple[int, ...]) -> tuple[np.ndarray, StructuralEvents]:
        engine = CpuEngine(growing(), threads=2)
        first = run(engine, chops)
        before = engine._arrays
        for edit in edits:
            engine.apply(edit.apply(engine.network))
        assert engine._arrays.elements.Ca is before.elements.Ca  # numbers changed in place
        later = run(engine, (200,))
        assert not later[1].of(2).step.size  # this one rests
        return np.concatenate([first[0], later[0]]), StructuralEvents.joined([first[1], later[1]])

    whole = turned((205,))
    assert_same(turned((100, 100, 5)), whole)
    engine = CpuEngine(growing(), threads=1)
    same = run(engine, (205,))
    assert_same((whole[0][: same[0].shape[0]], whole[1].between(0, 205)), same)
    assert not np.array_equal(run(engine, (200,))[0], whole[0][same[0].shape[0] :])


def test_elements_added_live_start_from_what_is_connected() -> None:
    network = growing()
    bare = network.replace(rewirings=(), synaptic_elements=())
    engine = CpuEngine(bare, threads=1)
    engine.advance(50)
    for owner in network.synaptic_elements:
        engine.apply(AddSynapticElements(owner).apply(engine.network))
    engine.apply(engine.network.replace(rewirings=network.rewirings))
    now = engine.synaptic_elements("exc")
    np.testing.assert_array_equal(now.connected["Den_ex"], 4)
    events = engine.advance(300).structure
    assert events.is_formed.sum() > 50


def test_lesioned_neurons_neither_grow_nor_find_partners() -> None:
    engine = CpuEngine(growing(), threads=1)
    engine.apply(Lesion("exc", range(20)).apply(engine.network))
    _, events = run(engine, (300,))
    first = engine.network.first_id("exc")
    for end in (events.pre, events.post):
        assert not ((end >= first) & (end < first + 20))[events.is_formed].any()
    now = engine.synaptic_elements("exc")
    np.testing.assert_array_equal(now.Ca[:20], 0.1)
    for kind, z in now.z.items():
        np.testing.assert_array_equal(z[:20], 1.5 if kind == "Axon_ex" else 0.0)
        assert (z[20:] != z[0]).any()
        assert not now.connected[kind][:20].any()
    engine.apply(Recover("exc", range(10)).apply(engine.network))
    _, events = run(engine, (200,))
    targets = events.post[events.is_formed]
    assert ((targets >= first) & (targets < first + 10)).any()
    assert not ((targets >= first + 10) & (targets < first + 20)).any()


def test_a_lesion_taken_back_at_once_did_not_happen(expected) -> None:
    engine = CpuEngine(growing(), threads=1)
    first = run(engine, (210,))
    lesion = Lesion("exc", range(20))
    network = lesion.apply(engine.network)
    engine.apply(network)
    engine.apply(lesion.inverse(growing()).apply(network))
    rest = run(engine, (STEPS - 210,))
    joined = np.concatenate([first[0], rest[0]]), StructuralEvents.joined([first[1], rest[1]])
    assert_same(joined, expected)


def test_work_is_counted() -> None:
    engine = CpuEngine(growing(), threads=1)
    events = engine.advance(300).structure
    for k, work in enumerate(engine.rewiring_work()):
        mine = events.of(k).is_formed
        assert (work.formed, work.removed) == (mine.sum(), (~mine).sum())
        assert work.seconds > 0.0


def test_a_state_without_elements_is_refused() -> None:
    engine = CpuEngine(growing(), threads=1)
    kept = engine.checkpoint()
    del kept.arrays["elements/exc/z/Den"]
    with pytest.raises(StateError, match="elements/exc/z/Den"):
        engine.restore(kept)


def test_without_memory_for_rows_nothing_is_lost(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    engine = CpuEngine(growing(), threads=1)
    first = run(engine, (101,))
    with monkeypatch.context() as scarce:
        scarce.setattr(type(engine), "_free_bytes", lambda _: 0)
        frames = [engine.advance(STEPS)]
        assert 101 < engine.step < STEPS
        with pytest.raises(OutOfMemory):
            engine.advance(1)
    rest = run(engine, (STEPS - engine.step,))
    spikes = [first[0], np.column_stack([frames[0].step, frames[0].neuron]), rest[0]]
    events = StructuralEvents.joined([first[1], frames[0].structure, rest[1]])
    assert_same((np.concatenate(spikes), events), expected)
