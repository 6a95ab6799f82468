"""Tables and JSON for other tools hold what the records hold."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.exporters.github_action import github_action_entries
from snnlab.bench.exporters.table_file import read_table, write_table
from snnlab.bench.exporters.tidy import tidy
from snnlab.bench.importers.files import import_results
from snnlab.bench.record import make_record
from snnlab.bench.store import Store
from snnlab.errors import FormatError, SpecError
from tests.bench.records import record

FILES = Path(__file__).parent / "files"
HOSTILE = ['"', "a,b", "line\nbreak", "=1+1", "0001", "NA", "µ"]


def mixed() -> xr.Dataset:
    own = [record(coordinates={"benchmark": text, "commit": text}) for text in HOSTILE]
    sentinel = make_record({"sentinel": [1.0, 2.0]}, {"series_id": "cd34"},
                           labels={"when": ("before", "after")})  # fmt: skip
    foreign = list(import_results(FILES))
    return combine([one.dataset for one in [*own, sentinel, *foreign]])


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return mixed()


def test_every_number_and_text_has_a_row(data: xr.Dataset) -> None:
    table = tidy(data)
    for name, v in data.data_vars.items():
        there = (v.values != "") if v.dtype.kind == "O" else ~np.isnan(v.values)
        assert (table["variable"] == name).sum() == there.sum()
    one = table[(table["variable"] == "wall_time") & (table["phase"] == "simulate/update")].iloc[0]
    cell = data["wall_time"].sel(phase="simulate/update")
    place = int(np.flatnonzero(data["record_id"].values == one["record_id"])[0])
    assert one["value"] == cell.values[place, one["repeat"]]
    assert one["units"] == "s"


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_table_comes_back(data: xr.Dataset, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"all{ending}"
    n = write_table(data, path)
    again, table = read_table(path), tidy(data)
    assert len(again) == n == len(table)
    for name in table:
        if table[name].dtype == object or isinstance(table[name].dtype, pd.StringDtype):
            assert again[name].tolist() == table[name].astype(str).tolist(), name
        elif name.startswith("p_") and ending == ".csv":
            np.testing.assert_array_equal(pd.to_numeric(again[name]), table[name])
        else:
            np.testing.assert_array_equal(again[name], table[name])


def test_merge_order_gives_the_same_bytes(tmp_path: Path) -> None:
    sources = [Store(tmp_path / f"source{k}") for k in range(3)]
    sources[0].add(record(coordinates={"p_scale": 0.1}))
    sources[1].add(record(repeats=5, phases=("simulate", "own"), coordinates={"p_scale": "all"}))
    sources[2].add(next(iter(import_results(FILES / "bennch.csv"))))
    found = set()
    for number, order in enumerate(itertools.permutations(sources)):
        whole = Store(tmp_path / f"whole{number}")
        for source in order:
            whole.merge(source)
            whole.load()  # each adds to the index of those before it
        path = tmp_path / f"{number}.csv"
        write_table(whole.load(), path)
        found.add(path.read_bytes())
    assert len(found) == 1


def test_nothing_recorded_is_an_empty_table(tmp_path: Path) -> None:
    assert write_table(combine([]), tmp_path / "none.csv") == 0
    assert len(read_table(tmp_path / "none.csv")) == 0


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(FormatError, match="columns of records"):
        read_table(other)
    for broken in (tmp_path / "broken.parquet", tmp_path / "missing.csv"):
        (tmp_path / "broken.parquet").write_bytes(b"PAR1")
        with pytest.raises(FormatError, match="must be a table"):
            read_table(broken)
    with pytest.raises(SpecError, match=r"csv or \.parquet"):
        write_table(combine([]), tmp_path / "a.xlsx")


def test_action_gets_medians_of_the_newest_record_of_each_line() -> None:
    old = record(coordinates={"benchmark": "brunel", "commit": "old"}, simulate=9.0)
    new = record(coordinates={"benchmark": "brunel", "commit": "new"}, simulate=2.0)
    other = record(coordinates={"benchmark": "brunel", "series_id": "ff", "p_scale": 0.5})
    entries = github_action_entries(combine([one.dataset for one in (old, new, other)]))
    names = [entry["name"] for entry in entries]
    assert len(set(names)) == len(names)
    (one,) = (e for e in entries if e["name"] == "brunel snnlab threads=2 wall_time simulate")
    assert set(one) == {"name", "unit", "value", "range", "extra"}
    assert one["unit"] == "s"
    assert one["value"] == pytest.approx(1.5 + 0.01)
    assert one["range"] == "± 0.005"
    assert "commit: new" in one["extra"]
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries
    assert any("real_time_factor" in name for name in names)
    assert not any("efficiency" in name for name in names)  # more of it is better


def test_action_does_not_get_runs_that_failed() -> None:
    data = record(status=["ok", "failed", "failed"], repeats=3).dataset
    (one,) = (e for e in github_action_entries(data) if e["name"].endswith("wall_time simulate"))
    assert one["value"] == data["wall_time"].sel(phase="simulate").values[0, 0]
    assert github_action_entries(record(status=["failed"] * 3).dataset) == []
    with pytest.raises(SpecError, match="customSmallerIsBetter"):
        github_action_entries(data, "pytest")


def test_action_gets_accuracy_with_the_other_tool() -> None:
    data = record(accuracy=[0.5, 0.75, 0.625]).dataset
    entries = github_action_entries(data, "customBiggerIsBetter")
    assert {"snnlab threads=2 accuracy": 0.625}.items() <= {
        e["name"]: e["value"] for e in entries
    }.items()
