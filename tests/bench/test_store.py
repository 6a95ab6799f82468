"""Stores merge in any order, lose no letter, and notice what was changed."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.index import read_index
from snnlab.bench.record import Record, make_record, read_record
from snnlab.bench.store import INDEX, Store, load
from snnlab.errors import FormatError, SpecError, StorageError
from tests.bench.records import record


def mixed_records() -> list[Record]:
    """Records whose phases, repeats, variables and parameters differ."""
    return [
        record(coordinates={"machine_label": "jureca", "p_scale": 0.1}),
        record(
            repeats=5,
            phases=("simulate", "simulate/deliver", "own"),
            coordinates={"machine_label": "jureca-dc", "p_scale": "natural", "series_id": "ff00"},
            n_spikes=np.arange(5),
        ),
        make_record({"sentinel": [1.0, 2.0]}, {"series_id": "cd34"},
                    labels={"when": ("before", "after")}),
    ]  # fmt: skip


def table(data: xr.Dataset) -> bytes:
    """The times as a tidy table, to be compared byte by byte."""
    return data.to_dataframe(dim_order=sorted(map(str, data.sizes))).to_csv().encode()


def test_merge_order_does_not_matter(tmp_path: Path) -> None:
    sources = [Store(tmp_path / f"source{k}") for k in range(3)]
    for source, one in zip(sources, mixed_records(), strict=True):
        source.add(one)
        source.add_content("specs", {"model": one.record_id})
        source.annotate(one.record_id, "note", "as expected")
    sources[0].add(read_record(next((sources[1].root / "records").rglob("*.nc"))))
    found = []
    for number, order in enumerate(itertools.permutations(sources)):
        whole = Store(tmp_path / f"whole{number}")
        assert sum(whole.merge(source) for source in order) == 3
        assert len(whole.annotations()) == len(list((whole.root / "specs").iterdir())) == 3
        found.append(table(whole.load()))
    assert len(set(found)) == 1


def test_plain_git_merges_stores(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
            cwd=tmp_path, check=True, capture_output=True,
        )  # fmt: skip

    git("init", "-b", "main")
    git("commit", "--allow-empty", "-m", "start")
    records = mixed_records()
    for k, one in enumerate(records):
        git("checkout", "-b", f"b{k}", "main")
        Store(tmp_path).add(one)
        Store(tmp_path).load()
        git("add", "-A")
        git("commit", "-m", "a run")
    for k in range(len(records)):
        git("checkout", "main") if k == 0 else None
        git("merge", "--no-edit", f"b{k}")
    assert table(load(tmp_path)) == table(combine([one.dataset for one in records]))


def test_longer_text_of_a_later_record_is_not_cut(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for label in ("jureca", "jureca-dc"):
        store.add(record(coordinates={"machine_label": label}))
    for _ in range(2):  # the second time from the index
        assert sorted(store.load()["machine_label"].values) == ["jureca", "jureca-dc"]
    store.load().drop_encoding().to_netcdf(tmp_path / "again.nc", engine="h5netcdf")
    with xr.open_dataset(tmp_path / "again.nc", engine="h5netcdf") as again:
        assert sorted(again["machine_label"].values) == ["jureca", "jureca-dc"]


def test_combining_is_what_xarray_concatenates() -> None:
    same = [record(coordinates={"threads": n}) for n in (1, 2, 4)]
    expected = xr.concat(
        [one.dataset for one in same], dim="record", join="outer", coords="different",
        compat="equals", combine_attrs="drop_conflicts", data_vars="all",
    ).sortby("record_id")  # fmt: skip
    found = combine([one.dataset for one in same])
    for name in ("wall_time", "status", "seed", "threads", "record_id"):
        np.testing.assert_array_equal(found[name].values, expected[name].values)


def test_combining_in_steps_is_combining_at_once() -> None:
    a, b, c = (one.dataset for one in mixed_records())
    at_once = combine([a, b, c])
    xr.testing.assert_identical(combine([c, combine([b, a])]), at_once)
    xr.testing.assert_identical(combine([a, b, c, a]), at_once)
    assert at_once["wall_time"].attrs["units"] == "s"


def test_same_id_with_another_content_is_refused(tmp_path: Path) -> None:
    store, one = Store(tmp_path), record()
    store.add(one)
    store.add(one)
    changed = one.dataset.copy()
    changed.attrs["content_sha256"] = "0" * 64
    with pytest.raises(StorageError, match="two contents"):
        store.add(Record(changed))


def test_index_follows_the_files(tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = store.add(record())
    assert store.load().sizes["record"] == 1
    store.add(record())
    assert store.load().sizes["record"] == 2
    first.unlink()
    assert store.load().sizes["record"] == 1
    (tmp_path / INDEX).write_bytes(b"broken")
    assert store.load().sizes["record"] == 1
    assert f"/{INDEX}" in (tmp_path / ".gitignore").read_text()


def test_changed_record_is_found_though_it_is_in_the_index(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.add(record())
    store.load()
    content = path.read_bytes()
    path.write_bytes(content + b"\0")
    store.load()
    path.write_bytes(content[:2000])
    with pytest.raises(FormatError):
        store.load()


def test_index_gives_what_the_files_give(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for one in [*mixed_records(), make_record({}, {"series_id": "ab"})]:
        store.add(one)
    read = store.load()
    found = read_index(tmp_path / INDEX)
    assert found is not None
    xr.testing.assert_identical(found[0], read)
    xr.testing.assert_identical(store.load(), read)
    assert {name: v.dtype for name, v in found[0].variables.items()} == {
        name: v.dtype for name, v in read.variables.items()
    }
    store.add(record())
    step = store.load()
    (tmp_path / INDEX).unlink()
    xr.testing.assert_identical(store.load(), step)


def test_a_changed_index_is_not_believed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add(record())
    read = store.load()
    for name in ("wall_time/values", "status/texts", "head"):
        with h5py.File(tmp_path / INDEX, "r+") as file:
            values = file[name][()]
            values.ravel()[0] += 1
            file[name][...] = values
        assert read_index(tmp_path / INDEX) is None
        xr.testing.assert_identical(store.load(), read)
        assert read_index(tmp_path / INDEX) is not None


def test_empty_store_and_no_store(tmp_path: Path) -> None:
    assert Store(tmp_path).load().sizes["record"] == 0
    with pytest.raises(FormatError, match="must be a store"):
        load(tmp_path)
    with pytest.raises(SpecError, match="must be one of exclude"):
        Store(tmp_path).annotate("x", "delete", "")
    with pytest.raises(SpecError, match="series_id"):
        Store(tmp_path).add(make_record({}, {}))
