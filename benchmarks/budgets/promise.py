"""One promise with its bar, and what was found."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Measured", "table"]


@dataclass(frozen=True)
class Measured:
    """One promise, and what was found.

    Parameters
    ----------
    what : str
    bar : float or None
        What it may be at most; None: nobody has promised anything.
    unit : str
    values : tuple of float
        One for each time.
    condition : str
        Of the measurement: network, threads, what else there was.
    is_least : bool
        Whether the bar is what it must be at least.
    is_typical : bool
        Whether the median is held against the bar, as for shares of noisy times; else the worst.
    """

    what: str
    bar: float | None
    unit: str
    values: tuple[float, ...]
    condition: str = ""
    is_least: bool = False
    is_typical: bool = False

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    @property
    def worst(self) -> float:
        """The one that is farthest on the wrong side."""
        return min(self.values) if self.is_least else max(self.values)

    @property
    def is_kept(self) -> bool:
        """Whether the promise is kept."""
        if self.bar is None:
            return True
        judged = self.median if self.is_typical else self.worst
        return judged >= self.bar if self.is_least else judged <= self.bar


def table(found: Sequence[Measured]) -> str:
    """Return the table in Markdown."""
    lines = [
        "| promise | bar | median | worst | times | kept | condition |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in found:
        sign = "\N{GREATER-THAN OR EQUAL TO}" if m.is_least else "\N{LESS-THAN OR EQUAL TO}"
        bar = "none" if m.bar is None else f"{sign} {m.bar:g} {m.unit}"
        kept = "yes" if m.is_kept else "**no**"
        lines.append(
            f"| {m.what} | {bar} | {m.median:.3g} {m.unit} | {m.worst:.3g} | {len(m.values)} "
            f"| {kept if m.bar is not None else ''} | {m.condition} |"
        )
    return "\n".join(lines)
