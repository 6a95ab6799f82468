"""Spikes counted in cells, of an interval of time and a group of neurons each, in one pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["add_to_cells"]


def add_to_cells(
    counts: NDArray[np.integer],
    step: NDArray[np.int64],
    neuron: NDArray[np.int64],
    edges: NDArray[np.int64],
    group_of: NDArray[np.int32],
    most: int,
) -> None:
    """Count each spike in its cell, up to `most` in a cell.

    Parameters
    ----------
    counts : (n_intervals, n_groups) int
        What spikes are added to.
    step : (n_spikes,) int64
        Ascending.
    neuron : (n_spikes,) int64
    edges : (n_intervals + 1,) int64 [steps]
        Ascending; those with ``edges[k] <= step < edges[k + 1]`` are of interval k, others of none.
    group_of : (n_neurons,) int32
        Group of each neuron, in 0 ... n_groups - 1.
    most : int

    Raises
    ------
    SpecError
        A neuron that has no group.
    """
    stray = _add(counts, step, neuron, edges, group_of, most)
    if stray >= 0:
        raise SpecError(
            f"neuron[{stray}]", f"must be below {group_of.size}", got=str(neuron[stray])
        )


@njit(nogil=True, error_model="numpy", cache=True)
def _add(counts, step, neuron, edges, group_of, most):  # type: ignore[no-untyped-def]
    """Return the place of a spike whose neuron has no group, -1 if there is none."""
    i, n = np.searchsorted(step, edges[0]), step.size
    for k in range(edges.size - 1):
        stop = edges[k + 1]
        while i < n and step[i] < stop:
            if not 0 <= neuron[i] < group_of.size:
                return i
            group = group_of[neuron[i]]
            if counts[k, group] < most:
                counts[k, group] += 1
            i += 1
    return -1
