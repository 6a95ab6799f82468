"""Records of runs as tests need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from snnlab.bench.record import Record, make_record


def record(
    *,
    repeats: int = 3,
    phases: Sequence[str] = ("construct", "simulate", "simulate/update"),
    simulate: float = 2.0,
    coordinates: Mapping[str, Any] | None = None,
    **values: Any,
) -> Record:
    """Return a record whose last times differ from repeat to repeat."""
    seconds = np.linspace(0.5, 1.0, len(phases)) * simulate
    wall = seconds + 0.01 * np.arange(repeats)[:, np.newaxis]
    own = {
        "wall_time": wall,
        "model_time": np.full(repeats, 1000.0),
        "seed": np.arange(repeats),
        "status": ["ok"] * repeats,
    }
    return make_record(
        own | values,
        {"series_id": "ab12", "simulator": "snnlab", "threads": 2} | dict(coordinates or {}),
        labels={"phase": phases},
        provenance={"command": ["snnlab", "run"]},
    )
