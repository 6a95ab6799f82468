"""Weights and all else that synapses hold, at any interval, of any of them; no spike changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

import snnlab
from snnlab.arrays import samples as samples_module
from snnlab.build import memory
from snnlab.cpu import synapse_read
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import OutOfMemory, SpecError
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Samples
from snnlab.frames.synapse_ids import same_synapses
from snnlab.model.edits import AddRecorder, RemoveProjection, SetParameter
from snnlab.model.network import Network
from snnlab.model.recorders import SynapseRecorder
from snnlab.record import dataset as datasets
from snnlab.record.log.reader import LoggedSection
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S
from tests.networks import plastic, spikes

pytestmark = pytest.mark.usefixtures("both_engines")

PLASTIC = [p.name for p in plastic().projections if not p.model.is_static()]
"""Drawn delays, axonal parts, traces, three variables, changes in every step."""


def variables(projection: str) -> tuple[str, ...]:
    return ("weight", *plastic().projection(projection).model.states)


def recording(*recorders: SynapseRecorder) -> Network:
    return plastic().replace(recorders=recorders)


EVERYTHING = recording(*(SynapseRecorder(p, p, variables(p), interval="1.3 ms") for p in PLASTIC))


def sampled(network: Network, chops: list[int], threads: int = 1) -> dict[str, Samples]:
    """Run in pieces of these steps; return all samples."""
    engine = CpuEngine(network, threads=threads)
    return dict(merged([engine.advance(n) for n in chops]).samples)


def same_samples(a: Samples, b: Samples) -> bool:
    """Whether samples agree to the bit, and in which synapses they are of."""
    return (
        np.array_equal(a.steps, b.steps)
        and np.array_equal(a.values, b.values)
        and a.values.dtype == b.values.dtype
        and same_synapses(a.synapses, b.synapses)
    )


@pytest.fixture(scope="module")
def everything() -> dict[str, Samples]:
    """All variables of all synapses every 1.3 ms, on one thread, in one piece."""
    return sampled(EVERYTHING, [390])


# --- the right values ---------------------------------------------------------------------------


def test_a_sample_is_what_a_table_shows_at_that_step(everything: dict[str, Samples]) -> None:
    engine = CpuEngine(plastic(), threads=1)
    for k in range(30):
        engine.advance(13)
        for projection in PLASTIC:
            table, found = engine.synapses(projection), everything[projection]
            assert found.steps[k] == engine.step == 13 * (k + 1)
            shown = {"weight": table.weight, **table.variables}
            for values, name in zip(found.values[k], variables(projection), strict=True):
                np.testing.assert_array_equal(values, shown[name], err_msg=f"{projection} {name}")
            assert found.synapses is not None
            np.testing.assert_array_equal(found.synapses.pre, table.pre)
            np.testing.assert_array_equal(found.synapses.post, table.post)


def test_weights_move_so_that_these_tests_can_fail(everything: dict[str, Samples]) -> None:
    moving = ["source->a", "a->a", "b->a"]
    assert all(np.ptp(everything[name].values[:, 0], axis=0).max() > 0 for name in moving)


def test_a_row_that_is_not_brought_up_to_date_is_noticed(
    everything: dict[str, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch: values as they happen to lie in memory are others."""
    monkeypatch.setattr(synapse_read, "_bring_rows_up_to_date", lambda *_: None)
    monkeypatch.setattr(CudaEngine, "_catch_up", lambda _: None)
    lazy = sampled(EVERYTHING, [390])
    assert not same_samples(lazy["source->a"], everything["source->a"])


@pytest.mark.parametrize("threads", [2, 3])
@pytest.mark.parametrize("chops", [[390], [1, 12, 14, 100, 200, 63]], ids=["whole", "chopped"])
def test_threads_and_chops_change_nothing(
    everything: dict[str, Samples], threads: int, chops: list[int]
) -> None:
    found = sampled(EVERYTHING, chops, threads)
    assert sorted(found) == sorted(PLASTIC)
    assert all(same_samples(found[name], everything[name]) for name in PLASTIC)


@pytest.mark.parametrize("interval", ["0.1 ms", 0, "0.7 ms"])
def test_recording_changes_no_spike_and_no_weight(interval: Any) -> None:
    few = [SynapseRecorder(p, p, sources=(3, 70), interval=interval) for p in PLASTIC]
    engines = [CpuEngine(n, threads=2) for n in (plastic(), recording(*few))]
    a, b = (spikes(engine, [390]) for engine in engines)
    np.testing.assert_array_equal(a, b)
    alone, watched = (engine.checkpoint().arrays for engine in engines)
    for name, array in alone.items():
        np.testing.assert_array_equal(watched[name], array, err_msg=name)


# --- any subset ---------------------------------------------------------------------------------


@pytest.mark.parametrize("projection", ["source->a", "b->b"])
@pytest.mark.parametrize(
    "chosen",
    [
        {"sources": 7},
        {"targets": [100, 5, 5, 101]},
        {"sources": range(20, 40), "targets": np.arange(0, 130, 2)},
        {"synapses": range(3, 1300, 100)},
        {"sources": range(100), "synapses": [0, 5, 1000]},
    ],
    ids=str,
)
def test_any_part_is_that_part_of_all(
    everything: dict[str, Samples], projection: str, chosen: dict[str, Any]
) -> None:
    recorder = SynapseRecorder(
        "part", projection, variables(projection)[::-1], interval="2.6 ms", **chosen
    )
    network, whole = recording(recorder), everything[projection]
    found = sampled(network, [1, 200, 189], threads=2)["part"]
    ends = network.projection(projection)
    assert whole.synapses is not None
    pre = whole.synapses.pre - network.first_id(ends.pre)
    post = whole.synapses.post - network.first_id(ends.post)
    wanted = np.ones(pre.size, bool)
    for values, names in (
        (pre, recorder.sources), (post, recorder.targets), (np.arange(pre.size), recorder.synapses)
    ):  # fmt: skip
        wanted &= True if names is None else np.isin(values, names)
    assert 0 < wanted.sum() < pre.size
    rows = whole.steps % 26 == 0
    np.testing.assert_array_equal(found.steps, whole.steps[rows])
    np.testing.assert_array_equal(found.values, whole.values[rows][:, ::-1][:, :, wanted])
    assert found.synapses is not None
    np.testing.assert_array_equal(found.synapses.number, np.flatnonzero(wanted))
    np.testing.assert_array_equal(found.synapses.post, whole.synapses.post[wanted])


def test_recorders_are_values_however_they_are_written() -> None:
    written = [
        SynapseRecorder("r", "p", ("weight",), sources)
        for sources in ((0, 2), [0, 2], range(0, 3, 2), np.array([0, 2], np.int32))
    ]
    assert len({*written, SynapseRecorder("r", "p", "weight", [0, 2])}) == 1


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"synapses": [5, 1300]}, r"'r'.synapses: must be in 0 ... 1299 \(got 1300\)"),
        ({"sources": 0, "targets": 0}, r"'r': must choose at least one synapse \(got none of"),
    ],
)
def test_synapses_that_were_not_drawn_are_refused(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        CpuEngine(recording(SynapseRecorder("r", "b->b", **chosen)), threads=1)


# --- edits, going back --------------------------------------------------------------------------


@pytest.fixture
def session() -> Any:
    recorder = SynapseRecorder("few", "source->a", sources=range(50), interval="2 ms")
    with Session(CpuEngine(recording(recorder), threads=2)) as opened:
        yield opened


def weights(session: Session) -> xr.Dataset:
    """What was recorded, without the date."""
    data = session.dataset().load()
    return data.drop_attrs(deep=False)


def run(session: Session, duration: float) -> None:
    session.run(duration)
    assert session.wait(LIMIT_S)


def test_a_removed_projection_takes_its_recorders_along_and_brings_them_back(
    session: Session,
) -> None:
    run(session, 10)
    session.apply(RemoveProjection("source->a")).result(LIMIT_S)
    run(session, 10)
    assert not any(name.startswith("few") for name in session.dataset())
    session.undo().result(LIMIT_S)
    run(session, 10)
    assert session.dataset().few_weight.sizes["few_time"] == 5
    assert [len(s.network.recorders) for s in session.recording.sections] == [1, 0, 1]


def test_a_recorder_is_added_while_it_runs(session: Session) -> None:
    run(session, 10)
    session.apply(AddRecorder(SynapseRecorder("more", "b->b", "c", interval=5))).result(LIMIT_S)
    run(session, 10)
    data = session.dataset()
    assert (data.more_c.shape, data.few_weight.shape[0]) == ((2, 1300), 5)
    session.set("more", "interval", 1.0).result(LIMIT_S)
    run(session, 10)
    assert session.dataset().more_c.shape == (10, 1300)


def test_synapses_that_are_drawn_anew_begin_a_section(session: Session) -> None:
    run(session, 10)
    before = session.dataset().few_target
    session.set("source->a", "weight", 0.7).result(LIMIT_S)  # the same synapses
    run(session, 10)
    assert len(session.recording.sections) == 1
    session.apply(SetParameter("source->a", "delay", 1.0)).result(LIMIT_S)
    run(session, 10)
    assert len(session.recording.sections) == 2
    after = session.dataset().few_target  # other delays: another order
    assert not np.array_equal(after, before)
    assert np.array_equal(np.sort(after), np.sort(before))


def test_an_edit_that_a_recorder_does_not_allow_is_refused(session: Session) -> None:
    run(session, 5)
    wrong = SynapseRecorder("wrong", "b->b", synapses=10**6)
    with pytest.raises(SpecError, match=r"must be in 0 ... 1299"):
        session.apply(AddRecorder(wrong)).result(LIMIT_S)
    run(session, 5)
    assert session.dataset().few_weight.sizes["few_time"] == 5


def test_running_on_after_going_back_records_the_same(session: Session, tmp_path: Path) -> None:
    run(session, 60)
    first = weights(session)
    session.rewind(33.0)
    assert weights(session).few_time.max() <= 33.0
    run(session, 27)
    xr.testing.assert_identical(weights(session), first)
    session.rewind(30.0)
    path = session.checkpoint(tmp_path / "run.checkpoint")
    run(session, 30)
    with session.branch(at="30 ms") as branch, snnlab.open(tmp_path / "run.checkpoint") as again:
        for other in (branch, again):
            run(other, 30)
            late = first.few_weight.sel(few_time=slice(30.05, None))
            np.testing.assert_array_equal(weights(other).few_weight, late)
    assert path is not None


# --- on disk ------------------------------------------------------------------------------------


def logged(path: Path) -> tuple[xr.Dataset, xr.Dataset]:
    """Data sets of a run with a rewind in memory, and of the same on disk."""
    found = []
    for record in (True, path):
        with Session(CpuEngine(EVERYTHING, threads=1), record=record) as session:
            run(session, 20)
            session.rewind(10.0)
            run(session, 29)
            found.append(weights(session))
    return found[0], found[1]


def test_disk_and_memory_tell_the_same(path: Path) -> None:
    in_memory, on_disk = logged(path)
    xr.testing.assert_identical(on_disk, in_memory)
    with snnlab.open_log(path, verify=True) as log:
        assert log.damage is None
        xr.testing.assert_identical(log.dataset().load().drop_attrs(deep=False), in_memory)
        late = log.samples("source->a", 30.0, 39.0)
        np.testing.assert_array_equal(late.steps, np.arange(312, 391, 13))
        assert late.synapses is not None
        assert late.synapses.n == late.values.shape[2] == 15000


def test_data_have_names_and_units(path: Path) -> None:
    in_memory, _ = logged(path)
    w = in_memory["source-_a_weight"]
    assert w.dims == ("source-_a_time", "source-_a_synapse")
    assert (w.attrs["units"], w.attrs["long_name"]) == ("mV", "effect of a spike")
    axes = {f"source-_a_{axis}" for axis in ("time", "synapse", "source", "target")}
    assert axes <= set(w.coords)
    np.testing.assert_allclose(w["source-_a_time"], 1.3 * np.arange(1, 31))
    assert w["source-_a_source"].max() < 200 <= w["source-_a_target"].min()
    assert all(v.attrs["units"] and v.attrs["long_name"] for n, v in in_memory.items())


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_other_files_hold_the_same(tmp_path: Path, session: Session, suffix: str) -> None:
    run(session, 20)
    file = session.save(tmp_path / f"run{suffix}")
    with datasets.open(file) as saved:
        xr.testing.assert_identical(saved.few_weight.load(), session.dataset().few_weight)


def test_opening_a_log_reads_no_weights(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory, _ = logged(path)
    read: list[int] = []
    get = LoggedSection.__getitem__
    monkeypatch.setattr(LoggedSection, "__getitem__", lambda s, i: read.append(i) or get(s, i))
    with xr.open_dataset(path) as data:
        assert len(set(read)) <= 1  # one frame tells the type
        read.clear()
        assert data["source-_a_weight"].shape == (30, 15000)
        assert read == []
        last = data["source-_a_weight"][-1].load()
        assert len(read) == 1
    np.testing.assert_array_equal(last, in_memory["source-_a_weight"][-1])


def test_a_log_without_a_frame_has_no_synapses_yet(path: Path) -> None:
    with Session(CpuEngine(EVERYTHING, threads=1), record=path) as session:
        assert session.dataset()["a-_b_weight"].shape == (0, 0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.snnlog"


# --- memory -------------------------------------------------------------------------------------


def test_what_a_recorder_takes_is_part_of_the_estimate(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = memory.recorder_bytes(plastic())
    assert plain == (0.0, 0.0)
    chosen, listed = memory.recorder_bytes(recording(SynapseRecorder("r", "source->a")))
    assert chosen == 15000 * (40 + 4)
    assert listed == 15000 * 60
    few, _ = memory.recorder_bytes(recording(SynapseRecorder("r", "source->a", sources=[1, 2])))
    assert few == pytest.approx(chosen / 100)
    monkeypatch.setattr(memory, "available_bytes", lambda: 10**5)
    with pytest.raises(OutOfMemory, match="record fewer synapses"):
        CpuEngine(recording(SynapseRecorder("r", "source->a")), threads=1)


def test_samples_that_do_not_fit_are_refused_before_anything_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = CpuEngine(recording(SynapseRecorder("r", "source->a", interval=0)), threads=1)
    monkeypatch.setattr(samples_module, "available_bytes", lambda: 2**25)
    with pytest.raises(OutOfMemory, match=r"samples of 1000 steps: [\s\S]*Advance in smaller"):
        engine.advance(1000)  # 60 MB
    assert engine.step == 0
    assert engine.advance(100).samples["r"].values.shape == (100, 1, 15000)
