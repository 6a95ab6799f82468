"""A data set says what was recorded, in which units, and when nothing happened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from snnlab.errors import FormatError, SpecError
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.structure import StructuralEvents
from snnlab.interop import native_json
from snnlab.model.network import Network, Population
from snnlab.model.recorders import StateRecorder
from snnlab.record import dataset as datasets
from snnlab.record import provenance
from tests import logs

NETWORK = Network(
    [Population("exc", 8, "LIFExp"), Population("inh", 2, "LIFExp")],
    recorders=[
        StateRecorder("trace", "inh", ("V_m", "I_exc"), (0, 1), "0.2 ms"),
        StateRecorder("other/trace", "exc", ("V_m",), (3,)),
    ],
    seed=7,
    name="small",
)


def frame(start: int, stop: int, step: list[int], neuron: list[int], *, sampled: int = 0) -> Frame:
    """A frame with `sampled` samples of the first recorder."""
    ids = np.array(neuron, np.int64)
    counts = np.array([(ids < 8).sum(), (ids >= 8).sum()])
    steps = start + 2 * np.arange(sampled, dtype=np.int64)
    values = np.arange(4 * sampled, dtype=np.float32).reshape(sampled, 2, 2)
    samples = {"trace": Samples(steps, values)} if sampled else {}
    return Frame(start, stop, NETWORK.dt, np.array(step, np.int64), ids, counts, samples)


FRAMES = [frame(0, 10, [0, 3, 3], [1, 0, 9], sampled=5), frame(10, 14, [12], [8], sampled=2)]


@pytest.fixture
def dataset() -> xr.Dataset:
    attributes = provenance.describe(native_json.dumps(NETWORK), device="cpu")
    return datasets.to_dataset(NETWORK, FRAMES, provenance=attributes)


def test_spikes_and_their_times(dataset: xr.Dataset) -> None:
    np.testing.assert_array_equal(dataset.step, [0, 3, 3, 12])
    np.testing.assert_array_equal(dataset.neuron, [1, 0, 9, 8])
    np.testing.assert_allclose(dataset.time, [0.1, 0.4, 0.4, 1.3])
    assert dataset.step.dtype == dataset.neuron.dtype == np.int64


def test_populations(dataset: xr.Dataset) -> None:
    assert list(dataset.population.values) == ["exc", "inh"]
    assert dataset["size"].sel(population="inh") == 2
    assert dataset.first_id.sel(population="inh") == 8
    np.testing.assert_array_equal(dataset["count"], [2, 2])


def test_samples_have_an_axis_of_time_and_one_of_neurons(dataset: xr.Dataset) -> None:
    assert dataset.trace_V_m.dims == ("trace_time", "trace_neuron")
    np.testing.assert_array_equal(dataset.trace_neuron, [8, 9])
    np.testing.assert_allclose(dataset.trace_time, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
    np.testing.assert_array_equal(dataset.trace_I_exc[1], [6.0, 7.0])
    assert dataset.other_trace_V_m.shape == (0, 1)


def test_everything_has_a_unit_and_a_name(dataset: xr.Dataset) -> None:
    units = {name: v.attrs.get("units") for name, v in dataset.variables.items()}
    del units["population"]
    assert units["trace_V_m"] == "mV"
    assert units["trace_I_exc"] == "pA"
    assert {units[name] for name in ("time", "t_start", "t_stop", "dt", "trace_time")} == {"ms"}
    assert all(units.values())
    assert all(v.attrs["long_name"] for v in dataset.variables.values())


REWIRED = [logs.frame(0, 30), logs.frame(30, 31), logs.frame(31, 60)]
SILENT = [replace(part, structure=StructuralEvents.none()) for part in REWIRED]


def test_structural_events() -> None:
    data = datasets.to_dataset(logs.NETWORK, REWIRED)
    events = logs.events(0, 60)
    names = np.array(["weak", "lateral"])[events.rewiring]
    assert {data[name].dims for name in data.variables if name.startswith("event_")} == {("event",)}
    np.testing.assert_allclose(data.event_time, events.step * 0.1)
    assert data.event_rewiring.values.tolist() == names.tolist()
    projections = {"weak": "inh->exc", "lateral": "inh->inh"}
    assert data.event_projection.values.tolist() == [projections[name] for name in names]
    for name, column in (("pre", events.pre), ("post", events.post), ("formed", events.is_formed)):
        np.testing.assert_array_equal(data[f"event_{name}"], column)
        assert data[f"event_{name}"].dtype == column.dtype
    weak = data.where(data.event_rewiring == "weak", drop=True)
    assert weak.sizes["event"] == len(events.of(0))


def test_only_networks_with_rewirings_have_events(dataset: xr.Dataset) -> None:
    assert "event" not in dataset.sizes
    assert datasets.to_dataset(logs.NETWORK, []).sizes["event"] == 0


def test_a_recorder_may_be_called_event() -> None:
    recorders = [StateRecorder("event", "exc")]
    data = datasets.to_dataset(logs.NETWORK.replace(recorders=recorders), [])
    assert {"event_time", "event__time", "event__V_m"} <= set(data.variables)
    alone = logs.NETWORK.replace(recorders=recorders, rewirings=())
    assert "event_V_m" in datasets.to_dataset(alone, [])


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
@pytest.mark.parametrize("other", [".nc", ".zarr"])
@pytest.mark.parametrize("frames", [REWIRED, SILENT, []], ids=["events", "silent", "nothing"])
def test_files_hold_structural_events(
    tmp_path: Path, suffix: str, other: str, frames: list[Frame]
) -> None:
    data = datasets.to_dataset(logs.NETWORK, frames)
    path, again = tmp_path / f"run{suffix}", tmp_path / f"again{other}"
    datasets.save(data, path)
    with datasets.open(path) as first:
        datasets.save(first, again)
        xr.testing.assert_identical(first.load(), data)
        assert first.event_rewiring.dtype.kind in "TOU"
    with datasets.open(again) as second:
        xr.testing.assert_identical(second.load(), data)


def test_names_of_events_are_packed(tmp_path: Path) -> None:
    whole = datasets.to_dataset(logs.NETWORK, [logs.frame(0, 40_000, rate=0.0)])
    nameless = whole.drop_vars(["event_rewiring", "event_projection"])
    sizes = []
    for data in (whole, nameless):
        datasets.save(data, tmp_path / "run.nc")
        sizes.append((tmp_path / "run.nc").stat().st_size)
    assert sizes[0] - sizes[1] < 4 * whole.sizes["event"]


def test_provenance(dataset: xr.Dataset) -> None:
    assert native_json.loads(dataset.attrs["network"]) == NETWORK
    assert dataset.attrs["seed"] == 7
    assert dataset.attrs["device"] == "cpu"
    assert dataset.attrs["date_created"].endswith("+00:00")
    assert dataset.attrs["version_numpy"] == np.__version__
    assert json.loads(dataset.attrs["edits"]) == []


def test_silence_is_data() -> None:
    silent = datasets.to_dataset(NETWORK, [frame(5, 20, [], [])])
    assert silent.sizes["spike"] == 0
    assert (silent.t_start, silent.t_stop) == (0.5, 2.0)
    assert silent["count"].sum() == 0


def test_nothing_at_all_is_still_a_data_set(tmp_path: Path) -> None:
    nothing = datasets.to_dataset(NETWORK, [])
    assert nothing.t_start == nothing.t_stop == 0.0
    datasets.save(nothing, tmp_path / "nothing.nc")


def test_gap_between_frames_is_refused() -> None:
    with pytest.raises(SpecError, match="step 10 \\(got step 11\\)"):
        datasets.to_dataset(NETWORK, [frame(0, 10, [], []), frame(11, 12, [], [])])


def test_recorders_with_like_names_stay_apart() -> None:
    recorders = [StateRecorder(name, "exc") for name in ("a b", "a/b", "a_b")]
    labelled = datasets.to_dataset(NETWORK.replace(recorders=recorders), [])
    assert {"a_b_V_m", "a_b__V_m", "a_b___V_m"} <= set(labelled.data_vars)


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file_holds_the_same(dataset: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    datasets.save(dataset, path)
    with datasets.open(path) as again:
        xr.testing.assert_identical(again.load(), dataset)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_file_is_replaced_as_a_whole(dataset: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    datasets.save(dataset, path)
    datasets.save(datasets.to_dataset(NETWORK, []), path)
    with datasets.open(path) as again:
        assert again.sizes["spike"] == 0
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_failed_save_leaves_the_old_file(dataset: xr.Dataset, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    datasets.save(dataset, path)
    unwritable = dataset.assign(bad=("spike", np.array([object()] * 4)))
    with pytest.raises((TypeError, ValueError)):
        datasets.save(unwritable, path)
    with datasets.open(path) as again:
        xr.testing.assert_identical(again.load(), dataset)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_readers_open_the_file(dataset: xr.Dataset, tmp_path: Path) -> None:
    import h5py

    datasets.save(dataset, tmp_path / "run.nc")
    with h5py.File(tmp_path / "run.nc") as file:
        np.testing.assert_array_equal(file["neuron"], [1, 0, 9, 8])
        assert file["time"].attrs["units"] in ("ms", b"ms")


@pytest.mark.parametrize("name", ["run.csv", "run", "run.nc4"])
def test_other_suffixes_are_refused(dataset: xr.Dataset, tmp_path: Path, name: str) -> None:
    for call in (lambda: datasets.save(dataset, tmp_path / name), lambda: datasets.open(name)):
        with pytest.raises(FormatError, match=r"must end in \.nc or \.zarr"):
            call()


@pytest.mark.parametrize("suffix", [".nc", ".zarr"])
def test_what_is_no_data_set_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"run{suffix}"
    with pytest.raises(FormatError, match="must be a data set that can be read"):
        datasets.open(path)
    path.write_bytes(b"no data")
    with pytest.raises(FormatError, match="must be a data set that can be read"):
        datasets.open(path)
    path.unlink()
    foreign = xr.Dataset({"a": ("x", [1.0])})
    foreign.to_netcdf(path, engine="h5netcdf") if suffix == ".nc" else foreign.to_zarr(
        path, zarr_format=2
    )
    with pytest.raises(FormatError, match="must be a data set of snnlab"):
        datasets.open(path)
