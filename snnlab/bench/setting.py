"""Where records go, on which machine, with which interpreters, and for how long."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from snnlab.bench.machine import MachineProfile
from snnlab.bench.store import Store

__all__ = ["Setting", "silent"]


def silent(line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Setting:
    """What stays the same while benchmarks run.

    Parameters
    ----------
    store : Store
    machine : MachineProfile
    pythons : mapping
        Simulator -> interpreter that has it; default: the one that runs this.
    tell : callable
        Gets a line about each run as it ends.
    until : float [s]
        Of `time.monotonic`: nothing further begins after it.
    """

    store: Store
    machine: MachineProfile
    pythons: Mapping[str, str] = field(default_factory=dict)
    tell: Callable[[str], object] = silent
    until: float = math.inf

    @property
    def is_over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self.until
