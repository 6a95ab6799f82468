"""Exponential relaxation over any number of steps, from two short tables.

exp(-n dt / tau) is the product of an entry for the low bits of n and one for the high bits: exact
to two roundings for any n, the same on any device, and without a call of exp in the loop over
synapses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit, uint64

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TABLE_SIZE", "decay", "decay_table"]

_FINE_BITS = 11
_FINE = 1 << _FINE_BITS
_COARSE = 8192

TABLE_SIZE = _FINE + _COARSE
"""Entries of a table; after 2^24 steps a trace is at rest."""


def decay_table(tau: float, dt: float, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """Return the table of one time constant, shape (TABLE_SIZE,).

    Parameters
    ----------
    tau, dt : float [ms]
        Where tau is 0, all is gone after one step.
    """
    n = np.concatenate([np.arange(_FINE), np.arange(_COARSE) * _FINE])
    per_step = np.inf if tau == 0.0 else dt / tau
    with np.errstate(invalid="ignore"):
        table = np.where(n == 0, 1.0, np.exp(-n * per_step))
    table[-1] = 0.0
    table[table < np.finfo(dtype).tiny] = 0.0
    return table.astype(dtype)


@njit(forceinline=True, error_model="numpy")
def _decay(tables, k, steps):  # type: ignore[no-untyped-def]
    n = uint64(steps)
    fine = tables[uint64(k * TABLE_SIZE) + (n & uint64(_FINE - 1))]
    coarse = min(n >> uint64(_FINE_BITS), uint64(_COARSE - 1))
    return fine * tables[uint64(k * TABLE_SIZE + _FINE) + coarse]


decay: Any = _decay
"""``decay(tables, k, steps)``: what is left of a trace after `steps` >= 0, by table number `k`.

Negative numbers of steps, which occur in lanes that are not used, count as infinitely many.
"""
