"""Colours from nothing to much, as lists: known without the packages that draw."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["NOTHING", "PAPER_TO_INK", "evenly"]

NOTHING = "#bbbbbb"
"""Where a quantity has no value."""


def _between(a: str, b: str, n: int) -> list[str]:
    """Return `n` colours from `a` up to and without `b`."""
    ends = [[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in (a, b)]
    mixed = [[x + (y - x) * i / n for x, y in zip(*ends, strict=True)] for i in range(n)]
    return ["#" + "".join(f"{round(part):02x}" for part in colour) for colour in mixed]


PAPER_TO_INK = [
    "#ffffff",
    *_between("#cfe6f5", "#0072b2", 127),
    *_between("#0072b2", "#00203c", 128),
]
"""White where nothing is; the least that is there can be told from it."""


def evenly(colours: Sequence[str], n: int) -> list[str]:
    """Return `n` colours of a list, evenly."""
    steps = (len(colours) - 1) / (n - 1)
    return [colours[round(k * steps)] for k in range(n)]
