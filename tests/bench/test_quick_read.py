"""The direct reader gives what the general reader of NetCDF gives, or leaves it to that one."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.quick_read import quick_read
from snnlab.bench.read_many import processes_for, read_many
from snnlab.bench.record import content_hash, make_record, plain_text, read_record, write_record
from snnlab.errors import FormatError
from tests.bench.records import record

REAL = sorted((Path(__file__).parents[2] / "benchmarks/store/records").rglob("*.nc"))


def by_xarray(path: Path) -> xr.Dataset:
    with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as stored:
        return plain_text(stored.load())


def written(path: Path) -> list[Path]:
    """Records as different as they come: own attributes, texts, several groups, hardly anything."""
    made = [
        record(coordinates={"machine_label": "Jülich", "p_scale": 0.1, "p_rule": "natural"}),
        make_record(
            {"wall_time": [[1.0]], "n_spikes": [5.0], "status": [""]}, {"series_id": "ab"},
            labels={"phase": ["simulate"]}, attributes={"n_spikes": {"source": "kernel timer"}},
            groups={"rank": xr.Dataset({"wall_time": (("repeat", "rank"), [[1.0, 2.0]])})},
        ),
        make_record({}, {"series_id": ""}),
    ]  # fmt: skip
    for k, one in enumerate(made):
        write_record(one, path / f"{k}.nc")
    return sorted(path.glob("*.nc"))


def test_direct_reading_is_reading_with_xarray(tmp_path: Path) -> None:
    assert len(REAL) >= 4
    for path in [*REAL, *written(tmp_path)]:
        expected = by_xarray(path)
        found = quick_read(path)
        assert found is not None
        xr.testing.assert_identical(found.dataset(), expected)
        xr.testing.assert_identical(read_record(path).dataset, expected)


def test_attributes_of_the_schema_are_taken_for_granted_only_if_the_hash_agrees(
    tmp_path: Path,
) -> None:
    usual, own, _ = written(tmp_path)
    for path, agrees in ((usual, True), (own, False)):
        found = quick_read(path, usual=True)
        assert found is not None
        assert (content_hash(found) == found.attrs["content_sha256"]) is agrees
    with h5py.File(usual, "r+") as file:
        file["wall_time"].attrs["units"] = "ms"
    with pytest.raises(FormatError, match="content hash"):
        read_record(usual)


def test_a_changed_usual_attribute_is_refused_and_never_told(tmp_path: Path) -> None:
    made = record()
    path = tmp_path / "a.nc"
    write_record(made, path)
    with h5py.File(path, "r+") as file:
        file["model_time"].attrs["units"] = "year"
    with pytest.raises(FormatError, match="content hash"):
        read_record(path)
    xr.testing.assert_identical(read_many([path]), combine([made.dataset]))


def test_texts_and_numbers_of_any_size_are_attributes(tmp_path: Path) -> None:
    made = record()
    write_record(made, tmp_path / "a.nc")
    with h5py.File(tmp_path / "a.nc", "r+") as file:
        file.attrs["numbers"] = [1.0, 2.0]  # as many bytes as a text takes
        file.attrs["texts"] = ["a", "b"]
    found = quick_read(tmp_path / "a.nc")
    assert found is not None
    assert found.attrs["numbers"].tolist() == [1.0, 2.0]
    assert len(found.attrs["texts"]) == 2


def test_several_processes_read_what_one_reads(tmp_path: Path) -> None:
    paths = [*REAL, *written(tmp_path)]
    xr.testing.assert_identical(read_many(paths, processes=2), read_many(paths))
    xr.testing.assert_identical(read_many(paths[::-1]), read_many(paths))
    (tmp_path / "broken.nc").write_bytes(b"no HDF5")
    with pytest.raises(FormatError, match=r"broken\.nc"):
        read_many([paths[0], tmp_path / "broken.nc"], processes=2)


def test_a_second_process_is_for_many_records_alone() -> None:
    assert processes_for(0) == processes_for(200) == 1
    assert processes_for(100_000) >= 1
