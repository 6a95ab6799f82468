"""Compiled look at all state variables: how many are no plausible numbers.

It is part of the loop, every 10 ms of model time or so, at steps that depend on the network alone:
trouble is found at the same step however the run is cut and whatever the number of threads.
"""

from __future__ import annotations

from numba import int32, int64, njit, uint64

from snnlab.build.layout import BLOCK

__all__ = ["look"]


@njit(error_model="numpy", inline="always")
def _count_outside(state, at, size, low, high):  # type: ignore[no-untyped-def]
    """How many of `size` numbers are not inside; NaN compares false, so it is outside too."""
    n = int32(0)
    for j in range(size):
        x = state[uint64(at) + uint64(j)]
        n += int32(not x >= low) + int32(not x <= high)
    return n


@njit(error_model="numpy", cache=True)
def look(program, memory, p):  # type: ignore[no-untyped-def]
    """Count the implausible state variables of partition `p`; padding does not count."""
    n = int64(0)
    for b in range(program.bounds[p], program.bounds[p + 1]):
        population = program.block_population[b]
        at, size = program.state_offset[b], program.block_size[b]
        for k in range(program.n_states[population]):
            low, high = program.low[population, k], program.high[population, k]
            n += _count_outside(memory.state, at + k * BLOCK, size, low, high)
    memory.suspects[p, 0] = n
