"""Records are checked, appended and never changed; a line that was cut off harms no other."""

import pytest
from jsonschema import ValidationError

from benchmarks.gpu.records import Records, read
from tests.benchmarks.recorded import record


def test_records_are_appended_and_read_back(tmp_path):
    path = tmp_path / "new" / "records.jsonl"
    Records(path).append(record(1.0, seed=1))
    before = path.read_bytes()
    Records(path).append(record(2.0, seed=2))
    assert path.read_bytes().startswith(before)
    assert [r["figures"]["simulate_s"] for r in read([path])] == [1.0, 2.0]


def test_files_are_read_in_the_order_of_time(tmp_path):
    late, early = Records(tmp_path / "a"), Records(tmp_path / "b")
    late.append(record(seed=9))
    early.append(record(seed=3))
    assert [r["seed"] for r in read([late.path, early.path])] == [3, 9]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "great"},
        {"status": "failed"},  # without saying why
        {"why": "it is ok, but"},
        {"format": 2},
        {"threads": 0},
        {"load": [1.0]},
        {"machine": {}},
        {"surprise": 1},
        {"session": "today"},
        {"figures": {}},
        {"figures": record()["figures"] | {"build_s": -1.0}},
        {"figures": record()["figures"] | {"speed": 1.0}},
        {"figures": record()["figures"] | {"timings": {"update": "long"}}},
    ],
)
def test_what_is_no_record_is_not_written(tmp_path, changes):
    records = Records(tmp_path / "records.jsonl")
    with pytest.raises(ValidationError):
        records.append(record() | changes)
    assert not records.path.exists()


def test_nan_is_no_figure(tmp_path):
    records = Records(tmp_path / "records.jsonl")
    with pytest.raises(ValueError, match="JSON"):
        records.append(record(float("nan")))
    assert not records.path.exists()


@pytest.mark.parametrize("cut", [1, 10, 400])
def test_line_that_was_cut_off_is_left_out(tmp_path, cut):
    records = Records(tmp_path / "records.jsonl")
    records.append(record(seed=1))
    records.append(record(seed=2))
    records.path.write_bytes(records.path.read_bytes()[:-cut])
    assert [r["seed"] for r in read([records.path])] == [1]


@pytest.mark.parametrize("line", ["{}\n", "{\n", "\n"])
def test_damage_in_the_middle_is_reported_with_its_line(tmp_path, line):
    records = Records(tmp_path / "records.jsonl")
    records.append(record())
    with records.path.open("a") as file:
        file.write(line)
    records.append(record())
    with pytest.raises(ValueError, match=r"records\.jsonl:2: not a record"):
        read([records.path])
