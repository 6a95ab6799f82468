"""What is wrong with a run, as JSON data: numbers that JSON has no form for become words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from snnlab.frames.health import Kind, Trouble

__all__ = ["from_data", "to_data"]

_REALS = ("value", "largest_input")


def to_data(trouble: Trouble) -> dict[str, Any]:
    """Return a trouble as plain data with finite numbers."""
    data = asdict(trouble) | {"kind": trouble.kind.value, "state": dict(trouble.state)}
    for name in _REALS:
        if data[name] is not None:
            number = float(data[name])
            data[name] = number if math.isfinite(number) else repr(number)
    return data


def from_data(data: Mapping[str, Any]) -> Trouble:
    """Return the trouble that `to_data` made `data` of.

    Raises
    ------
    TypeError, ValueError
        It was made by something else.
    """
    reals = {name: None if data.get(name) is None else float(data[name]) for name in _REALS}
    return Trouble(**{**data, **reals, "kind": Kind(data["kind"])})
