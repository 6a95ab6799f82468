"""Verdicts on pairs: error rates on synthetic batches, and each status by an example."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from snnlab.bench.trimmed import trimmed_mean
from snnlab.bench.verdict import (
    Direction,
    Rule,
    VerdictStatus,
    holm_verdicts,
    log_ratios,
    verdict,
    worst,
)
from snnlab.errors import SpecError
from tests.bench.noise import log_pairs

SEED = 20261127
"""One seed for all rates; the bounds are those of the acceptance tests, not of this seed."""


def rates(change: float, n_batches: int = 1000) -> tuple[Counter[str], float]:
    """Share of each verdict over synthetic batches, and how many pairs were used on average."""
    batches = log_pairs(np.random.default_rng(SEED), n_batches, 20, change)
    found = [verdict(d) for d in batches]
    assert all(v.n_pairs in (10, 15, 20) for v in found)
    shares = Counter({k: n / n_batches for k, n in Counter(v.status for v in found).items()})
    return shares, float(np.mean([v.n_pairs for v in found]))


def test_no_change_is_called_one_in_at_most_one_batch_of_a_hundred() -> None:
    shares, _ = rates(0.0)
    assert shares["slower"] + shares["faster"] <= 0.01


@pytest.mark.parametrize(("change", "least"), [(0.05, 0.98), (0.03, 0.85)])
def test_losses_are_found_within_twenty_pairs(change: float, least: float) -> None:
    shares, _ = rates(change)
    assert shares["slower"] >= least
    assert shares["faster"] == 0


def test_gain_is_found_and_clear_cases_take_few_pairs() -> None:
    shares, n_pairs = rates(-0.05)
    assert shares["faster"] >= 0.98
    assert n_pairs < 12


def test_one_interval_agrees_with_scipy() -> None:
    rng = np.random.default_rng(1)
    for n in (5, 10, 13, 20, 33):
        sample = rng.standard_t(2, (7, n))
        low, high = trimmed_mean(sample).interval(0.01)
        for i, row in enumerate(sample):
            expected = stats.mstats.trimmed_mean_ci(row, (0.2, 0.2), alpha=0.01)
            np.testing.assert_allclose([low[i], high[i]], expected, rtol=1e-12, atol=1e-14)


def test_interval_ends_at_zero_where_p_is_alpha() -> None:
    summary = trimmed_mean(np.random.default_rng(3).normal(0.5, 1.0, 12))
    low, _ = summary.interval(float(summary.p_value()))
    assert abs(low) < 1e-12


def alternating(centre: float, spread: float, n: int = 20) -> np.ndarray:
    return np.log1p(centre) + spread * np.resize([-1.0, 1.0], n)


@pytest.mark.parametrize(
    ("centre", "spread", "status", "code", "gate"),
    [
        (0.05, 0.001, "slower", 12, 12),
        (-0.05, 0.001, "faster", 10, 0),
        (0.001, 0.001, "same", 0, 0),
        (0.015, 0.02, "inconclusive", 11, 0),
        # Surely above 0, but below the floor.
        (0.018, 0.005, "inconclusive", 11, 0),
    ],
)
def test_each_verdict(centre: float, spread: float, status: str, code: int, gate: int) -> None:
    found = verdict(alternating(centre, spread))
    assert (found.status, found.status.exit_code, found.gate_code) == (status, code, gate)


def test_all_exit_codes_differ_and_are_not_those_of_errors() -> None:
    codes = {status.exit_code for status in VerdictStatus}
    assert len(codes) == len(VerdictStatus)
    assert not codes & {1, 2, 3, 130}


def test_higher_is_better_turns_the_verdict_around_but_not_the_ratio() -> None:
    found = verdict(alternating(0.05, 0.001), Direction.HIGHER)
    assert found.status == "faster"
    assert found.loss == pytest.approx(-0.05 / 1.05, abs=1e-6)
    assert found.median_ratio == pytest.approx(1.05, abs=1e-3)


def test_few_pairs_are_inconclusive_and_say_how_many_are_missing() -> None:
    assert [verdict(alternating(0.3, 0, n)).more_pairs for n in (3, 9)] == [7, 1]
    assert [verdict(alternating(0.01, 0.1, n)).more_pairs for n in (10, 12, 15, 20)] == [5, 3, 5, 0]
    assert "too few" in verdict(alternating(0.3, 0, 9)).warning


def test_verdict_stops_at_the_first_clear_look() -> None:
    d = np.concatenate([alternating(0.1, 0.001, 10), alternating(-0.5, 0.1, 10)])
    assert (verdict(d).status, verdict(d).n_pairs) == ("slower", 10)


def test_gate_warns_until_a_loss_above_five_percent_is_excluded() -> None:
    assert "not excluded" in verdict(alternating(0.0, 0.15)).warning
    assert verdict(alternating(0.0, 0.03)).warning == ""
    assert verdict(alternating(0.0, 0.03)).status == "inconclusive"


def test_invalid_wins_over_fast_and_nothing_is_no_data() -> None:
    fast = verdict(alternating(-0.5, 0.001), invalid="rate of 'exc' is 80 Hz, not 3 to 5 Hz")
    assert (fast.status, fast.gate_code) == ("invalid", 13)
    assert "80 Hz" in str(fast)
    assert (verdict([]).status, verdict([]).gate_code) == ("no data", 14)


def test_incomplete_pairs_are_left_out() -> None:
    d = log_ratios([1.0, np.nan, 2.0], [2.0, 1.0, 2.0])
    np.testing.assert_array_equal(d, [np.log(2.0), 0.0])


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [1.0, 2.0]), ([0.0], [1.0]), ([1.0], [-1.0]), ([1.0], [np.inf])]
)
def test_what_is_no_pair_of_times_is_refused(a: list[float], b: list[float]) -> None:
    with pytest.raises(SpecError, match="log_ratios"):
        log_ratios(a, b)


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.0}, {"floor": 0.1}, {"looks": (4,)}, {"looks": (20, 10)}, {"looks": ()}]
)
def test_rules_that_cannot_be_meant_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SpecError, match="Rule"):
        Rule(**wrong)  # type: ignore[arg-type]


def test_holm_stops_at_the_first_that_is_not_significant() -> None:
    lower = dict.fromkeys("abcd", Direction.LOWER)
    clear, weak = alternating(0.1, 0.001, 10), alternating(0.05, 0.05, 10)
    p = float(trimmed_mean(weak).p_value())
    rule = Rule(alpha=1.5 * p)
    assert holm_verdicts({"a": weak}, lower, rule=rule)["a"].status == "slower"
    both = holm_verdicts({"a": weak, "b": weak}, lower, rule=rule)
    assert [v.status for v in both.values()] == ["inconclusive", "inconclusive"]
    helped = holm_verdicts({"a": weak, "b": clear}, lower, rule=rule)
    assert [v.status for v in helped.values()] == ["slower", "slower"]
    assert list(helped) == ["a", "b"]


def test_holm_keeps_the_joint_error() -> None:
    rng = np.random.default_rng(SEED)
    lower = {f"m{i}": Direction.LOWER for i in range(8)}
    metrics = [log_pairs(rng, 400, 20, 0.0) for _ in lower]
    wrong = 0
    for batch in zip(*metrics, strict=True):
        found = holm_verdicts(dict(zip(lower, batch, strict=True)), lower)
        wrong += any(v.status in ("slower", "faster") for v in found.values())
    assert wrong / 400 <= 0.01


def test_holm_needs_directions_and_takes_metrics_without_data() -> None:
    with pytest.raises(SpecError, match="memory"):
        holm_verdicts({"memory": [0.1]}, {})
    found = holm_verdicts({"memory": []}, {"memory": Direction.LOWER})
    assert found["memory"].status == "no data"


def test_summary_shows_the_worst() -> None:
    slow, same = verdict(alternating(0.05, 0.001)), verdict(alternating(0.0, 0.001))
    assert worst([same, slow]) == "slower"
    assert worst([]) == "no data"
