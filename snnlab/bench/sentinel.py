"""A fixed workload that tells whether the machine itself changed during a batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from snnlab.bench.machine import available_cores, keep_to

__all__ = ["sentinel"]

PIECES = 80
N_NEURONS, N_STEPS, N_TRIAD = 10_000, 40, 500_000

Array = np.ndarray[tuple[int], np.dtype[np.float64]]


def sentinel(cores: Sequence[int] | None = None, *, pieces: int = PIECES) -> float:
    """Return how long the fixed workload takes [s].

    It is a loop of a LIF population in NumPy, bound to the core, and a sum of arrays that do not
    fit into its own caches. Pieces of a millisecond, of which the fastest counts, find the speed of
    the machine beside what else runs on it. Its time before and after a batch tells whether the
    machine stayed the same; it does not scale a benchmark, which is another workload.

    Parameters
    ----------
    cores : sequence of int, optional
        Those of the batch; it runs on the last one.
    pieces : int
    """
    before = available_cores()
    if cores:
        keep_to(cores[-1:])
    try:
        v = np.linspace(0.0, 20.0, N_NEURONS)
        a, b, c = (np.full(N_TRIAD, 0.5) for _ in range(3))
        loops = [_timed(lambda: _loop(v.copy())) for _ in range(pieces)]
        sums = [_timed(lambda: _triad(a, b, c)) for _ in range(pieces)]
        return min(loops) + min(sums)
    finally:
        keep_to(before)


def _timed(piece: Callable[[], None]) -> float:
    began = time.perf_counter()
    piece()
    return time.perf_counter() - began


def _loop(v: Array) -> None:
    for _ in range(N_STEPS):
        v *= 0.995
        v += 0.12
        v[v >= 20.0] = 10.0


def _triad(a: Array, b: Array, c: Array) -> None:
    np.multiply(b, 0.5, out=a)
    np.add(a, c, out=a)
