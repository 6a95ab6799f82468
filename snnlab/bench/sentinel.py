"""A fixed workload that tells whether the machine itself changed during a batch."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from snnlab.bench.machine import available_cores, keep_to

__all__ = ["sentinel"]

PIECES = 15
N_NEURONS, N_STEPS, N_TRIAD = 10_000, 250, 1_000_000


def sentinel(cores: Sequence[int] | None = None, *, pieces: int = PIECES) -> float:
    """Return how long a piece of the fixed workload takes [s], the fastest of several.

    A piece is a loop of a LIF population in NumPy, bound to the core, and sums of arrays that do
    not fit into its cache, bound to memory. Its time before and after a batch tells whether the
    machine stayed the same; it does not scale a benchmark, which is neither.

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
        arrays = [np.full(N_TRIAD, 0.5) for _ in range(3)]
        _piece(arrays)
        return min(_piece(arrays) for _ in range(pieces))
    finally:
        keep_to(before)


def _piece(arrays: list[np.ndarray[tuple[int], np.dtype[np.float64]]]) -> float:
    v = np.linspace(0.0, 20.0, N_NEURONS)
    a, b, c = arrays
    began = time.perf_counter()
    for _ in range(N_STEPS):
        v *= 0.995
        v += 0.12
        v[v >= 20.0] = 10.0
    for _ in range(5):
        np.multiply(b, 0.5, out=a)
        np.add(a, c, out=a)
    return time.perf_counter() - began
