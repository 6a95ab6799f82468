"""``python -m benchmarks.budgets``: what is kept, what is missed, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.budgets import __main__ as program
from benchmarks.budgets.memory import _growth
from benchmarks.budgets.promise import Measured, table


@pytest.mark.parametrize(
    ("values", "settings", "is_kept"),
    [
        ((10.0, 99.0), {}, True),
        ((10.0, 101.0), {}, False),
        ((10.0, 20.0, 500.0), {"is_typical": True}, True),
        ((99.0, 300.0), {"is_least": True}, False),
        ((100.0, 300.0), {"is_least": True}, True),
        ((0.0, 300.0, 300.0), {"is_least": True, "is_typical": True}, True),
    ],
)
def test_the_worst_counts_unless_the_median_does(values, settings, is_kept) -> None:
    assert Measured("", 100.0, "ms", values, **settings).is_kept is is_kept


def test_what_nobody_has_promised_cannot_be_missed() -> None:
    found = Measured("growth", None, "MB/h", (1e9,))
    assert found.is_kept
    assert "| none |" in table([found])


@pytest.mark.parametrize(("ms", "code"), [(40.0, 0), (140.0, 1)])
def test_the_exit_code_says_whether_all_are_kept(
    ms: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    found = Measured("slider", 100.0, "ms", (ms,), "a machine")
    monkeypatch.setitem(program.PARTS, "edits", lambda _told, _stage: iter([found]))
    assert program.main(["--only", "edits", "--json", str(tmp_path / "found.json")]) == code
    shown = capsys.readouterr()
    assert ("**no**" in shown.out) == ("MISSED" in shown.err) == bool(code)
    assert json.loads((tmp_path / "found.json").read_text())[0]["values"] == [ms]


def test_growth_leaves_the_start_out() -> None:
    import numpy as np

    minutes = np.linspace(0.0, 10.0, 21)
    values = 100.0 + 3.0 * minutes - np.where(minutes < 2.0, 50.0, 0.0)
    assert _growth(values, 10.0) == pytest.approx(3.0)
