"""Change points: rates on synthetic histories, the shipped table, and what is not code."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from snnlab.bench.change_points import change_points, early_warning
from snnlab.bench.history import EventKind, Series, history, on_machine
from snnlab.bench.rank_test import ALPHAS, critical_value, largest_step, simulate
from snnlab.bench.verdict import Direction
from snnlab.errors import SpecError
from tests.bench.noise import Noise, steps

SEED = 20261127
CONDITIONS = {
    "base": Noise(),
    "white": Noise(rho=0.0),
    "drift": Noise(rho=0.6),
    "hiccups": Noise(slow_share=0.15),
    "wide": Noise(sd=0.03),
}
N, LENGTH = 500, 60


@pytest.mark.parametrize(
    ("condition", "limit"),
    [("base", 0.02), ("white", 0.05), ("drift", 0.05), ("hiccups", 0.05), ("wide", 0.05)],
)
def test_quiet_histories_raise_few_alarms(condition: str, limit: float) -> None:
    logs = CONDITIONS[condition].logs(np.random.default_rng(SEED), (N, LENGTH))
    alarms = sum(bool(change_points(np.exp(series))) for series in logs)
    assert alarms / N <= limit


def located(change: float, floor: float = 0.03) -> float:
    logs, at = steps(np.random.default_rng(SEED), Noise(), N, LENGTH, change)
    hits = [
        any(abs(point.at - a) <= 3 for point in change_points(np.exp(series), floor=floor))
        for series, a in zip(logs, at, strict=True)
    ]
    return float(np.mean(hits))


def test_steps_of_five_percent_are_located() -> None:
    assert located(0.05) >= 0.85
    assert located(-0.05) >= 0.85


@pytest.mark.parametrize("length", [10, 17, 60])
def test_shipped_table_is_what_the_script_makes(length: int) -> None:
    shipped = [critical_value(length, alpha) for alpha in ALPHAS]
    np.testing.assert_allclose(shipped, simulate(length), atol=5e-5)


def test_table_holds_its_error_on_other_draws() -> None:
    rng = np.random.default_rng(SEED + 1)
    draws = [largest_step(rng.random(25))[1] for _ in range(3000)]
    share = np.mean(np.array(draws) > critical_value(25, 0.01))
    assert 0.004 < share < 0.018


def test_statistic_is_that_of_mann_and_whitney() -> None:
    from scipy import stats

    values = np.random.default_rng(5).normal(size=15)
    at, statistic = largest_step(values)
    u = stats.mannwhitneyu(values[:at], values[at:], use_continuity=False, method="asymptotic")
    assert 2 * stats.norm.sf(statistic) == pytest.approx(u.pvalue, rel=1e-9)


@pytest.mark.parametrize(("length", "alpha"), [(20, 0.05), (4, 0.01)])
def test_values_that_the_table_lacks_are_refused(length: int, alpha: float) -> None:
    with pytest.raises(SpecError, match="critical_value"):
        critical_value(length, alpha)


def wave(n: int, level: float = 1.0, spread: float = 0.002) -> np.ndarray:
    return level * (1 + spread * np.sin(1.7 * np.arange(n)))


def test_two_steps_are_found_with_their_ratios() -> None:
    values = np.concatenate([wave(20), wave(20, 1.1), wave(20, 0.99)])
    found = change_points(values)
    assert [point.at for point in found] == [20, 40]
    assert [point.ratio for point in found] == pytest.approx([1.1, 0.9], abs=0.002)


def test_outliers_do_not_move_a_level_and_small_steps_are_not_told() -> None:
    values = wave(40)
    values[[7, 23, 24]] = 5.0
    assert change_points(values) == []
    assert change_points(np.concatenate([wave(20), wave(20, 1.02)])) == []
    assert len(change_points(np.concatenate([wave(20), wave(20, 1.02)]), floor=0.01)) == 1


def test_early_warning_needs_five_points_and_becomes_a_change() -> None:
    def after(n: int) -> tuple[bool, bool]:
        values = np.concatenate([wave(20), wave(n, 1.1)])
        return early_warning(values) is not None, bool(change_points(values))

    assert after(4) == (False, False)
    assert after(5) == (True, False)
    assert after(12) == (False, True)


@pytest.mark.parametrize("wrong", [[0.0] * 12, [-1.0] * 12, [np.nan] * 12])
def test_what_is_no_time_is_refused(wrong: list[float]) -> None:
    with pytest.raises(SpecError, match="finite numbers > 0"):
        change_points(wrong)


def series(values: np.ndarray, **more: Any) -> Series:
    n = len(values)
    plain: dict[str, Any] = {
        "name": "balanced",
        "values": values,
        "batches": tuple(range(n)),
        "versions": tuple(f"c{i:02}" for i in range(n)),
        "borders": {},
    }
    return Series(**(plain | more))


STEP = np.concatenate([wave(20), wave(20, 1.1)])


def kinds(s: Series) -> list[tuple[EventKind, int]]:
    return [(e.kind, e.at) for e in history(s).events]


def test_step_of_the_code_is_a_change_that_asks_for_pairs() -> None:
    found = history(series(STEP))
    (event,) = found.events
    assert (event.kind, event.at, event.worse) == (EventKind.CHANGE, 20, True)
    assert event.cause == "+10.0% at c20"
    assert found.needs_pairs == found.events
    assert [(level.start, level.stop) for level in found.levels] == [(0, 20), (20, 40)]
    assert [level.median for level in found.levels] == pytest.approx([1.0, 1.1], abs=2e-3)


def test_higher_is_better_makes_the_same_step_good_news() -> None:
    (event,) = history(series(STEP, direction=Direction.HIGHER)).events
    assert not event.worse


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("machine_class_id", "machine"),
        ("stack_id", "software stack"),
        ("timer_flags", "timer flags"),
        ("spec_id", "specification"),
    ],
)
def test_border_explains_the_step(key: str, name: str) -> None:
    s = series(STEP, borders={key: ("a",) * 20 + ("b",) * 20})
    (event,) = history(s).events
    assert (event.kind, event.at) == (EventKind.BORDER, 20)
    assert event.cause.startswith(f"{name} changed")
    assert history(s).needs_pairs == ()


def test_step_beside_a_border_is_still_found() -> None:
    s = series(STEP, borders={"stack_id": ("a",) * 8 + ("b",) * 32})
    assert kinds(s) == [(EventKind.BORDER, 8), (EventKind.CHANGE, 20)]


def test_moving_anchor_means_the_machine() -> None:
    assert kinds(series(STEP, anchor=STEP * 3)) == [(EventKind.MACHINE_CHANGED, 20)]
    assert kinds(series(STEP, anchor=wave(40))) == [(EventKind.CHANGE, 20)]
    assert kinds(series(STEP, anchor=1 / STEP)) == [(EventKind.CHANGE, 20)]


def test_half_of_the_series_moving_together_means_the_machine() -> None:
    moved, quiet = history(series(STEP)), history(series(wave(40)))
    later = history(series(np.concatenate([wave(30), wave(10, 1.1)])))
    assert later.events[0].at == 30
    joint = on_machine([moved, moved, quiet, later])
    assert [[e.kind for e in h.events] for h in joint] == [
        [EventKind.MACHINE_CHANGED],
        [EventKind.MACHINE_CHANGED],
        [],
        [EventKind.CHANGE],
    ]
    assert "2 of 4" in joint[0].events[0].cause
    alone = on_machine([moved, quiet])
    assert alone[0].events[0].kind is EventKind.CHANGE
    opposite = history(series(1 / STEP))
    assert on_machine([moved, opposite])[0].events[0].kind is EventKind.CHANGE


def test_noisy_and_missing_batches_raise_no_alarm() -> None:
    noisy = np.arange(40) >= 20
    assert kinds(series(STEP, noisy=noisy)) == []
    gaps = STEP.copy()
    gaps[3:6] = np.nan
    assert kinds(series(gaps)) == [(EventKind.CHANGE, 20)]


def test_series_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SpecError, match="batches"):
        series(STEP, batches=(1, 2))
    with pytest.raises(SpecError, match="host"):
        series(STEP, borders={"host": ("a",) * 40})
    with pytest.raises(SpecError, match="anchor"):
        replace(series(STEP), anchor=wave(3))


@pytest.mark.filterwarnings("error")
def test_only_noisy_batches_have_no_levels_and_no_changes() -> None:
    series = Series(
        name="busy machine", values=np.array([1.0, 2.0]), batches=(0, 1), versions=("a", "b"),
        borders={}, noisy=np.ones(2, bool),
    )  # fmt: skip
    assert history(series).levels == history(series).events == ()


def test_a_history_without_values_has_no_changes() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert change_points([]) == []
        assert change_points([1.0]) == []
