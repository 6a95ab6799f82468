"""One network on several GPUs is the network of one process: spikes, weights, samples, state.

The GPUs are the host's, which run the very sources that a GPU compiles; MPI is real.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

import snnlab
from snnlab.bench.adapters.programs import run_snnlab
from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.engine import Engine
from snnlab.errors import DeviceUnavailable, RankDied
from snnlab.frames.frame import Frame
from snnlab.model.edits import (
    AddRecorder,
    Edit,
    Lesion,
    RemoveProjection,
    SetParameter,
)
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder
from tests.blobs import driven
from tests.cluster import on_ranks, watched_mpi
from tests.cluster.both import both, events_of
from tests.cluster.test_structure import (
    by_gradient,
    by_rank,
    check_elements,
    sparse,
    watched,
    wide,
)
from tests.features.session_bench import eventually
from tests.features.test_homeostatic import growing
from tests.features.test_lesions import lesionable
from tests.host_device.host_device import HostDevice
from tests.networks import balanced, layered, loud, plastic
from tests.rewired_networks import ranked, replacing, rows, signed, weighing
from tests.twins import assert_same_frame, assert_same_state
from tests.unwell import breaking

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]

MIXED = {"a->a": "collective", "source->a": "point_to_point", "b->a": "point_to_point"}
"""Ways for the projections of `plastic` and of others with these names."""


@contextmanager
def with_gpus(ranks: Ranks) -> Iterator[Ranks]:
    """Let each rank have a GPU of the host."""
    engines = ranks._running()
    before = engines.ranks
    ranks.call(on_ranks.compute_on_the_host)
    engines.ranks = tuple(replace(rank, device=f"cuda:{rank.number}") for rank in before)
    yield ranks
    engines.ranks = before


@pytest.fixture
def gpus(ranks: Ranks) -> Iterator[Ranks]:
    """Two ranks with a GPU each."""
    with with_gpus(ranks) as found:
        yield found


@pytest.fixture
def three_gpus(three: Ranks) -> Iterator[Ranks]:
    """Three of them, for which small networks have too few blocks in some populations."""
    with with_gpus(three) as found:
        yield found


def n_spikes(frames: list[Frame]) -> int:
    """Spikes of some frames."""
    return sum(frame.step.size for frame in frames)


@pytest.mark.parametrize("exchange", ["collective", "point_to_point"])
@pytest.mark.parametrize("make", [balanced, layered, plastic], ids=lambda make: make.__name__)
def test_gpus_compute_what_one_process_does(
    gpus: Ranks, make: Callable[[], Network], exchange: str
) -> None:
    with both(make(), gpus, exchange=exchange, device="cuda") as pair:
        assert n_spikes(pair.advance(1, 7, 30, 2, 160)) > 200
        pair.compare()
        assert n_spikes(pair.advance(40)) > 20  # a checkpoint changes nothing
        together, alone = pair.together, pair.alone
        assert together.report.n_synapses == alone.report.n_synapses
        np.testing.assert_array_equal(together.out_degrees(), alone.out_degrees())


def test_three_gpus_and_two_ways(three_gpus: Ranks) -> None:
    with both(wide(plastic(), "b"), three_gpus, exchange=MIXED, device="cuda") as pair:
        assert {share.exchange for share in pair.together.shares} == {
            "collective and point to point"
        }
        assert pair.n_ranks_of("b") > 1
        assert n_spikes(pair.advance(3, 150)) > 200
        pair.compare()


def test_a_rank_may_have_no_neuron(gpus: Ranks) -> None:
    with both(loud(), gpus, device="cuda") as pair:
        assert sorted(share.report.n_synapses for share in pair.together.shares) == [0, 1000]
        assert n_spikes(pair.advance(3, 20)) == 23 * 100
        pair.compare()


def test_sources_that_not_all_gpus_hear(three_gpus: Ranks) -> None:
    with both(sparse(), three_gpus, exchange="point_to_point", device="cuda") as pair:
        assert n_spikes(pair.advance(100, 150)) > 100
        pair.compare()


@pytest.mark.parametrize("exchange", ["collective", "point_to_point"])
def test_bursts_find_room(three_gpus: Ranks, exchange: str) -> None:
    """All fire in every step: messages, lists and the record on the device become longer."""
    before = three_gpus.call(on_ranks.keep_short_records, 1)
    try:
        with both(wide(loud(1.2), "loud"), three_gpus, exchange=exchange, device="cuda") as pair:
            assert n_spikes(pair.advance(30, 5)) == 35 * 400
            pair.compare()
            own, all_of_them = three_gpus.call(on_ranks.room_of_records)[0]
            assert all_of_them > own
    finally:
        three_gpus.call(on_ranks.keep_short_records, before[0])


@pytest.mark.parametrize("make", [layered, plastic], ids=lambda make: make.__name__)
def test_state_moves_between_gpus_and_processors(gpus: Ranks, make: Callable[[], Network]) -> None:
    network = make()
    straight, alone = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    on_gpus, on_cpus = (
        ClusterEngine(network, gpus, threads=1, device=device) for device in ("cuda", "cpu")
    )
    one_gpu = CudaEngine(network, HostDevice())
    engines: list[Engine] = [on_gpus, alone, on_gpus, one_gpu, on_gpus, on_cpus, on_gpus]
    straight.advance(60 * len(engines))
    kept = None
    for engine in engines:
        if kept is not None:
            engine.restore(kept)
        engine.advance(60)
        kept = engine.checkpoint()
    assert kept is not None
    assert_same_state(straight.checkpoint(), kept)
    for engine in (straight, alone, one_gpu, on_gpus, on_cpus):
        engine.close()


EDITS: dict[str, tuple[Callable[[], Network], list[list[Edit]]]] = {
    "numbers": (balanced, [[SetParameter("", "J", 0.6)], [SetParameter("to_exc", "rate", 5e3)]]),
    "structure": (
        layered,
        [
            [RemoveProjection("c->a")],
            [SetParameter("b->a", "delay", 1.1)],
            [Lesion("a", range(100, 200))],
        ],
    ),
    "learning": (plastic, [[SetParameter("source", "rate", 60.0)], [Lesion("a", [3, 140])]]),
    "moving rates": (driven, [[SetParameter("blob", "base", 50.0)]]),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits_reach_every_gpu(gpus: Ranks, name: str) -> None:
    make, edits = EDITS[name]
    with both(make(), gpus, device="cuda") as pair:
        pair.advance(70)
        for some in edits:
            pair.edit(*some)
            assert n_spikes(pair.advance(1, 99)) > 20
        pair.compare()


def test_recorders_of_synapses(gpus: Ranks) -> None:
    with both(watched(), gpus, device="cuda") as pair:
        pair.advance(1, 60)
        pair.edit(AddRecorder(SynapseRecorder("chosen", "a->a", synapses=(7, 4000), interval=1.0)))
        samples = pair.advance(50)[0].samples["chosen"]
        assert samples.synapses is not None
        assert samples.synapses.number.tolist() == [7, 4000]


def test_trouble_on_one_gpu_stops_all_at_one_step(gpus: Ranks) -> None:
    on_gpus, on_cpus = (
        ClusterEngine(breaking(), gpus, threads=1, device=device) for device in ("cuda", "cpu")
    )
    frame = on_gpus.advance(400)
    assert 250 <= frame.t_stop < 400
    assert frame.health
    assert_same_frame(frame, on_cpus.advance(400))
    assert_same_state(on_gpus.checkpoint(), on_cpus.checkpoint())
    on_gpus.close()
    on_cpus.close()


def test_each_gpu_tells_what_it_does(gpus: Ranks) -> None:
    engine = ClusterEngine(balanced(), gpus, device="cuda")
    engine.advance(100)
    assert engine.device == "2 ranks on cuda"
    assert engine.device_label.endswith("(cuda:0, cuda:1)")
    assert [rank.device for rank in engine.ranks] == ["cuda:0", "cuda:1"]
    for rank in engine.ranks:
        assert rank.load is not None
        assert rank.load.seconds["exchange"] > 0
        assert rank.load.seconds["update"] > 0
    engine.close()


def test_a_session_on_gpus_runs_and_goes_back(gpus: Ranks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpus, "_device", "cuda")  # as if they had been started for GPUs
    with snnlab.open(balanced(), ranks=gpus, name="on gpus") as session:
        assert session.device == "2 ranks on cuda"
        session.run(30.0).wait()
        whole = np.array(session.spikes())
        session.reset().run_until(30.0).wait()
        np.testing.assert_array_equal(np.array(session.spikes()), whole)
        session.move("cpu")
        session.run(10.0).wait()
        after = np.array(session.spikes())
    with snnlab.open(balanced(), threads=1, name="alone") as alone:
        alone.run(40.0).wait()
        np.testing.assert_array_equal(np.array(alone.spikes()), after)


RULES = {"by rank": by_rank, "by gradient": by_gradient, "of rows": lambda: wide(rows())}


@pytest.mark.parametrize("name", RULES)
def test_rules_rewire_on_gpus(gpus: Ranks, name: str) -> None:
    """Rules that decide pair by pair, on the device, and rules that compare, on the host."""
    with both(RULES[name](), gpus, device="cuda") as pair:
        assert pair.n_ranks_of("target") > 1
        events = events_of(pair.advance(1, 59))
        assert min(events.is_formed.sum(), (~events.is_formed).sum()) > 50
        pair.compare()


def test_lesions_and_rows_that_are_full(three_gpus: Ranks) -> None:
    """Pairs of whoever spiked last; only some ranks lack room for a new synapse at a time."""
    usual = three_gpus.call(on_ranks.leave_room, 1, 1)[0]
    try:
        with both(wide(lesionable(partner="last_spike")), three_gpus, device="cuda") as pair:
            before = three_gpus.call(on_ranks.n_places)
            pair.advance(50)
            assert three_gpus.call(on_ranks.n_places) != before
            pair.edit(Lesion("source", range(40)), Lesion("target", [3, 5, (120, 144)]))
            assert events_of(pair.advance(1, 49)).is_lesion.sum() > 100
            pair.compare()
    finally:
        three_gpus.call(on_ranks.leave_room, *usual)


def test_elements_grow_on_gpus(gpus: Ranks) -> None:
    with both(wide(growing(), "exc"), gpus, device="cuda") as pair:
        assert pair.n_ranks_of("exc") > 1
        assert events_of(pair.advance(1, 4, 145)).is_formed.sum() > 80
        check_elements(pair)
        pair.edit(Lesion("exc", range(100, 200)))
        assert (~events_of(pair.advance(50)).is_formed).sum() > 50
        check_elements(pair)
        pair.compare()


def test_rewired_synapses_go_on_elsewhere(gpus: Ranks) -> None:
    network = by_rank()
    straight, back = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    there = ClusterEngine(network, gpus, device="cuda")
    straight.advance(90)
    there.advance(30)
    back.restore(there.checkpoint())
    back.advance(30)
    there.restore(back.checkpoint())
    there.advance(30)
    assert_same_state(there.checkpoint(), straight.checkpoint())
    there.close()


REPLACING: dict[str, tuple[Callable[[], Network], int]] = {
    "of both kinds": (replacing, 8),
    "DEEP R": (signed, 60),
    "weighing": (weighing, 60),
    "ranked": (ranked, 60),
}
"""Networks with rules that replace, and steps in which all of these are due."""


@pytest.mark.parametrize("name", REPLACING)
def test_rules_that_replace(gpus: Ranks, name: str) -> None:
    """GPUs agree with each other how many synapses come."""
    make, n_steps = REPLACING[name]
    network = wide(make())
    with both(network, gpus, device="cuda") as pair:
        assert pair.n_ranks_of("target") > 1
        before = len(pair.alone.synapses(network.projections[0].name))
        events = events_of(pair.advance(1, n_steps - 1))
        assert min(events.is_formed.sum(), (~events.is_formed).sum()) > 50
        pair.compare()
        if name == "DEEP R":  # alone on its rows: as many come as go
            assert len(pair.together.synapses("p")) == before


def test_rules_that_replace_get_room(gpus: Ranks) -> None:
    make, n_steps = REPLACING["ranked"]
    usual = gpus.call(on_ranks.leave_room, 1, 1)[0]
    try:
        with both(wide(make()), gpus, device="cuda") as pair:
            before = gpus.call(on_ranks.n_places)
            pair.advance(1, n_steps - 1)
            assert gpus.call(on_ranks.n_places) != before
            pair.compare()
    finally:
        gpus.call(on_ranks.leave_room, *usual)


def test_deep_r_goes_on_elsewhere(three_gpus: Ranks) -> None:
    network = wide(signed())
    straight, back = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    there = ClusterEngine(network, three_gpus, device="cuda")
    straight.advance(90)
    there.advance(30)
    back.restore(there.checkpoint())
    assert len(back.advance(30).structure) > 10
    there.restore(back.checkpoint())
    there.advance(30)
    assert_same_state(there.checkpoint(), straight.checkpoint())
    there.close()


def is_alive(pid: int) -> bool:
    """Whether a process does anything; one whose exit code nobody has taken does not."""
    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


@pytest.fixture
def lasting_gpus(gpus: Ranks, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ranks]:
    """GPUs that are there for ranks that are started again, too."""
    restart = gpus.restart
    with ExitStack() as stack:

        def again() -> None:
            restart()
            stack.enter_context(with_gpus(gpus))

        monkeypatch.setattr(gpus, "restart", again)
        yield gpus


@pytest.mark.parametrize("make", [balanced, lambda: wide(signed())], ids=["balanced", "DEEP R"])
def test_a_run_survives_the_death_of_a_rank(
    lasting_gpus: Ranks, make: Callable[[], Network]
) -> None:
    """The one that was killed is named, the others are released, and nothing is lost."""
    network = make()
    with snnlab.open(network, threads=1, name="undisturbed") as alone:
        alone.run(60.0).wait()
        wanted = np.array(alone.spikes())
        synapses = [alone.synapses(projection.name) for projection in network.projections]
    with snnlab.open(network, ranks=lasting_gpus, device="cuda", name="dies") as session:
        session.run(30.0).wait()
        pids = [rank.pid for rank in session.ranks]
        session.speed = 0.01
        running = session.run_until(60.0)
        os.kill(pids[1], signal.SIGKILL)
        with pytest.raises(RankDied, match="killed by SIGKILL") as caught:
            running.wait(30)
        assert caught.value.where.startswith("rank 1 on ")
        assert [rank.end for rank in session.ranks] == ["because of rank 1", "killed by SIGKILL"]
        assert eventually(lambda: not any(map(is_alive, pids)), 10)
        session.restart_ranks()
        assert [rank.device for rank in session.ranks] == ["cuda:0", "cuda:1"]
        session.speed = None
        session.run_until(60.0).wait()
        np.testing.assert_array_equal(np.array(session.spikes()), wanted)
        for projection, theirs in zip(network.projections, synapses, strict=True):
            assert session.synapses(projection.name).equals(theirs)


def test_a_benchmark_measures_ranks_on_gpus(
    gpus: Ranks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The program of the adapter, on ranks that are there already: figures, and the same spikes."""
    monkeypatch.setattr(run_snnlab, "started_ranks", lambda args: nullcontext(gpus))
    gpus.call(watched_mpi.take_gpus)
    found = {}
    for name, n_ranks in (("cpu", 1), ("cuda", 2)):
        spikes = tmp_path / f"{name}.npz"
        words = ["brunel", "--parameters", '{"N": 500}', "--seed", "3", "--device", name,
                 "--ranks", str(n_ranks), "--threads", "1", "--warmup", "5",
                 "--time", "20", "--spikes", str(spikes)]  # fmt: skip
        monkeypatch.setattr(sys, "argv", ["run_snnlab.py", *words])
        run_snnlab.main()
        found[name] = json.loads(capsys.readouterr().out), np.load(spikes)
    gpus.call(watched_mpi.be_as_usual)
    (alone, its_spikes), (figures, spikes) = found.values()
    assert figures["phases"]["simulate/communicate"] > 0
    assert figures["raw"]["ranks"] == {"exchange": "point to point", "transport": "device"}
    assert alone["raw"].keys() == {"blocks"}
    assert figures["n_synapses"] == alone["n_synapses"]
    assert spikes["step"].size > 50
    for column in ("step", "neuron"):
        np.testing.assert_array_equal(spikes[column], its_spikes[column])


def test_ranks_without_a_gpu_are_refused(ranks: Ranks) -> None:
    with pytest.raises(DeviceUnavailable, match=r"GPU each \(got none for rank 0"):
        snnlab.open(balanced(), ranks=ranks, device="cuda", name="none")
    with pytest.raises(DeviceUnavailable, match="takes the GPU of its number"):
        snnlab.open(balanced(), ranks=ranks, device="cuda:1", name="none")
