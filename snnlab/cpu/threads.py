"""How many threads a network is worth."""

from __future__ import annotations

import numba

from snnlab.errors import SpecError

__all__ = ["available_threads", "choose_threads"]

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
