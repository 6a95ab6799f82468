"""Neurons that fall out are silent and deaf and lose their synapses; they can live again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import FixedIndegree, PairwiseBernoulli
from snnlab.model.distribution import Uniform
from snnlab.model.edits import Edit, Lesion, Recover
from snnlab.model.network import Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.model.space import Grid
from snnlab.model.stimuli import PoissonInput, SpikeTrains
from snnlab.rules.intrinsics import uniform
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S, engines
from tests.host_device.host_device import HostDevice
from tests.rewired_networks import replacing as crowd
from tests.twins import Twins, assert_same_frame, assert_same_state

N = 144
LESIONS = Lesion("source", range(40)), Lesion("target", [3, 5, (120, 144)])


class Growing(RewiringRule):
    """Few synapses go, near pairs with few afferents get one."""

    p_prune = Parameter(0.2, "1", "of a synapse that is looked at", low=0.0, high=1.0)

    @staticmethod
    def prune(syn, pair, p):
        return uniform() < p.p_prune

    @staticmethod
    def accept(pair, p):
        return pair.distance < 5.0 and pair.indegree < 25


def lesionable(*, partner: str = "uniform") -> Network:
    """Two sheets and a group of sources that are given, with synapses that come, go and stay."""
    sheet = Grid((12.0, 12.0), True, (12, 12))
    target = Population(
        "target", N, "LIFExp", initial={"V_m": Uniform(-70.0, -60.0)}, space=sheet
    )  # fmt: skip
    source = Population("source", N, "PoissonSource", {"rate": 40.0}, space=sheet)
    times = tuple(np.arange(0.5, 60.0, 0.5))
    projections = [
        Projection("source", "target", FixedIndegree(12, multapses=False), 100.0, 0.3, name="map",
                   synapse="STDP", parameters={"W_max": 200.0, "learning_rate": 0.05}),
        Projection("target", "target", PairwiseBernoulli(0.05, autapses=False), 20.0, 1.2,
                   name="lateral"),
        Projection("source", "target", PairwiseBernoulli(0.05), 50.0, 0.7, name="fixed",
                   synapse="STDP", parameters={"W_max": 200.0}),
        Projection("given", "target", PairwiseBernoulli(0.1), 30.0, 1.5, name="static"),
    ]  # fmt: skip
    return Network(
        [source, target, Population("given", 20, "SpikeSource")], projections,
        stimuli=[
            PoissonInput("drive", "target", rate=5000.0, weight=60.0),
            SpikeTrains("trains", "given", times, tuple(k % 20 for k in range(len(times)))),
        ],
        rewirings=[
            Rewiring("map", Growing, 0.5, 60, partner=partner, name="grow"),
            Rewiring("lateral", Growing, 1.0, 40, name="grow too"),
            Rewiring("map", Growing, 0.7, 5, name="grow again"),
        ],
        recorders=[StateRecorder("states", "target", ("V_m",), range(0, N, 3), interval=0.5)],
    )  # fmt: skip


def edit(engine: CpuEngine, *edits: Edit) -> None:
    for each in edits:
        engine.apply(each.apply(engine.network))


def lost(network: Network) -> np.ndarray:
    """Global ids of all lesioned neurons."""
    return np.array([
        network.first_id(p.name) + k for p in network.populations
        for start, stop in p.lesioned for k in range(start, stop)
    ])  # fmt: skip


def touching(events: StructuralEvents, ids: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.isin(events.pre, ids) | np.isin(events.post, ids)
    return found


@pytest.fixture(params=["cpu", "device"])
def engine(request: pytest.FixtureRequest) -> CpuEngine | CudaEngine:
    """A network that has run for a while."""
    if request.param == "cpu":
        made: CpuEngine | CudaEngine = CpuEngine(lesionable(), threads=2)
    else:
        made = CudaEngine(lesionable(), HostDevice(seed=1))
    made.advance(100)
    return made


def test_lesioned_neurons_are_silent_and_lose_their_synapses(engine) -> None:
    before = {name: engine.synapses(name) for name in ("map", "lateral", "fixed")}
    edit(engine, *LESIONS, Lesion("given", 7))
    ids = lost(engine.network)
    assert ids.size == 40 + 26 + 1
    frame = engine.advance(300)
    assert frame.step.size > 300
    assert not np.isin(frame.neuron, ids).any()
    events = frame.structure
    gone = events.at(events.is_lesion)
    assert set(gone.step.tolist()) == {100}
    assert set(gone.rewiring.tolist()) == {~0, ~1}
    assert set(gone.place.tolist()) == {0, 1}
    assert not gone.is_formed.any()
    assert touching(gone, ids).all()
    for k, name in enumerate(("map", "lateral")):
        was = before[name]
        goes = np.isin(was.pre, ids) | np.isin(was.post, ids)
        mine = gone.of(~k)
        expected = set(zip(was.pre[goes].tolist(), was.post[goes].tolist(), strict=True))
        assert set(zip(mine.pre.tolist(), mine.post.tolist(), strict=True)) == expected
        assert len(mine) == len(expected) > 100
        left = engine.synapses(name)
        assert len(left) > 0
        assert not (np.isin(left.pre, ids) | np.isin(left.post, ids)).any()
    by_rules = events.at(~events.is_lesion)
    assert len(by_rules) > 100
    assert not touching(by_rules, ids).any()
    assert len(engine.synapses("fixed")) == len(before["fixed"])


def test_a_lesioned_neuron_is_held_where_it_started() -> None:
    network = lesionable()
    start = CpuEngine(network, threads=1).checkpoint().arrays["state/target"]
    for engine in (CpuEngine(network, threads=1), CudaEngine(network, HostDevice())):
        engine.advance(100)
        edit(engine, Lesion("target", [3, 120]))
        frame = engine.advance(50)
        state = engine.checkpoint().arrays["state/target"]
        np.testing.assert_array_equal(state[:, [3, 120]], start[:, [3, 120]])
        assert (state[:, :3] != start[:, :3]).any()
        values = frame.samples["states"].values[:, 0]
        assert len(set(values[:, 1].tolist())) == 1  # neuron 3
        assert len(set(values[:, 2].tolist())) > 5


def test_rules_fill_up_what_recovers(engine) -> None:
    edit(engine, *LESIONS)
    engine.advance(50)
    ids = lost(engine.network)
    edit(engine, *(lesion.inverse(lesionable()) for lesion in LESIONS))
    assert lost(engine.network).size == 0
    assert not np.isin(engine.synapses("map").pre, ids).any()
    frame = engine.advance(600)
    formed = frame.structure.at(frame.structure.is_formed)
    assert touching(formed, ids).sum() > 50
    assert not frame.structure.is_lesion.any()
    assert np.isin(frame.neuron, ids).sum() > 50


def test_a_lesion_undone_before_the_next_step_leaves_no_trace(engine) -> None:
    kept = engine.checkpoint()
    edit(engine, *LESIONS)
    ids = lost(engine.network)
    assert not np.isin(engine.synapses("map").pre, ids).any()
    engine.advance(0)
    edit(engine, *(lesion.inverse(lesionable()) for lesion in LESIONS))
    assert_same_state(engine.checkpoint(), kept)


def run(engine, chops: tuple[int, ...]) -> tuple[list[np.ndarray], StructuralEvents]:
    """Cut by lesions and recoveries at fixed steps, and by `chops` in between."""
    plan = {100: LESIONS, 150: (Recover("target", range(130)),), 230: (Lesion("given", 3),)}
    frames = []
    at = 0
    edges = sorted({0, 400, *plan, *np.cumsum(chops).tolist()})
    for stop in edges[1:]:
        edit(engine, *plan.get(at, ()))
        frames.append(engine.advance(stop - at))
        at = stop
    spikes = [np.concatenate([getattr(f, c) for f in frames]) for c in ("step", "neuron")]
    return spikes, StructuralEvents.joined(f.structure for f in frames)


def same(a, b) -> None:
    for one, other in zip((*a[0], *a[1].columns), (*b[0], *b[1].columns), strict=True):
        np.testing.assert_array_equal(one, other)


def test_threads_partitions_cuts_and_room_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lesionable(partner="last_spike")
    expected = run(CpuEngine(network, threads=1), (400,))
    assert expected[1].is_lesion.sum() > 100
    same(run(CpuEngine(network, threads=2), (1, 33, 66, 7, 200)), expected)
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    same(run(CpuEngine(network, threads=3), (1, 399)), expected)
    same(run(CudaEngine(network, HostDevice()), (150, 9)), expected)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_both_engines_agree_to_the_bit(precision: str) -> None:
    twins = Twins(lesionable(), HostDevice(seed=2, resident=2), precision=precision)
    twins.advance(60, 35)
    assert twins.edit(*LESIONS)
    twins.advance(1, 44, 100)
    twins.compare()
    assert twins.edit(Recover("source", range(20)), Lesion("given", range(20)))
    twins.advance(150)
    twins.compare()


@pytest.mark.parametrize("went_on", [0, 1, 60])
def test_a_checkpoint_knows_who_is_lesioned(went_on: int, tmp_path: Path) -> None:
    engine = CpuEngine(lesionable(), threads=2)
    engine.advance(100)
    edit(engine, *LESIONS)
    engine.advance(went_on)
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    kept = load_checkpoint(tmp_path / "a.checkpoint")
    assert kept.network.population("source").lesioned == ((0, 40),)
    frame = engine.advance(100)
    assert frame.structure.is_lesion.any() == (went_on == 0)
    for other in (CpuEngine(lesionable(), threads=1), CudaEngine(lesionable(), HostDevice())):
        other.restore(kept)
        assert_same_frame(other.advance(100), frame)
        assert_same_state(other.checkpoint(), engine.checkpoint())


def test_what_stays_wired_works_again_as_it_was() -> None:
    """Synapses that cannot grow again wait for their neurons."""
    rule = FixedIndegree(5)
    network = Network(
        [Population("source", 50, "PoissonSource", {"rate": 100.0}),
         Population("target", 50, "LIFExp")],
        [Projection("source", "target", rule, 300.0, 1.0, synapse="STDP",
                    parameters={"W_max": 500.0})],
    )  # fmt: skip
    engine = CpuEngine(network, threads=1)
    engine.advance(200)
    before, arrays = engine.synapses("source->target"), engine._arrays.synapses
    edit(engine, Lesion("source", range(50)))
    assert engine.advance(1000).step.size < 30  # what was under way
    assert engine.advance(1000).step.size == 0
    after = engine.synapses("source->target")
    np.testing.assert_array_equal(before.pre, after.pre)
    assert engine._arrays.synapses.targets is arrays.targets  # nothing was built anew
    edit(engine, Recover("source", range(50)))
    assert engine.advance(1000).step.size > 100


def test_a_session_undoes_redoes_rewinds_moves_and_records_lesions(tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    engine = CpuEngine(lesionable(), threads=1)
    with Session(engine, record=path, engines=engines) as session:

        def go(ms: float) -> int:
            session.run(ms)
            assert session.wait(LIMIT_S)
            return int(session.structural_events().is_lesion.sum())

        assert go(10) == 0
        session.apply(Lesion("source", range(40))).result()
        n_lost = go(10)
        assert n_lost > 100
        assert session.network.population("source").lesioned == ((0, 40),)
        session.undo().result()
        assert session.network.population("source").lesioned == ()
        assert go(10) == n_lost
        session.redo().result()
        session.move("host")
        assert session.network.population("source").lesioned == ((0, 40),)
        assert go(10) > n_lost
        session.rewind(15.0)
        assert go(1) == n_lost
        session.undo().result()
        assert [type(e.edit) for e in session.edits] == [Lesion, Recover]
        ds = session.dataset()
        of_lesions = ds.event_rewiring.values == ""
        assert of_lesions.sum() == n_lost
        assert set(ds.event_projection.values[of_lesions]) == {"map"}
    assert snnlab.open_log(path).structural_events().is_lesion.sum() == n_lost


@pytest.mark.parametrize("kind", ["replaces", "ranks"])
def test_rules_that_replace_or_rank_leave_lesioned_neurons_alone(kind: str) -> None:
    network = crowd(synapse="STDP")
    if kind == "ranks":
        network = network.replace(rewirings=[
            Rewiring("forward", "SET", 0.4, name="ranks"), *network.rewirings[-1:]
        ])  # fmt: skip
    twins = Twins(network, HostDevice(seed=1))
    twins.advance(30)
    assert twins.edit(Lesion("source", range(20)), Lesion("target", range(10, 60)))
    ids = lost(twins.cpu.network)
    frames = list(twins.advance(1, 49))
    twins.compare()
    events = StructuralEvents.joined(frame.structure for frame in frames)
    assert events.is_lesion.sum() > 100
    by_rules = events.at(~events.is_lesion)
    assert by_rules.is_formed.sum() > 50
    assert not touching(by_rules, ids).any()
