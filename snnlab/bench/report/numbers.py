"""Numbers for people: three or four digits, and a word where there is none."""

from __future__ import annotations

import math

__all__ = ["UNAVAILABLE", "short"]

UNAVAILABLE = "unavailable"


def short(value: float) -> str:
    """Return a number with four digits, whole counts in full; NaN as ``"unavailable"``."""
    if not math.isfinite(value):
        return UNAVAILABLE
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value)}"
    return f"{value:.4g}"
