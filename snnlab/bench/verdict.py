"""Whether a candidate is slower than a baseline: verdicts on pairs measured in one batch.

Baseline and candidate are measured in pairs, in random order, on the same node with the same seed,
so that what drifts in the machine cancels. Each pair gives the log of its ratio; their trimmed mean
with a 99 % interval decides after 10, 15 and 20 pairs. A difference below the floor of 2 % is never
called one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.bench.trimmed import trimmed_mean
from snnlab.errors import SpecError

__all__ = [
    "LOOKS",
    "Direction",
    "Rule",
    "Verdict",
    "VerdictStatus",
    "holm_verdicts",
    "log_ratios",
    "status_of",
    "verdict",
    "worst",
]

LOOKS = (10, 15, 20)
"""Numbers of pairs after which the data are looked at."""


class VerdictStatus(StrEnum):
    """What is known about a candidate; `exit_code` tells them apart in scripts."""

    SLOWER = "slower"
    FASTER = "faster"
    SAME = "same"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    NO_DATA = "no data"

    @property
    def exit_code(self) -> int:
        """Exit code of a command that ends with this verdict; 1 and 2 are those of errors."""
        return EXIT_CODES[self]


EXIT_CODES = {
    VerdictStatus.SAME: 0,
    VerdictStatus.FASTER: 10,
    VerdictStatus.INCONCLUSIVE: 11,
    VerdictStatus.SLOWER: 12,
    VerdictStatus.INVALID: 13,
    VerdictStatus.NO_DATA: 14,
}


class Direction(StrEnum):
    """Which values of a metric are better."""

    LOWER = "lower"
    HIGHER = "higher"

    @property
    def sign(self) -> float:
        """Factor that turns a log ratio into a loss: > 0 is worse."""
        return 1.0 if self is Direction.LOWER else -1.0


@dataclass(frozen=True, kw_only=True)
class Rule:
    """How pairs become a verdict.

    Parameters
    ----------
    alpha : float
        Two-sided error of each look.
    floor : float
        Relative change below which nothing is called slower or faster.
    loss_limit : float
        A gate passes without a warning when a loss above this is excluded.
    looks : tuple of int
        Numbers of pairs at which the data are looked at, ascending; at least 5.
    """

    alpha: float = 0.01
    floor: float = 0.02
    loss_limit: float = 0.05
    looks: tuple[int, ...] = LOOKS

    def __post_init__(self) -> None:
        if not 0.0 < self.alpha < 1.0:
            raise SpecError("Rule.alpha", "must lie between 0 and 1", got=str(self.alpha))
        if not 0.0 <= self.floor <= self.loss_limit:
            raise SpecError(
                "Rule.floor",
                "must be >= 0 and at most loss_limit",
                got=f"floor {self.floor}, loss_limit {self.loss_limit}",
            )
        if not self.looks or min(self.looks) < 5 or list(self.looks) != sorted(set(self.looks)):
            raise SpecError(
                "Rule.looks",
                "must be ascending numbers of pairs, 5 or more",
                got=str(self.looks),
                remedy=f"Try {LOOKS}.",
            )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A verdict on one metric, with all that is needed to doubt it.

    Losses are relative: 0.03 is 3 % worse, whatever the direction of the metric.

    Parameters
    ----------
    status : VerdictStatus
        The verdict.
    n_pairs : int
        Pairs that it rests on.
    loss, low, high : float
        Trimmed-mean loss and the ends of its interval; NaN without enough pairs.
    median_ratio : float
        Median of candidate / baseline, not turned by the direction.
    more_pairs : int
        Pairs to measure before the next look; 0 when there is none.
    reason : str
        What made it invalid, or left it without data.
    rule : Rule
        The rule that was applied.
    alpha : float
        Two-sided error of the interval: that of the rule, or less among several metrics.
    """

    status: VerdictStatus
    n_pairs: int = 0
    loss: float = math.nan
    low: float = math.nan
    high: float = math.nan
    median_ratio: float = math.nan
    more_pairs: int = 0
    reason: str = ""
    rule: Rule = Rule()
    alpha: float = Rule().alpha

    @property
    def fails_gate(self) -> bool:
        """Whether a merge has to wait: slower, invalid, or nothing measured."""
        return self.status in {VerdictStatus.SLOWER, VerdictStatus.INVALID, VerdictStatus.NO_DATA}

    @property
    def warning(self) -> str:
        """Why a gate that passes does so with a warning; empty without one."""
        if self.fails_gate or self.high < self.rule.loss_limit:
            return ""
        if math.isnan(self.high):
            return f"{self.n_pairs} pairs are too few to exclude any loss"
        return f"a loss up to {self.high:.1%} is not excluded"

    @property
    def gate_code(self) -> int:
        """Exit code of a gate: 0 unless the verdict fails it."""
        return self.status.exit_code if self.fails_gate else 0

    def __str__(self) -> str:
        if self.reason:
            return f"{self.status}: {self.reason}"
        if math.isnan(self.loss):
            return f"{self.status}: {self.n_pairs} pairs, {self.more_pairs} more to go"
        text = (
            f"{self.status}: {self.loss:+.1%} "
            f"({1 - self.alpha:.4g} interval {self.low:+.1%} to {self.high:+.1%}, "
            f"median ratio {self.median_ratio:.3f}, {self.n_pairs} pairs)"
        )
        return f"{text}; {self.more_pairs} more pairs to go" if self.more_pairs else text


def log_ratios(baseline: ArrayLike, candidate: ArrayLike) -> NDArray[np.float64]:
    """Return the log of candidate / baseline for each pair.

    Parameters
    ----------
    baseline, candidate : (n_pairs,) float64
        What was measured, > 0; pairs of which one is NaN are left out.

    Returns
    -------
    (n_complete_pairs,) float64
        In the order of measurement.

    Raises
    ------
    SpecError
        Unequal lengths, or a value that is not above 0.
    """
    a, b = np.asarray(baseline, np.float64), np.asarray(candidate, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise SpecError(
            "log_ratios",
            "needs one candidate to each baseline",
            got=f"shapes {a.shape} and {b.shape}",
            remedy="Measure in pairs; unpaired runs cannot tell drift from a change.",
        )
    complete = ~(np.isnan(a) | np.isnan(b))
    a, b = a[complete], b[complete]
    wrong = [float(v) for v in np.concatenate([a, b]) if not 0.0 < v < math.inf]
    if wrong:
        raise SpecError("log_ratios", "values must be finite and > 0", got=str(wrong[0]))
    return np.log(b / a)


def verdict(
    ratios: ArrayLike,
    direction: Direction = Direction.LOWER,
    *,
    rule: Rule | None = None,
    invalid: str = "",
) -> Verdict:
    """Return the verdict of the procedure: look at 10, 15, 20 pairs, stop when it is clear.

    Parameters
    ----------
    ratios : (n_pairs,) float64
        Log ratios in the order of measurement, as of `log_ratios`. More pairs than the last look
        are looked at once more, all together.
    direction : Direction
        Which values are better.
    rule : Rule, optional
        Default: 99 % intervals, floor 2 %.
    invalid : str
        Why the run does not count (science check, guards); makes the verdict *invalid*, however
        fast it was.

    Returns
    -------
    Verdict
        *inconclusive* says how many more pairs the next look needs.
    """
    rule = rule or Rule()
    d = np.asarray(ratios, np.float64)
    if invalid:
        return Verdict(status=VerdictStatus.INVALID, n_pairs=d.size, reason=invalid, rule=rule)
    if d.size == 0:
        return Verdict(status=VerdictStatus.NO_DATA, reason="nothing was measured", rule=rule)
    looks = [n for n in rule.looks if n <= d.size]
    if looks and looks[-1] == rule.looks[-1] < d.size:
        looks.append(d.size)
    found = Verdict(
        status=VerdictStatus.INCONCLUSIVE,
        n_pairs=d.size,
        median_ratio=float(np.exp(np.median(d))),
        rule=rule,
    )
    for n in looks:
        found = _look(d[:n], direction, rule, rule.alpha)
        if found.status is not VerdictStatus.INCONCLUSIVE:
            return found
    missing = next((n - d.size for n in rule.looks if n > d.size), 0)
    return replace(found, more_pairs=missing)


def holm_verdicts(
    ratios: Mapping[str, ArrayLike],
    directions: Mapping[str, Direction],
    *,
    rule: Rule | None = None,
) -> dict[str, Verdict]:
    """Return verdicts on secondary metrics whose joint error is that of one.

    Holm's step-down: the clearest of m metrics is tested at ``alpha / m``, the next at
    ``alpha / (m - 1)``; after the first that is not significant none is. Each interval has
    the level at which its metric was tested. How many pairs there are, the primary metric decides.

    Parameters
    ----------
    ratios : mapping of str to (n_pairs,) float64
        Log ratios of each secondary metric.
    directions : mapping of str to Direction
        Which values are better; one for each metric.
    rule : Rule, optional
        As in `verdict`.

    Returns
    -------
    dict of str to Verdict
        In the order of `ratios`.

    Raises
    ------
    SpecError
        A metric without a direction.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6, 65-70.
    """
    rule = rule or Rule()
    missing = sorted(set(ratios) - set(directions))
    if missing:
        raise SpecError(
            "holm_verdicts", "needs a direction for each metric", got=f"none for {missing}"
        )
    samples = {name: np.asarray(d, np.float64) for name, d in ratios.items()}
    tested = {name: d for name, d in samples.items() if d.size >= rule.looks[0]}
    p = {name: float(trimmed_mean(d).p_value()) for name, d in tested.items()}
    found: dict[str, Verdict] = {}
    stopped = False
    for i, name in enumerate(sorted(p, key=lambda name: (p[name], name))):
        alpha = rule.alpha / (len(p) - i)
        stopped = stopped or p[name] > alpha
        found[name] = _look(tested[name], directions[name], rule, alpha, stopped=stopped)
    rest = {n: verdict(d, directions[n], rule=rule) for n, d in samples.items() if n not in found}
    return {name: (found | rest)[name] for name in ratios}


def _look(
    d: NDArray[np.float64],
    direction: Direction,
    rule: Rule,
    alpha: float,
    *,
    stopped: bool = False,
) -> Verdict:
    """One look at all of `d`; `stopped`: Holm has taken away the right to call it a change."""
    summary = trimmed_mean(direction.sign * d)
    low, high = (float(end) for end in summary.interval(alpha))
    mean = float(summary.mean)
    status = status_of(mean, low, high, rule.floor)
    if stopped and status in {VerdictStatus.SLOWER, VerdictStatus.FASTER}:
        status = VerdictStatus.INCONCLUSIVE
    return Verdict(
        status=status,
        n_pairs=d.size,
        loss=math.expm1(mean),
        low=math.expm1(low),
        high=math.expm1(high),
        median_ratio=float(np.exp(np.median(d))),
        rule=rule,
        alpha=alpha,
    )


def status_of(mean: float, low: float, high: float, floor: float) -> VerdictStatus:
    """Return what an estimate of the log loss and its interval say; the floor is relative."""
    border = math.log1p(floor)
    if low > 0.0 and mean > border:
        return VerdictStatus.SLOWER
    if high < 0.0 and mean < -border:
        return VerdictStatus.FASTER
    if -border < low and high < border:
        return VerdictStatus.SAME
    return VerdictStatus.INCONCLUSIVE


def worst(verdicts: Sequence[Verdict]) -> VerdictStatus:
    """Return the status that a summary of several verdicts has to show."""
    order = ("invalid", "slower", "no data", "inconclusive", "same", "faster")
    return min((v.status for v in verdicts), key=order.index, default=VerdictStatus.NO_DATA)
