"""Where the time of a frame went on the device."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from snnlab.cuda.program import PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CudaClock"]


class CudaClock:
    """Measures one frame, from the moment it is made.

    The device counts clock cycles of each phase in one of its threads; they are turned into
    seconds by how long their launch took.

    Parameters
    ----------
    has_ranks : bool
        Whether there is an exchange with other ranks to be measured.
    """

    def __init__(self, *, has_ranks: bool = False) -> None:
        self._began = time.perf_counter()
        names = (*PHASES, "record", *(["exchange"] if has_ranks else []))
        self._seconds = dict.fromkeys(names, 0.0)

    def launched(self, seconds: float, ticks: NDArray[np.int64]) -> None:
        """Take over what one launch of `seconds` [s] spent on each of `PHASES` [cycles]."""
        total = max(int(ticks.sum()), 1)
        for name, n in zip(PHASES, ticks, strict=True):
            self._seconds[name] += seconds * int(n) / total

    def recorded(self, seconds: float) -> None:
        """Add time [s] that was spent on the order of spikes and on samples."""
        self._seconds["record"] += seconds

    def rewired(self, seconds: float) -> None:
        """Add time [s] that was spent on a launch of rules alone."""
        self._seconds["rewire"] += seconds

    def exchanged(self, seconds: float) -> None:
        """Add time [s] that was spent on the exchange with other ranks, waiting included."""
        self._seconds["exchange"] += seconds

    def timings(self) -> tuple[float, dict[str, float]]:
        """Return the wall-clock time [s] so far and what part of it each phase took [s]."""
        wall_s = time.perf_counter() - self._began
        rest = max(wall_s - sum(self._seconds.values()), 0.0)
        return wall_s, {**self._seconds, "other": rest}
