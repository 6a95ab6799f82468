"""Which adapter runs a cell."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from snnlab.bench.adapters.adapter import Adapter
from snnlab.bench.adapters.any_command import AnyCommand
from snnlab.bench.adapters.simulators import Peer, Snnlab

__all__ = ["adapter_for"]


def adapter_for(simulator: str, pythons: Mapping[str, str] | None = None) -> Adapter:
    """Return the adapter of a simulator.

    Parameters
    ----------
    simulator : str
        One of `keys.SIMULATORS`.
    pythons : mapping, optional
        Simulator -> interpreter that has it; default: the one that runs this.
    """
    python = (pythons or {}).get(simulator, sys.executable)
    if simulator == "snnlab":
        return Snnlab(python)
    return AnyCommand(python) if simulator == "command" else Peer(simulator, python)
