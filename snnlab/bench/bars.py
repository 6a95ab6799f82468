"""What a specification promises, and whether what was measured keeps it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import numpy as np
from scipy import stats

from snnlab.bench.side_by_side import Group, reference_of
from snnlab.bench.trimmed import trimmed_mean

__all__ = ["Kept", "Promise", "promises"]

ALPHA = 0.01
"""Two-sided error of the interval that has to lie beyond a bar."""

TRIMMED_FROM = 5
"""Values of which some are cut off; of fewer, Student's interval is taken."""

MEMORY = ("bytes_per_synapse", "peak_bytes")
EXACT = ("connectivity/sum", "growth/sum")
"""What memory of a synapse follows from; without, the peak of the process is but a bound."""


class Kept(StrEnum):
    """What can be said of a promise."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Promise:
    """A bar, and what was measured.

    Parameters
    ----------
    network, figure : str
    value : float, optional
        Median over the runs, or over the rounds if it is a ratio.
    bar : float
        To be exceeded by no figure, and reached by every ratio.
    kept : Kept
    """

    network: str
    figure: str
    value: float | None
    bar: float
    kept: Kept

    @property
    def measured(self) -> str:
        """The value in words."""
        return "unknown" if self.value is None else f"{self.value:.3g}"

    @property
    def wanted(self) -> str:
        """The bar in words."""
        return f"{'>=' if _is_ratio(self.figure) else '<='} {self.bar:g}"

    def __str__(self) -> str:
        return f"{self.network}: {self.figure} {self.measured}, bar {self.wanted}"


def promises(groups: Iterable[Group]) -> Iterator[Promise]:
    """Yield each bar of each network, with what the reference and its peers have shown.

    Parameters
    ----------
    groups : iterable of Group
        One for each simulator on each network.

    Notes
    -----
    A bar is kept where the median reaches it. It is missed only where the 99 % interval of the runs
    that were not noisy lies beyond it; in between it is unclear.
    """
    every = list(groups)
    for network in dict.fromkeys(group.network for group in every):
        mine = reference_of(every, network)
        if mine is None:
            continue
        for figure, bar in mine.bars.items():
            values = _values(every, mine, figure)
            middle = median(value for value, _ in values) if values else None
            yield Promise(network, figure, middle, bar, _kept(values, bar, figure))


def _is_ratio(figure: str) -> bool:
    return "." in figure


def _values(groups: Sequence[Group], mine: Group, figure: str) -> list[tuple[float, bool]]:
    """Values of a figure or of a ratio, and whether nothing disturbed them."""
    simulator, _, name = figure.rpartition(".")
    own = _of_rounds(mine, name)
    if not simulator:
        return list(own.values())
    peers = [g for g in groups if (g.network, g.simulator) == (mine.network, simulator)]
    return [
        (value / own[at][0], is_quiet and own[at][1])
        for peer in peers for at, (value, is_quiet) in _of_rounds(peer, name).items()
        if own.get(at, (0.0, False))[0] > 0.0
    ]  # fmt: skip


def _of_rounds(group: Group, name: str) -> dict[tuple[str, float], tuple[float, bool]]:
    """Round -> value of a figure, and whether nothing disturbed it, as nothing does memory."""
    return {
        run.round: (run.figures[name], run.status == "ok" or name in MEMORY)
        for run in group.counted
        if name in run.figures and (name != MEMORY[0] or set(EXACT) & set(run.figures))
    }


def _kept(values: Sequence[tuple[float, bool]], bar: float, figure: str) -> Kept:
    if not values:
        return Kept.UNKNOWN
    sign = -1.0 if _is_ratio(figure) else 1.0
    if sign * median(value for value, _ in values) <= sign * bar:
        return Kept.YES
    losses = [sign * math.log(value / bar) for value, is_quiet in values if is_quiet and value > 0]
    return Kept.NO if _least(losses) > 0.0 else Kept.UNCLEAR


def _least(losses: Sequence[float]) -> float:
    """The lower end of the interval of the mean of some logs; nothing is known of a single one."""
    n, sample = len(losses), np.array(losses)
    if n < 2:
        return -math.inf
    if n >= TRIMMED_FROM:
        return float(trimmed_mean(sample).interval(ALPHA)[0])
    half = stats.t.ppf(1.0 - ALPHA / 2.0, n - 1) * sample.std(ddof=1) / math.sqrt(n)
    return float(sample.mean() - half)
