"""Where a row of static synapses starts and ends, long or short."""

from __future__ import annotations

from numba import int64, njit

from snnlab.arrays.program import TABLE_FIELDS
from snnlab.build.short_rows import GROUP

__all__ = ["row_start", "rows_of"]

_N_ROWS, _START, _STOP, _FIRST, _OFFSET = (
    TABLE_FIELDS.index(name)
    for name in ("n_rows", "row_base", "stop_base", "short_first_base", "short_offset_base")
)


@njit(error_model="numpy", inline="always")
def rows_of(synapses, k, p):  # type: ignore[no-untyped-def]
    """Return where partition `p` keeps the starts of the rows of table `k`, and their ends."""
    table = synapses.table[k]
    n_starts = table[_N_ROWS] + 1
    if table[_FIRST] < 0:
        at = p * n_starts
        return (int64(-1), table[_START] + at, int64(0)), (int64(-1), table[_STOP] + at, int64(0))
    first = table[_FIRST] + p * (table[_N_ROWS] // GROUP + 1)
    at = table[_OFFSET] + p * n_starts
    return (first, at, int64(0)), (first, at, int64(1))


@njit(error_model="numpy", inline="always")
def row_start(synapses, rows, row):  # type: ignore[no-untyped-def]
    """Return where a row starts, or ends: what `rows_of` has returned says which."""
    first, at, shift = rows
    if first < 0:
        return synapses.row_start[at + row]
    i = row + shift
    return synapses.short_first[first + i // GROUP] + int64(synapses.short_offset[at + i])
