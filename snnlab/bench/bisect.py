"""Which commit made a benchmark slower: bisection, with pairs measured against the good commit."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from snnlab.bench.verdict import Direction, Rule, Verdict, VerdictStatus, log_ratios, verdict
from snnlab.bench.worktree import checked_out, commits_between
from snnlab.errors import BuildError, StateError

__all__ = ["Blame", "InPairs", "Measure", "bisect", "command", "measure_pairs"]

Measure = Callable[[Path, int], float]
"""Measures the files in a folder once, with a seed: wall time [s], or another metric > 0."""


@runtime_checkable
class InPairs(Protocol):
    """A measure that can measure both versions of a pair at the same time, in turns."""

    def __call__(self, folder: Path, seed: int) -> float:
        """Measure one version, as `Measure`."""
        ...

    def log_ratio(self, baseline: Path, candidate: Path, seed: int) -> float:
        """Return the log of candidate / baseline."""
        ...


BISECT_RULE = Rule(looks=(10,))


@dataclass(frozen=True)
class Blame:
    """What a bisection has found.

    Parameters
    ----------
    commit : str
        First commit that is slower than the good one; empty if the bad commit is not.
    suspects : tuple of str
        Commits that could not be told apart, oldest first; one if it is certain.
    verdicts : dict of str to Verdict
        Every commit that was measured, in that order.
    """

    commit: str
    suspects: tuple[str, ...]
    verdicts: dict[str, Verdict]


def command(words: Sequence[str], *, time_limit: float = 600.0) -> Measure:
    """Return a measure that runs a command in the folder of a commit.

    The command gets the seed as its last argument, and the last line that it prints is JSON: a
    number, or an object with ``wall_time``. It is run without a shell.

    Parameters
    ----------
    words : sequence of str
        Program and arguments.
    time_limit : float [s]
        After which it counts as failed.
    """

    def measure(folder: Path, seed: int) -> float:
        try:
            done = subprocess.run(
                [*words, str(seed)],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=time_limit,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BuildError("benchmark command", f"must end in {time_limit:g} s") from error
        lines = done.stdout.strip().splitlines()
        if done.returncode or not lines:
            raise BuildError(
                "benchmark command",
                "must exit with 0 and print a number",
                got=f"exit code {done.returncode}",
                context=done.stderr.strip()[-200:],
            )
        return _number(lines[-1])

    return measure


def _number(line: str) -> float:
    try:
        value = json.loads(line)
        return float(value["wall_time"] if isinstance(value, dict) else value)
    except (ValueError, TypeError, KeyError) as error:
        raise BuildError(
            "benchmark command",
            'must print a number or {"wall_time": number} last',
            got=repr(line[:80]),
        ) from error


def measure_pairs(
    measure: Measure | InPairs,
    baseline: Path,
    candidate: Path,
    *,
    direction: Direction = Direction.LOWER,
    rule: Rule | None = None,
    seed: int = 0,
    enough: Callable[[Verdict], bool] = lambda found: False,
) -> Verdict:
    """Measure pairs until their verdict is clear, or the last look is done.

    Each folder is measured once before, and that is thrown away: it fills caches. In each pair both
    get the same seed, and chance decides which comes first, unless the measure is `InPairs`.

    Parameters
    ----------
    measure : Measure or InPairs
        Called with a folder and a seed.
    baseline, candidate : Path
        Folders of the two versions.
    direction : Direction
        Which values are better.
    rule : Rule, optional
        As in `verdict`.
    seed : int
        Of the orders; the pairs get ``seed``, ``seed + 1``, ...
    enough : callable
        Gets the verdict at each look; true ends the measurement though it is inconclusive.

    Returns
    -------
    Verdict
        With all pairs that were measured.
    """
    rule = rule or Rule()
    coin = random.Random(seed)
    for folder in (baseline, candidate):
        measure(folder, seed)

    def log_ratio(number: int) -> float:
        if isinstance(measure, InPairs):
            return measure.log_ratio(baseline, candidate, number)
        times = {f: measure(f, number) for f in coin.sample((baseline, candidate), 2)}
        return float(log_ratios([times[baseline]], [times[candidate]])[0])

    ratios: list[float] = []
    found = verdict(np.empty(0), direction, rule=rule)
    for look in rule.looks:
        ratios += [log_ratio(seed + i) for i in range(len(ratios), look)]
        found = verdict(np.array(ratios), direction, rule=rule)
        if found.status is not VerdictStatus.INCONCLUSIVE or enough(found):
            break
    return found


def bisect(
    repository: Path,
    good: str,
    bad: str,
    measure: Measure | InPairs,
    *,
    direction: Direction = Direction.LOWER,
    rule: Rule = BISECT_RULE,
    tell: Callable[[str, Verdict], None] = lambda commit, found: None,
) -> Blame:
    """Return the first commit that is slower than `good`.

    The bad commit is measured first: if it is not slower, there is nothing to blame. A commit in
    between that is inconclusive or cannot be measured counts as not slower, and stays among the
    suspects if it comes right before the commit that is blamed.

    Parameters
    ----------
    repository : Path
        Its files are not touched: each commit gets a worktree.
    good, bad : str
        Last good and first known bad commit.
    measure : Measure or InPairs
        For example of `command`.
    direction : Direction
        Which values are better.
    rule : Rule
        Default: ten pairs for each commit. ``Rule()`` takes up to twenty; a loss of 3 % needs
        them.
    tell : callable
        Called with each commit and its verdict.

    Returns
    -------
    Blame
        The commit, and what could not be told apart from it.
    """
    commits = commits_between(repository, good, bad)
    verdicts: dict[str, Verdict] = {}

    def is_slower(index: int) -> bool:
        commit = commits[index]
        with checked_out(repository, commit) as folder:
            worst = verdicts.get(commits[-1])
            verdicts[commit] = _against(measure, baseline, folder, direction, rule, worst)
        tell(commit, verdicts[commit])
        return verdicts[commit].status is VerdictStatus.SLOWER

    with checked_out(repository, good) as baseline:
        if not is_slower(len(commits) - 1):
            last = verdicts[commits[-1]]
            if last.status is VerdictStatus.INVALID:
                raise StateError(
                    f"bisect {bad}", "the bad commit must be measurable", got=last.reason
                )
            return Blame("", (), verdicts)
        low, high = -1, len(commits) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if is_slower(middle) else (middle, high)
    return Blame(commits[high], _suspects(commits, high, verdicts), verdicts)


def _against(
    measure: Measure | InPairs,
    baseline: Path,
    folder: Path,
    direction: Direction,
    rule: Rule,
    worst: Verdict | None,
) -> Verdict:
    """Verdict on one commit; a commit that cannot be measured is invalid, not fast.

    It need not be clear if it is told apart from the worst one.
    """

    def enough(found: Verdict) -> bool:
        return worst is not None and found.high < worst.low

    try:
        return measure_pairs(
            measure, baseline, folder, direction=direction, rule=rule, enough=enough
        )
    except BuildError as error:
        return verdict(np.empty(0), direction, rule=rule, invalid=str(error))


def _suspects(commits: list[str], high: int, verdicts: dict[str, Verdict]) -> tuple[str, ...]:
    """The blamed commit and those before it that nothing tells apart from it."""
    blamed = verdicts[commits[high]]
    first = high
    while first > 0 and not _is_cleared(verdicts.get(commits[first - 1]), blamed):
        first -= 1
    return tuple(commits[first : high + 1])


def _is_cleared(found: Verdict | None, blamed: Verdict) -> bool:
    """Whether a commit is shown to be as fast as the good one, or faster than the blamed one."""
    if found is None:
        return False
    is_fast = found.status in {VerdictStatus.SAME, VerdictStatus.FASTER}
    return is_fast or found.high < blamed.low
