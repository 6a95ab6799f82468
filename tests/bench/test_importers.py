"""Results of other tools become records that say what the files say, and nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.combine import combine
from snnlab.bench.confounders import confounders
from snnlab.bench.derived import derive
from snnlab.bench.importers.files import import_results
from snnlab.bench.outliers import outliers
from snnlab.bench.record import Record
from snnlab.bench.store import Store
from snnlab.errors import FormatError, SpecError

FILES = Path(__file__).parent / "files"
BENNCH = FILES / "bennch.csv"
ASV = FILES / "asv/demo/c8e453b8-existing.json"
PYTEST = FILES / "pytest_benchmark.json"
REFRAME = FILES / "reframe.log"


def records(path: Path, stated: Mapping[str, str] | None = None) -> list[Record]:
    return list(import_results(path, stated=stated))


def by_name(path: Path) -> dict[str, Record]:
    return {str(one.dataset["benchmark"].item()): one for one in records(path)}


def value(record: Record, name: str) -> object:
    return record.dataset[name].item() if name in record.dataset else None


# --- rounds ---------------------------------------------------------------------------------------

ROUNDS = Path(__file__).parents[2] / "benchmarks/records"


def test_runs_in_rounds_become_what_they_said() -> None:
    path = ROUNDS / "20261126T015344Z.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    found = records(path)
    assert {
        (value(r, "benchmark"), value(r, "simulator"), value(r, "p_beside")) for r in found
    } == {(line["model"], line["simulator"], 1.0 if line["busy"] else None) for line in lines}
    (one,) = (r for r in found if (value(r, "benchmark"), value(r, "simulator"))
              == ("microcircuit1", "nest"))  # fmt: skip
    mine = [
        line for line in lines if (line["model"], line["simulator"]) == ("microcircuit1", "nest")
    ]
    simulate = one.dataset["wall_time"].sel(phase="simulate").values[0]
    assert simulate.tolist() == [line["figures"]["simulate_s"] for line in mine]
    assert one.dataset["seed"].values.tolist() == [[line["seed"] for line in mine]]
    assert one.provenance["raw"] == mine
    assert mine[0]["revision"] == "449d91144d15+"
    assert (value(one, "commit"), value(one, "dirty")) == ("449d91144d15", 1.0)
    assert one.provenance["imported"]["file"] == path.name
    assert [r.record_id for r in found] == [r.record_id for r in records(path)]


def test_settings_of_rounds_are_threads_precisions_and_ranks() -> None:
    brian2 = records(ROUNDS / "20261121T122900Z.jsonl")
    settings = {(value(r, "threads"), value(r, "p_precision")) for r in brian2
                if value(r, "simulator") == "brian2"}  # fmt: skip
    assert settings == {(n, p) for n in (1.0, 2.0) for p in ("float32", "float64")}
    ranks = records(ROUNDS / "20261127T204406Z.jsonl")
    ways = {(value(r, "ranks"), value(r, "threads"), value(r, "p_exchange")) for r in ranks
            if value(r, "simulator") == "snnlab"}  # fmt: skip
    assert ways == {(1.0, 2.0, None), (2.0, 1.0, "point_to_point"), (2.0, 1.0, "collective")}


def test_every_kept_record_of_rounds_is_read() -> None:
    paths = sorted(ROUNDS.glob("*.jsonl"))
    assert len(paths) >= 15
    for path in paths:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        n = sum(int(record.dataset.sizes["repeat"]) for record in records(path))
        assert n == sum(line["status"] != "skipped" for line in lines) > 0


def test_a_broken_line_of_rounds_is_named_and_a_cut_off_one_is_left_out(tmp_path: Path) -> None:
    text = (ROUNDS / "20261126T204517Z.jsonl").read_text()
    path = tmp_path / "cut.jsonl"
    path.write_text(text[:-20])
    assert len(records(path)) == len(text.splitlines()) - 1
    path.write_text(text.replace('"ok"', '"great"', 1))
    with pytest.raises(FormatError, match="line 1"):
        records(path)


# --- beNNch ---------------------------------------------------------------------------------------


def test_outlier_of_published_data_is_flagged_and_residual_is_shown() -> None:
    """The published microcircuit run with 128 threads: one of three took twice as long."""
    wide = records(BENNCH)[1]
    assert value(wide, "threads") == 64.0
    assert value(wide, "ranks") == 2.0
    simulate = wide.dataset["wall_time"].sel(phase="simulate").values[0]
    np.testing.assert_array_equal(outliers(simulate), [False, True, False])
    share = derive(wide.dataset)["other_share"].median("repeat").item()
    assert share == pytest.approx(0.225, abs=5e-4)
    assert derive(records(BENNCH)[0].dataset)["other_share"].max() < 0.01


def test_bennch_keeps_units_seeds_and_what_the_file_lacks() -> None:
    data = records(BENNCH)[0].dataset
    assert data["seed"].values.tolist() == [[55.0, 837.0, 1892.0]]
    memory = data["memory"].sel(checkpoint="total", kind="virtual/sum")
    assert memory.values[0, 0] == 15848288.0 * 1024
    assert "base" not in data["checkpoint"]  # the column is empty
    assert data["wall_time"].attrs["reducer"] == "mean over ranks"
    for missing in ("machine_class_id", "stack_id", "simulator", "commit", "energy", "status"):
        assert missing not in data
    assert data["recorded_at"].item() == ""


def test_both_spellings_of_bennch_are_the_same_times(tmp_path: Path) -> None:
    newer = {
        "wall_time_create": "time_construction_create",
        "wall_time_connect": "time_construction_connect",
        "wall_time_sim": "time_simulate",
        "wall_time_phase_update": "time_update",
        "wall_time_phase_collocate": "time_collocate_spike_data",
        "wall_time_phase_communicate": "time_communicate_spike_data",
        "wall_time_phase_deliver": "time_deliver_spike_data",
        "wall_time_": "time_",
    }
    head, _, rows = BENNCH.read_text().partition("\n")
    for old, new in newer.items():
        head = ",".join(new + n.removeprefix(old) if n.startswith(old) else n
                        for n in head.split(","))  # fmt: skip
    path = tmp_path / "newer.csv"
    path.write_text(f"{head}\n{rows}")
    for old_one, new_one in zip(records(BENNCH), records(path), strict=True):
        for phase in old_one.dataset["phase"].values:
            np.testing.assert_array_equal(
                old_one.dataset["wall_time"].sel(phase=phase),
                new_one.dataset["wall_time"].sel(phase=phase),
            )


def test_a_parameter_of_bennch_splits_records(tmp_path: Path) -> None:
    lines = BENNCH.read_text().splitlines()
    rows = [lines[0] + ",network_state"]
    rows += [f"{line},{'ground' if k % 2 else 'metastable'}" for k, line in enumerate(lines[1:])]
    path = tmp_path / "states.csv"
    path.write_text("\n".join(rows))
    found = combine([one.dataset for one in records(path)])
    assert sorted(found["p_network_state"].values) == ["ground", "ground", "metastable",
                                                       "metastable"]  # fmt: skip


# --- asv ------------------------------------------------------------------------------------------


def test_asv_times_memory_tracks_and_failures() -> None:
    found = by_name(ASV)
    assert found["b.time_plain"].dataset["wall_time"].shape == (1, 6, 1)
    assert value(found["b.time_plain"], "commit") == "c8e453b8ba356a340943173ab55cebc3b70c1277"
    assert found["b.track_rate"].dataset["metric_unit"].values[0, 0] == "Hz"
    assert found["b.track_rate"].dataset["metric_value"].values[0, 0, 0] == 2.5
    memory = found["b.Suite.peakmem_list"].dataset["memory"]
    assert memory.sel(checkpoint="total", kind="peak/max").values.max() > 2e7
    assert found["b.time_bad"].dataset["status"].values.tolist() == [["failed"]]
    assert math.isnan(found["b.time_bad"].dataset["wall_time"].values[0, 0, 0])
    assert found["b.time_skipped"].dataset["status"].values.tolist() == [[""]]


def test_asv_parameters_have_their_names() -> None:
    data = combine([one.dataset for one in records(ASV)])
    own = data.isel(record=np.flatnonzero(data["benchmark"].values == "b.Suite.time_sum"))
    pairs = set(zip(own["p_n"].values.tolist(), own["p_kind"].values.tolist(), strict=True))
    assert pairs == {(100.0, "a"), (100.0, "b"), (1000.0, "a"), (1000.0, "b")}


def test_asv_without_its_definitions_still_has_times(tmp_path: Path) -> None:
    alone = tmp_path / "vm" / ASV.name
    alone.parent.mkdir()
    alone.write_text(ASV.read_text())
    data = combine([one.dataset for one in records(alone)])
    assert {"p_parameter_1", "p_parameter_2"} <= set(data.coords)
    assert np.nanmax(data["wall_time"].values) < 1e-3


def test_a_layout_that_a_file_does_not_tell_is_unknown_and_not_the_same(tmp_path: Path) -> None:
    later = tmp_path / "later.json"
    later.write_text(ASV.read_text().replace("c8e453b8", "d8e453b8"))
    a, b = (
        {str(n): v.values[0] for n, v in by_name(path)["b.time_plain"].dataset.coords.items()
         if v.dims == ("record",)}
        for path in (ASV, later)
    )  # fmt: skip
    found = confounders(a, b)
    assert {d.name for d in found.differences if d.group == "version"} == {"commit"}
    assert {(d.name, d.is_unknown) for d in found.confounders} == {("layout_id", True)}
    assert found.word_for(slower=True) == "difference (unknown whether the same: layout_id)"


# --- pytest-benchmark -----------------------------------------------------------------------------


def test_pytest_benchmark_rounds_become_repeats() -> None:
    short, long = sorted(records(PYTEST), key=lambda one: one.dataset.sizes["repeat"])
    raw = json.loads(PYTEST.read_text())
    assert (
        short.dataset["wall_time"].values.ravel().tolist() == raw["benchmarks"][1]["stats"]["data"]
    )
    assert long.dataset.sizes["repeat"] == 100
    assert long.dataset["wall_time"].attrs["reducer"] == "medians of 100 blocks of 250 rounds"
    assert {value(short, "p_n"), value(long, "p_n")} == {100.0, 1000.0}
    assert value(short, "dirty") == 0.0
    assert str(value(short, "recorded_at")).startswith("2026-11-27T")
    assert short.provenance["raw"]["extra_info"] == {"k": 3}


def test_pytest_benchmark_without_rounds_is_its_median(tmp_path: Path) -> None:
    data = json.loads(PYTEST.read_text())
    for one in data["benchmarks"]:
        del one["stats"]["data"]
    path = tmp_path / "short.json"
    path.write_text(json.dumps(data))
    first = records(path)[0].dataset["wall_time"]
    assert first.values.ravel().tolist() == [data["benchmarks"][0]["stats"]["median"]]
    assert first.attrs["reducer"] == "median of 3131 rounds"


# --- ReFrame --------------------------------------------------------------------------------------


def test_reframe_times_and_metrics() -> None:
    first, second = records(REFRAME)
    assert first.dataset["wall_time"].sel(phase="simulate").values.tolist() == [[1.25]]
    assert first.dataset["metric_value"].sel(metric="real_time_factor").values.tolist() == [[0.53]]
    assert {value(first, "p_scale"), value(second, "p_scale")} == {1.0, 2.0}
    assert value(first, "machine_label") == "generic:default"
    assert (value(first, "ranks"), value(first, "threads"), value(first, "n_nodes")) == (2, 4, 1)
    assert value(first, "series_id") != value(second, "series_id")
    assert str(value(first, "recorded_at")).startswith("2026-11-27T23:06:10")


def test_reframe_units_are_seconds(tmp_path: Path) -> None:
    path = tmp_path / "mini.log"
    path.write_text(REFRAME.read_text().replace("|1.25|s|", "|1.25|ms|").replace("pass|", "fail|"))
    data = records(path)[0].dataset
    assert data["wall_time"].values.ravel().tolist() == [1.25e-3]
    assert data["status"].values.ravel().tolist() == ["failed"]


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [BENNCH, ASV, PYTEST, REFRAME], ids=lambda path: path.stem)
def test_importing_twice_changes_nothing(path: Path, tmp_path: Path) -> None:
    store = Store(tmp_path)
    first = [store.add(one) for one in records(path)]
    again = [store.add(one) for one in records(path)]
    assert first == again
    assert store.load().sizes["record"] == len(first) == len(set(first))
    assert {one.provenance["imported"]["file"] for one in store.records()} == {path.name}


def test_no_name_of_a_host_or_home_is_kept() -> None:
    for path in (ASV, PYTEST, REFRAME):
        for one in records(path):
            text = str(one.dataset.to_dict()) + str(one.dataset.attrs)
            assert "somebody" not in text


def test_folder_takes_what_it_knows(tmp_path: Path) -> None:
    names = {one.provenance["imported"]["format"] for one in records(FILES)}
    assert names == {"bennch", "asv", "pytest-benchmark", "reframe"}
    (tmp_path / "other.json").write_text("{}")
    assert records(tmp_path) == []


def test_machines_that_nobody_named_do_not_mix(tmp_path: Path) -> None:
    copy = tmp_path / "other.csv"
    copy.write_text(BENNCH.read_text() + "\n")
    series = [value(records(path)[0], "series_id") for path in (BENNCH, copy)]
    assert series[0] != series[1]
    sides = [{str(n): v.values[0] for n, v in records(path)[0].dataset.coords.items()
              if v.dims == ("record",)} for path in (BENNCH, copy)]  # fmt: skip
    versions = [side | {"simulator_version": v} for side, v in zip(sides, "12", strict=True)]
    found = confounders(*versions).confounders
    assert "machine_label" in {d.name for d in found if not d.is_unknown}
    # Of one file nothing is known to differ; what it does not tell stays unknown.
    same = confounders(versions[0], sides[0] | {"simulator_version": "2"}).confounders
    assert {d.name for d in same if d.is_unknown} == {"machine_class_id", "stack_id"}
    assert all(d.is_unknown for d in same)
    named = [value(records(path, {"machine_label": "JUSUF"})[0], "series_id")
             for path in (BENNCH, copy)]  # fmt: skip
    assert named[0] == named[1]


def test_what_is_stated_is_told_apart() -> None:
    one = records(BENNCH, {"machine_label": "JUSUF", "simulator": "nest"})[0]
    assert value(one, "machine_label") == "JUSUF"
    assert one.provenance["stated"] == {"machine_label": "JUSUF", "simulator": "nest"}
    with pytest.raises(SpecError, match="cannot be stated"):
        records(BENNCH, {"series_id": "x"})
    with pytest.raises(SpecError, match="machine_label"):
        records(BENNCH, {"machine_lable": "x"})


@pytest.mark.parametrize(
    ("path", "old", "new", "message"),
    [
        (BENNCH, "837,1,4", "837,one,4", "must hold numbers"),
        (BENNCH, ",245795.0\n", "\n", "line 2 must have as many values"),
        (BENNCH, "wall_time_sim", "wall_time", "must have a column wall_time_sim"),
        (BENNCH, "model_time_sim", "model_time", "must have the columns"),
        (BENNCH, "1,4,2,1000.0,0.0076065", '1,4,2,"1000.0,0.0076065', "must be CSV"),
        (ASV, '"version": 2', '"version": 1', "asv update"),
        (ASV, "[2.5]", "[2.5, 3.5]", "one result per combination"),
        (ASV, "[2.5]", '["fast"]', "must be numbers"),
        (ASV, '"durations": {', '"durations": ', "must be JSON"),
        (PYTEST, '"fullname"', '"name"', "must have fullname and stats"),
        (PYTEST, '"datetime": "2026', '"datetime": "next 2026', "must be ISO 8601"),
        (REFRAME, "|0.53|", "|fast|", "real_time_factor_value must be a number"),
        (REFRAME, "|mini_0|", "|", "line 2 must have 36 fields"),
        (REFRAME, "|job_completion_time|", "|time|", "none of these layouts"),
    ],
)
def test_broken_files_say_what_is_wrong(
    path: Path, old: str, new: str, message: str, tmp_path: Path
) -> None:
    text = path.read_text()
    assert old in text
    broken = tmp_path / path.name
    broken.write_text(text.replace(old, new))
    named = {BENNCH: "bennch", ASV: "asv"}.get(path)
    with pytest.raises(FormatError, match=message) as caught:
        list(import_results(broken, named))
    assert path.name in str(caught.value)


def test_binary_and_missing_files_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "a.csv"
    binary.write_bytes(b"\xff\xfe\0\0")
    for path in (binary, tmp_path / "none.csv"):
        with pytest.raises(FormatError, match="must be a text file"):
            records(path)
    with pytest.raises(SpecError, match="layout of results"):
        list(import_results(BENNCH, "bench"))
