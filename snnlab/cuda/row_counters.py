"""How many synapses each row of a table has so far, in a few bits each where rows are short."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from snnlab.cuda.device import Array, Device

__all__ = ["Cursors", "counter_bits", "counters_bytes", "short_cursors"]

_FEWEST_BITS, _BITS = 4, 8
"""What a counter takes at first. Where one is too small, all of a table are counted again in twice
as many bits, 64 at most."""

_MEAN_OF_FEWEST = 0.5
"""Synapses a row for which the fewest bits do: of Poisson numbers with this mean one in a billion
times a billion is larger."""

_WORD = 64


class Cursors(NamedTuple):
    """Where the next synapse of each row of a table goes; see ``connect_put.cu``.

    Parameters
    ----------
    cursor : uint64
        Number of synapses of each row so far, or its next free place in the pool; or counters.
    counter_bits : int
        Of each counter; 0: each row has a number of its own.
    overflows : (1,) uint64
        Not 0: a counter has been too small.
    first, bits : array
        Where rows start, when synapses are placed by counters; see `RowBits`.
    halves : int
        Places of a synapse in the pool.
    """

    cursor: Array
    counter_bits: int
    overflows: Array
    first: Array
    bits: Array
    halves: int

    @classmethod
    def long(cls, cursor: Array) -> Cursors:
        """Return cursors of rows that have a number each."""
        return cls(cursor, 0, cursor, cursor, cursor, 1)


def counter_bits(mean: float) -> int:
    """Return how many bits counters have at first, where rows have so many synapses on average."""
    return _FEWEST_BITS if mean <= _MEAN_OF_FEWEST else _BITS


def _n_words(n_rows: int, bits: int) -> int:
    return -(-n_rows * bits // _WORD)


def counters_bytes(n_rows: int, bits: int) -> int:
    """Return the memory of the counters of a table."""
    return 8 * _n_words(n_rows, bits)


def short_cursors(n_rows: int, bits: int, device: Device) -> Cursors:
    """Return counters of so many bits; none of the rows has synapses yet."""
    counters = device.zeros(_n_words(n_rows, bits), np.uint64)
    return Cursors(counters, bits, device.zeros(1, np.uint64), counters, counters, 1)
