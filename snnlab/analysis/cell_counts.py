"""Spikes counted in cells, of an interval of time and a group of neurons each, in one pass.

Places are unsigned, so that Numba need not ask whether they count from the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["add_to_cells", "add_to_ranges"]


def add_to_cells(
    counts: NDArray[np.unsignedinteger],
    neuron: NDArray[np.int64],
    ends: NDArray[np.int64],
    group_of: NDArray[np.int32],
    most: int,
) -> None:
    """Count each spike in its cell, up to `most` in a cell.

    Parameters
    ----------
    counts : (n_intervals, n_groups) unsigned
        What spikes are added to.
    neuron : (n_spikes,) int64
    ends : (n_intervals + 1,) int64
        Spikes ``ends[k]`` to ``ends[k + 1]`` are of interval k.
    group_of : (n_neurons,) int32
        Group of each neuron, in 0 ... n_groups - 1.
    most : int

    Raises
    ------
    SpecError
        A neuron that has no group.
    """
    stray = _add_to_cells(counts, neuron, ends, group_of, most)
    if stray >= 0:
        raise SpecError(
            f"neuron[{stray}]", f"must be in 0 ... {group_of.size - 1}", got=str(neuron[stray])
        )


def add_to_ranges(
    counts: NDArray[np.unsignedinteger],
    neuron: NDArray[np.int64],
    ends: NDArray[np.int64],
    first: NDArray[np.int64],
) -> None:
    """Count each spike in its cell where groups are ranges of neurons, and few.

    Parameters
    ----------
    counts : (n_intervals, n_groups) unsigned
        What spikes are added to.
    neuron : (n_spikes,) int64
        All of them in some group.
    ends : (n_intervals + 1,) int64
        Spikes ``ends[k]`` to ``ends[k + 1]`` are of interval k.
    first : (n_groups,) int64
        First neuron of each group, ascending.
    """
    _add_to_ranges(counts, neuron, ends, first)


@njit(nogil=True, error_model="numpy", cache=True)
def _add_to_cells(counts, neuron, ends, group_of, most):  # type: ignore[no-untyped-def]
    """Return the place of a spike whose neuron has no group, -1 if there is none."""
    n_neurons = np.uint64(group_of.size)
    for k in range(ends.size - 1):
        cells, some = counts[k], neuron[ends[k] : ends[k + 1]]
        for i in range(some.size):
            one = np.uint64(some[i])  # a negative one is far beyond the last
            if one >= n_neurons:
                return ends[k] + i
            group = np.uint64(group_of[one])
            cells[group] += cells[group] < most
    return -1


@njit(nogil=True, error_model="numpy", cache=True)
def _add_to_ranges(counts, neuron, ends, first):  # type: ignore[no-untyped-def]
    for k in range(ends.size - 1):
        some = neuron[ends[k] : ends[k + 1]]
        n_left = some.size
        for group in range(first.size):
            n_beyond = 0
            if group + 1 < first.size:
                border = first[group + 1]
                for i in range(some.size):
                    n_beyond += some[i] >= border
            counts[k, group] += n_left - n_beyond
            n_left = n_beyond
