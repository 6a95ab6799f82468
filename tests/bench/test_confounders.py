"""The table of what differs, and the word that it allows."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.bench.confounders import ASIDE, GROUPS, MATTERS, VERSION_KEYS, confounders
from snnlab.bench.schema import COORDINATES

RECORD: dict[str, object] = {
    "spec_id": "s1",
    "machine_class_id": "m1",
    "machine_label": "laptop",
    "stack_id": "k1",
    "layout_id": "l1",
    "ranks": 1,
    "threads": 2,
    "timer_flags": "basic",
    "simulator": "snnlab",
    "commit": "aaaa",
    "dirty": 0.0,
    "p_scale": 8,
    "submitter": "0000-0001",
    "recorded_at": "2026-11-27",
}


def test_other_scale_is_named_and_forbids_the_word() -> None:
    found = confounders(RECORD, RECORD | {"commit": "bbbb", "p_scale": 10, "spec_id": "s2"})
    assert [(d.group, d.name, d.a, d.b) for d in found.confounders] == [
        ("parameters", "scale", "8", "10")
    ]
    assert not found.may_say_regression
    assert "regression" not in found.word_for(slower=True)
    assert "scale" in str(found)
    assert "regression" not in str(found)


def test_only_the_version_differs() -> None:
    found = confounders(RECORD, RECORD | {"commit": "bbbb", "submitter": "0000-0002"})
    assert found.may_say_regression
    assert found.word_for(slower=True) == "regression"
    assert found.word_for(slower=False) == "no regression shown"


@pytest.mark.parametrize(
    ("key", "value", "group"),
    [
        ("machine_class_id", "m2", "machine"),
        ("stack_id", "k2", "stack"),
        ("spec_id", "s2", "parameters"),
        ("threads", 64, "layout"),
        ("timer_flags", "detailed", "timer flags"),
        ("dirty", 1.0, "stack"),
    ],
)
def test_every_kind_of_confounder_is_found(key: str, value: object, group: str) -> None:
    found = confounders(RECORD, RECORD | {"commit": "bbbb", key: value})
    assert [d.group for d in found.confounders] == [group]
    assert found.word_for(slower=True).startswith("difference")


def test_the_same_version_is_a_repetition() -> None:
    found = confounders(RECORD, dict(RECORD))
    assert found.differences == ()
    assert found.word_for(slower=True) == "repetition"


def test_what_one_side_has_not_recorded_is_a_difference() -> None:
    without = {key: value for key, value in RECORD.items() if key != "timer_flags"}
    (found,) = confounders(RECORD, without).confounders
    assert (found.name, found.b) == ("timer_flags", "not recorded")


@pytest.mark.parametrize("key", sorted(MATTERS.values()))
def test_what_matters_and_neither_side_has_recorded_is_unknown(key: str) -> None:
    """Equal silence is no equality."""
    without = {name: value for name, value in RECORD.items() if name != key}
    found = confounders(without, without | {"commit": "bbbb"})
    (unknown,) = found.confounders
    assert unknown.is_unknown
    assert unknown.name == key
    assert not found.may_say_regression
    assert "unknown" in found.word_for(slower=True)
    assert f"whether {key} are the same is unknown" in str(found)
    other = confounders(without, without | {"commit": "bbbb", "p_scale": 10})
    assert other.word_for(slower=True).startswith("difference")


def test_two_versions_that_nobody_tells_are_no_repetition() -> None:
    nameless = {key: value for key, value in RECORD.items() if key not in ("commit", "dirty")}
    found = confounders(nameless | {"commit_order": 0.0}, nameless | {"commit_order": 0.0})
    assert found.word_for(slower=True) == "difference (unknown whether the same: version)"
    assert not found.may_say_regression
    assert "whether version are the same is unknown" in str(found)


def test_types_of_numbers_do_not_matter() -> None:
    assert confounders(RECORD, RECORD | {"p_scale": np.float64(8.0)}).differences == ()


def test_every_coordinate_of_a_record_has_its_place() -> None:
    placed = VERSION_KEYS | ASIDE | {key for keys in GROUPS.values() for key in keys}
    assert set(COORDINATES) - placed == set()


@pytest.mark.parametrize(
    ("a", "b", "n"), [(0.0, 0.0, 0), (1.0, 1.0, 1), (np.nan, np.nan, 1), (0.0, np.nan, 1)]
)
def test_dirty_trees_are_told(a: float, b: float, n: int) -> None:
    found = confounders(RECORD | {"dirty": a}, RECORD | {"dirty": b, "commit": "bbbb"})
    assert [d.name for d in found.confounders] == ["dirty"] * n
    if np.isnan(a) and np.isnan(b):
        assert found.word_for(slower=True) == "difference (unknown whether the same: dirty)"


def test_a_version_without_a_commit_has_no_files_that_differ_from_it() -> None:
    peer = {k: v for k, v in RECORD.items() if k not in ("commit", "dirty")} | {"dirty": np.nan}
    found = confounders(
        peer | {"simulator_version": "3.9"}, peer | {"simulator_version": "3.10", "commit": ""}
    )
    assert found.may_say_regression
