"""Where the time of a frame went: each thread notes ticks as it goes from phase to phase.

Of short chunks only some are timed and stand for the others, so that reading the counter costs
nothing that could be measured. Its rate is taken from each frame's own wall-clock time.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
from numba import int64, njit

from snnlab.cpu.ticks import read_ticks, ticks

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "DELIVER",
    "EXCHANGE",
    "PHASES",
    "PLASTICITY",
    "RECORD",
    "REWIRE",
    "UPDATE",
    "WAIT",
    "PhaseClock",
    "charge",
    "chunk_weight",
    "stamp",
]

PHASES = ("update", "deliver", "plasticity", "record", "rewire", "exchange")
"""What the threads do; the rest of a frame's wall-clock time is ``other``."""

UPDATE, DELIVER, PLASTICITY, RECORD, REWIRE, EXCHANGE = range(len(PHASES))

WAIT = len(PHASES)
"""Column of the time that threads wait for each other: a part of ``other``."""

_CACHE_LINE = 8
"""Columns: a thread writes into a cache line of its own."""


_TIMED_EVERY = 7
"""Steps between timed chunks, at least; prime, so that recorders with an interval are met."""


@njit(error_model="numpy", inline="always")
def chunk_weight(n_chunks, n_left, chunk_steps):  # type: ignore[no-untyped-def]
    """Return for how many chunks the next one stands: itself and those after it, or none.

    Parameters
    ----------
    n_chunks, n_left : int
        Chunks done in this call, and still to do.
    chunk_steps : int
        Steps in a chunk; long ones are all timed.
    """
    every = (_TIMED_EVERY + chunk_steps - 1) // chunk_steps
    return min(every, n_left) if n_chunks % every == 0 else 0


@njit(error_model="numpy", inline="always")
def stamp(weight):  # type: ignore[no-untyped-def]
    """Return the time in ticks, in a chunk that is timed."""
    return ticks() if weight else int64(0)


@njit(error_model="numpy", inline="always")
def charge(rows, row, phase, since, weight):  # type: ignore[no-untyped-def]
    """Add the time since `since` to a phase; return the moment at which the next one begins."""
    now = stamp(weight)
    rows[row, phase] += (now - since) * weight
    return now


class PhaseClock:
    """Measures one frame, from the moment it is made.

    Parameters
    ----------
    n_partitions : int
        Partitions of the network, each of which is computed by one thread at a time.

    Attributes
    ----------
    rows : (n_partitions, 8) int64 [ticks]
        What `charge` writes during a compiled call: columns `PHASES`, then `WAIT`.
    """

    def __init__(self, n_partitions: int) -> None:
        self.rows: NDArray[np.int64] = np.zeros((n_partitions, _CACHE_LINE), np.int64)
        self._ticks = np.zeros(len(PHASES))
        self._recorded_s = 0.0
        self._began, self._first_tick = time.perf_counter(), read_ticks()

    def collect(self, threads: int) -> float:
        """Take over what one compiled call has charged.

        Parameters
        ----------
        threads : int
            Number of threads that shared the partitions in it.

        Returns
        -------
        float
            What part of their time they waited for each other.
        """
        ticks = self.rows.sum(axis=0) / threads
        self._ticks += ticks[: len(PHASES)]
        self.rows[:] = 0
        return float(ticks[WAIT] / max(ticks.sum(), 1.0))

    def recorded(self, seconds: float) -> None:
        """Add time [s] that was spent outside of compiled loops, on the order of spikes, say."""
        self._recorded_s += seconds

    def timings(self) -> tuple[float, dict[str, float]]:
        """Return the wall-clock time [s] so far and what part of it each phase took [s].

        Returns
        -------
        wall_s : float [s]
        timings : dict
            Each of `PHASES`, mean over the threads, and ``"other"``: waiting for the slowest
            thread or for a core, health checks, Python. They add up to `wall_s`.
        """
        n_ticks = read_ticks() - self._first_tick
        wall_s = time.perf_counter() - self._began
        seconds = self._ticks * (wall_s / max(n_ticks, 1))
        seconds[RECORD] += self._recorded_s
        # Timed chunks that were slower than those they stand for must not exceed the whole.
        seconds *= min(wall_s / max(seconds.sum(), 1e-12), 1.0)
        found = dict(zip(PHASES, map(float, seconds), strict=True))
        return wall_s, found | {"other": max(wall_s - sum(found.values()), 0.0)}
