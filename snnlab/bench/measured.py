"""What a program has printed, checked: phases, counts, values, versions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from snnlab.errors import FormatError, unknown_name

__all__ = ["COUNTS", "NUMBERS", "Measured", "measured"]

COUNTS = ("n_neurons", "n_synapses", "n_spikes", "n_syn_events")
NUMBERS = ("model_time", "dt", "accuracy", "loss", *COUNTS)
"""Numbers that are variables of a record."""

MAPPINGS = ("phases", "values", "bytes", "populations")
"""Names -> numbers: wall times [s], values of science checks, memory [byte], sizes."""

KNOWN = (*NUMBERS, *MAPPINGS, "wall_time", "versions", "raw", "package")

_PLACE = "Figures of the program"


@dataclass(frozen=True)
class Measured:
    """What one run gave.

    Parameters
    ----------
    phases : mapping
        Path of a phase -> wall time [s].
    numbers : mapping
        Of `NUMBERS`, those that were printed.
    values : mapping
        What science checks look at.
    n_bytes : mapping
        ``"peak"``, ``"connectivity"``, ``"growth"`` -> memory [byte].
    populations : mapping
        Name -> size, in the order of the global ids of spikes.
    versions : mapping
        Package -> version.
    raw : mapping
        Readings as the simulator gave them.
    package : str
        Folder of the code that was measured, if the program tells.
    """

    phases: Mapping[str, float]
    numbers: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    n_bytes: Mapping[str, float] = field(default_factory=dict)
    populations: Mapping[str, float] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    package: str = ""


def measured(printed: Mapping[str, Any]) -> Measured:
    """Return what a program has printed.

    Parameters
    ----------
    printed : mapping
        ``{"phases": {"simulate": 0.61, "simulate/update": 0.2}, "n_spikes": 8000, ...}``, or
        ``{"wall_time": 0.61}`` for a single phase `simulate`.

    Raises
    ------
    FormatError
        No phase, a negative time, or something that is no number.
    SpecError
        A name that no figure has; the nearest ones are offered.
    """
    for name in printed:
        if name not in KNOWN:
            raise unknown_name("Figure of the program", name, KNOWN)
    phases = dict(_numbers(printed, "phases", low=0.0))
    if "wall_time" in printed:
        phases["simulate"] = _number("wall_time", printed["wall_time"], 0.0)
    if not phases:
        raise FormatError(
            _PLACE, "must have phases", got=", ".join(printed) or "nothing",
            remedy='Print {"phases": {"simulate": seconds}} as the last line.',
        )  # fmt: skip
    versions = printed.get("versions", {})
    if not isinstance(versions, Mapping):
        raise FormatError(_PLACE, "must have versions as a mapping", got=repr(versions))
    return Measured(
        phases,
        {name: _number(name, printed[name], 0.0) for name in NUMBERS if name in printed},
        _numbers(printed, "values"),
        _numbers(printed, "bytes"),
        _numbers(printed, "populations", low=0.0),
        {str(name): str(version) for name, version in versions.items()},
        printed.get("raw", {}),
        str(printed.get("package", "")),
    )


def _numbers(printed: Mapping[str, Any], name: str, *, low: float = -math.inf) -> dict[str, float]:
    found = printed.get(name, {})
    if not isinstance(found, Mapping):
        raise FormatError(_PLACE, f"must have {name} as a mapping", got=repr(found))
    return {str(key): _number(f"{name}.{key}", value, low) for key, value in found.items()}


def _number(name: str, value: Any, low: float) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < low:
        bound = f" and at least {low:g}" if math.isfinite(low) else ""
        raise FormatError(_PLACE, f"must have a {name} that is finite{bound}", got=repr(value))
    return float(value)
