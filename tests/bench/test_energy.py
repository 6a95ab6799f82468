"""Energy is what the counters of the packages say, and nothing where they may not be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.energy import Counter, counters, joules
from snnlab.bench.recording import energy_of


def package(folder: Path, k: str, name: str, value: str, largest: str = "1000000") -> None:
    own = folder / f"intel-rapl:{k}"
    own.mkdir()
    (own / "name").write_text(f"{name}\n")
    (own / "energy_uj").write_text(f"{value}\n")
    (own / "max_energy_range_uj").write_text(f"{largest}\n")


def test_packages_are_read_and_their_parts_are_not(tmp_path: Path) -> None:
    package(tmp_path, "0", "package-0", "250000")
    package(tmp_path, "0:0", "core", "100000")
    package(tmp_path, "1", "package-1", "7")
    assert counters(tmp_path) == {
        "package-0": Counter(250_000, 1_000_000), "package-1": Counter(7, 1_000_000),
    }  # fmt: skip


@pytest.mark.parametrize("value", ["", "many"])
def test_what_cannot_be_read_is_not_there(tmp_path: Path, value: str) -> None:
    package(tmp_path, "0", "package-0", value)
    (tmp_path / "intel-rapl:1").mkdir()  # without any file, as where one may not read
    assert counters(tmp_path) == {}
    assert counters(tmp_path / "no such folder") == {}


def test_a_counter_may_begin_anew() -> None:
    before = {"a": Counter(900_000, 1_000_000), "b": Counter(5, 10), "gone": Counter(1, 2)}
    after = {"a": Counter(400_000, 1_000_000), "b": Counter(7, 10)}
    assert joules(before, after) == pytest.approx({"a": 0.5, "b": 2e-6})


def test_a_record_has_it_for_the_whole_process_alone() -> None:
    values, devices = energy_of([{"package-0": 3.0}, {}], n_phases=2)
    assert devices == ["package-0"]
    np.testing.assert_array_equal(values, [[[np.nan]] * 2 + [[3.0]], [[np.nan]] * 3])
    assert energy_of([{}, {}], n_phases=2) == ([], [])
