"""Canonical units and the one place where a quantity is converted.

Inside snnlab every number is a plain float in NEST's units: ms, mV, pA, nS, pF, Hz, µm.
At the border a quantity may be written as a string with its unit, ``"20 ms"`` or ``"0.25 nF"``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any

from snnlab.errors import UnitError

__all__ = ["CANONICAL", "format_quantity", "is_quantity", "to_canonical"]

_PREFIX = {"p": -12, "n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9}
_BASE = {"s": "time", "V": "voltage", "A": "current", "S": "conductance", "F": "capacitance"}
_BASE |= {"Hz": "frequency", "m": "length", "Ohm": "resistance"}

CANONICAL = {
    "time": "ms",
    "voltage": "mV",
    "current": "pA",
    "conductance": "nS",
    "capacitance": "pF",
    "frequency": "Hz",
    "length": "um",
    "resistance": "MOhm",
    "number": "1",
}
"""Dimension -> unit in which snnlab stores it."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_QUANTITY = re.compile(rf"\s*({_NUMBER})\s*([A-Za-zµμΩ%/][A-Za-zµμΩ0-9/*^]*)?\s*")


def _normalise(unit: str) -> str:
    return unit.replace("µ", "u").replace("μ", "u").replace("Ω", "Ohm") or "1"


def _simple(unit: str) -> tuple[str, int] | None:
    """Dimension and power of ten of a prefixed base unit, None if it is not one."""
    if unit in ("1", ""):
        return "number", 0
    for base, dimension in _BASE.items():
        prefix = unit[: len(unit) - len(base)]
        if unit.endswith(base) and prefix in _PREFIX:
            return dimension, _PREFIX[prefix]
    return None


def _dimension(unit: str) -> tuple[str, int] | None:
    """Dimension and power of ten of a unit or of a quotient of two (``"mV/ms"``, ``"1/ms"``)."""
    unit = _normalise(unit)
    if "/" not in unit:
        return _simple(unit)
    above, _, below = unit.partition("/")
    a, b = _simple(above), _simple(below)
    if a is None or b is None:
        return None
    return f"{a[0]}/{b[0]}", a[1] - b[1]


@lru_cache(maxsize=4096)
def is_quantity(text: str) -> bool:
    """Tell whether `text` is a number with an optional known unit (and not an expression)."""
    match = _QUANTITY.fullmatch(text)
    return match is not None and (match[2] is None or match[2] == "%" or bool(_dimension(match[2])))


def _scalar(value: Any) -> float | None:
    """A number or a numpy scalar as a float; None for anything else, truth values included."""
    if str(getattr(value, "dtype", type(value).__name__)) == "bool":
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def to_canonical(value: float | int | str, unit: str, *, where: str) -> float:
    """Convert one quantity to the unit in which it is stored.

    Parameters
    ----------
    value : float or str
        A plain number is taken to be in `unit` already; a string carries its own unit.
    unit : str
        The unit of the declaration, e.g. ``"mV"``.
    where : str
        Name of the quantity for the error message.

    Returns
    -------
    float [unit]

    Raises
    ------
    UnitError
        The string has no number, an unknown unit, or a unit of another dimension.
    """
    if not isinstance(value, str):
        number = _scalar(value)
        if number is None:
            raise UnitError(
                where,
                f"must be a number [{unit}]",
                got=f"{value!r} ({type(value).__name__})",
                remedy=f'Write a plain number in {unit}, or a string such as "1 {unit}".',
            )
        return number
    match = _QUANTITY.fullmatch(value)
    target = _dimension(unit)
    if match is None or target is None:
        raise UnitError(
            where,
            f"must be a number with a unit of {unit}",
            got=repr(value),
            remedy=f'Write a plain number in {unit}, or a string such as "1 {unit}".',
        )
    written = match[2]
    if written is None:
        return float(match[1])
    found = _dimension(written)
    if found is None or found[0] != target[0]:
        is_what = found[0] if found else "unknown"
        raise UnitError(
            where,
            f"must be a {target[0]} [{unit}]",
            got=f"{value!r}, a {is_what} unit",
            remedy=f"Give the value in {unit} or in a prefix of it.",
        )
    # A decimal shift, not a multiplication, so that "0.25 nF" is exactly 250 pF.
    return float(Decimal(match[1]).scaleb(found[1] - target[1]))


def format_quantity(value: float, unit: str) -> str:
    """Write a number with its unit for people: ``format_quantity(-20.0, "ms") == "-20 ms"``."""
    text = f"{value:.6g}"
    return text if unit in ("1", "") else f"{text} {unit}"
