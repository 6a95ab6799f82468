"""How many threads, and how they wait.

Must be imported before Numba starts its threads: the waiting policy is read once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# A barrier that spins for long loses everything when another process wants the core; a short
# spin costs nothing when the machine is quiet.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

import numba

from snnlab.errors import SpecError

__all__ = ["available_threads", "choose_threads", "parallel_region"]

_PARALLEL = threading.Lock()
"""Held around compiled parallel calls: not every threading layer allows two at a time."""

_NEURONS_PER_THREAD = 1500
"""Below this a second thread waits longer than it works."""


def choose_threads(threads: int | None, n_neurons: int) -> int:
    """Return the number of threads for a network.

    Parameters
    ----------
    threads : int or None
        What the user asked for; None chooses by the size of the network.
    n_neurons : int

    Raises
    ------
    SpecError
        Not a whole number >= 1.
    """
    available = available_threads()
    if threads is None:
        return max(1, min(available, n_neurons // _NEURONS_PER_THREAD))
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise SpecError("threads", "must be a whole number >= 1", got=repr(threads))
    return threads


def available_threads() -> int:
    """Return how many threads compute at a time, at most."""
    return int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]


@contextmanager
def parallel_region(threads: int) -> Iterator[int]:
    """Run compiled parallel code with this many threads, or as many as there are: that number."""
    with _PARALLEL:
        active = min(threads, available_threads())
        numba.set_num_threads(active)
        yield active
