"""Running sums over the rows of a table on the device: where each row starts."""

from __future__ import annotations

import numpy as np

from snnlab.cuda.device import Array, Device, Module
from snnlab.cuda.grid import n_blocks

__all__ = ["start_rows"]

_THREADS = 256
"""Threads that sum: as many as ``row_starts.cu`` has room for."""


def start_rows(
    counts: Array, n: int, n_pre: int, row_start: Array, base: int, device: Device, module: Module
) -> tuple[int, int]:
    """Fill in where the rows of one table start, counted from the table's first synapse.

    Parameters
    ----------
    counts : uint64
        Synapses of each of `n` rows.
    n, n_pre : int
        Rows in all, and of each partition.
    row_start : (n,) int64
        Filled from `base` on: (n_partitions, n_pre + 1) starts. May be `counts` itself where
        there is one partition.
    base : int
    device : Device
    module : Module

    Returns
    -------
    n_synapses, longest : int
        Of the table, and of its longest row.
    """
    sum_rows, fill = module.kernel("sum_rows"), module.kernel("start_rows")
    n_stretches = min(n_blocks(kernel, _THREADS, n) for kernel in (sum_rows, fill))
    stretches, found = device.empty(n_stretches, np.int64), device.zeros(2, np.uint64)
    sum_rows(n_stretches, _THREADS, counts, n, stretches, found)
    module.kernel("sum_stretches")(1, _THREADS, stretches, n_stretches, found)
    fill(n_stretches, _THREADS, counts, n, n_pre, stretches, row_start, base)
    n_synapses, longest = device.download(found)
    return int(n_synapses), int(longest)
