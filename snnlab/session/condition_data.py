"""Conditions as plain data, for files: their kind and their fields."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from snnlab.errors import FormatError, SnnlabError, unknown_name
from snnlab.session.conditions import (
    Condition,
    CvBeyond,
    RateBeyond,
    SampleBeyond,
    SpikeOf,
    WeightBeyond,
)
from snnlab.session.formula import Holds

__all__ = ["condition_of_data", "data_of_condition"]

_KINDS: dict[str, Any] = {
    "rate": RateBeyond,
    "cv": CvBeyond,
    "weight": WeightBeyond,
    "sample": SampleBeyond,
    "spike": SpikeOf,
    "formula": Holds,
}
"""Kind in a file -> class; the fields have the same names in both."""


def data_of_condition(condition: Condition) -> dict[str, Any] | None:
    """Return a condition as JSON has it; None for one that files have no form for.

    Examples
    --------
    >>> data_of_condition(RateBeyond("exc", above=50.0))
    {'kind': 'rate', 'population': 'exc', 'above': 50.0, 'window': 100.0}
    """
    kind = next((name for name, made in _KINDS.items() if type(condition) is made), None)
    if kind is None:
        return None
    fields = {f.name: getattr(condition, f.name) for f in dataclasses.fields(_KINDS[kind])}
    finite = {k: v for k, v in fields.items() if not (isinstance(v, float) and math.isinf(v))}
    return {"kind": kind, **finite}


def condition_of_data(data: Mapping[str, Any]) -> Condition:
    """Return the condition that data says.

    Raises
    ------
    FormatError
        No such kind, or fields that cannot be meant.
    """
    fields = {name: value for name, value in data.items() if name != "kind"}
    if data.get("kind") not in _KINDS:
        raise unknown_name("kind of breakpoint", str(data.get("kind")), _KINDS)
    made = _KINDS[data["kind"]]
    try:
        condition: Condition = made(**fields)
    except (SnnlabError, TypeError) as error:
        raise FormatError(
            "session.breakpoints", f"must be a condition of kind {data['kind']!r}",
            got=str(error)[:200],
        ) from error  # fmt: skip
    return condition
