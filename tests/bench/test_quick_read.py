"""The direct reader gives what the general reader of NetCDF gives, or leaves it to that one."""

from __future__ import annotations

from pathlib import Path

import h5py
import pytest
import xarray as xr

from snnlab.bench.quick_read import quick_read
from snnlab.bench.read_many import processes_for, read_many
from snnlab.bench.record import content_hash, make_record, plain_text, read_record, write_record
from snnlab.bench.seal import read_sealed, seal, unsealed
from snnlab.bench.store import Store
from snnlab.cli import main
from snnlab.errors import FormatError
from tests.bench.records import record

REAL = sorted(
    path for store in ("store", "published")
    for path in (Path(__file__).parents[2] / "benchmarks" / store / "records").rglob("*.nc")
)  # fmt: skip


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
    assert len(REAL) >= 11
    for path in [*REAL, *written(tmp_path)]:
        expected = by_xarray(path)
        found = quick_read(path)
        assert found is not None
        xr.testing.assert_identical(found.dataset(), expected)
        xr.testing.assert_identical(read_record(path).dataset, expected)


def test_what_is_sealed_is_what_stands_in_the_file(tmp_path: Path) -> None:
    """Also where a group follows, and where what was not measured is NaN."""
    for path in written(tmp_path):
        sealed, read = read_sealed(path), quick_read(path)
        assert sealed is not None
        assert read is not None
        xr.testing.assert_identical(sealed.dataset(), by_xarray(path))
        assert content_hash(sealed) == content_hash(read) == read.attrs["content_sha256"]
        assert {n: v.dtype for n, v in sealed.variables.items()} == {
            n: v.dtype for n, v in read.variables.items()
        }
        bare = unsealed(path.read_bytes())
        assert unsealed(bare) == bare
        assert seal(bare, sealed) == path.read_bytes()
    rank = read_record(tmp_path / "1.nc").group("rank")
    assert rank["wall_time"].values.tolist() == [[1.0, 2.0]]


def test_records_without_a_seal_are_read_from_their_variables(tmp_path: Path) -> None:
    paths = written(tmp_path)
    expected = read_many(paths)
    for path in paths:
        path.write_bytes(unsealed(path.read_bytes()))
        assert read_sealed(path) is None
    xr.testing.assert_identical(read_many(paths), expected)


def test_records_of_the_repository_have_a_seal_that_agrees() -> None:
    for path in REAL:
        sealed, read = read_sealed(path), quick_read(path)
        assert sealed is not None, path
        assert read is not None
        xr.testing.assert_identical(sealed.dataset(), read.dataset())


def test_records_of_before_are_sealed_and_stay_what_they_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store, words = Store(tmp_path), ["bench", "seal", "--store", str(tmp_path)]
    assert main(words) == 14
    for made in (record(), record(repeats=2), record(coordinates={"machine_label": "Jülich"})):
        store.add(made)
    as_made = {path: path.read_bytes() for path in store.paths()}
    for path in store.paths()[1:]:
        path.write_bytes(unsealed(path.read_bytes()))
    assert main(words) == 0
    assert "3 records are as they were written, 2 of them" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in store.paths()} == as_made
    assert store.seal() == (0, 0)


@pytest.mark.parametrize("is_sealed", [True, False])
def test_what_is_damaged_is_not_sealed(tmp_path: Path, is_sealed: bool) -> None:
    store = Store(tmp_path)
    path = store.add(record())
    content = path.read_bytes() if is_sealed else unsealed(path.read_bytes())
    place = content.index(b"simulate") if not is_sealed else len(content) - 60
    damaged = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    path.write_bytes(damaged)
    with pytest.raises(FormatError, match="seal that agrees" if is_sealed else "content hash"):
        store.seal()
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(("name", "key"), [("model_time", "units"), ("wall_time", "source")])
@pytest.mark.parametrize("is_sealed", [True, False])
def test_a_changed_attribute_is_refused_alone_and_among_many(
    tmp_path: Path, name: str, key: str, is_sealed: bool
) -> None:
    path = tmp_path / "a.nc"
    write_record(record(), path)
    if not is_sealed:
        path.write_bytes(unsealed(path.read_bytes()))
    read_many([path])
    with h5py.File(path, "r+") as file:
        file[name].attrs[key] = "year"
    for read in (read_record, lambda changed: read_many([changed])):
        with pytest.raises(FormatError, match="content hash"):
            read(path)


def test_no_changed_byte_of_a_sealed_record_gives_other_data(tmp_path: Path) -> None:
    path = tmp_path / "a.nc"
    write_record(record(), path)
    content = path.read_bytes()
    expected = read_many([path])
    for place in [
        *range(0, len(content), len(content) // 150),
        *range(len(content) - 60, len(content)),
    ]:
        path.write_bytes(content[:place] + bytes([content[place] ^ 64]) + content[place + 1 :])
        assert read_sealed(path) is None
        try:
            found = read_many([path])
        except FormatError:
            continue
        xr.testing.assert_identical(found, expected)


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
    assert processes_for(0) == processes_for(1000) == 1
    assert processes_for(100_000) >= 1
