"""Lesioned neurons as arrays: who is held in which state, and which pairs no rule may connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.arrays.populations import initial_state
from snnlab.build.layout import BLOCK, Layout
from snnlab.model.indices import members

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network, Population

__all__ = ["has_lesions", "held", "is_lesioned"]


def has_lesions(network: Network) -> bool:
    """Tell whether any neuron is lesioned."""
    return any(population.lesioned for population in network.populations)


def is_lesioned(population: Population) -> NDArray[np.bool_]:
    """Return which neurons of a population are lesioned, shape (n,)."""
    found = np.zeros(population.size, bool)
    for start, stop in population.lesioned:
        found[start:stop] = True
    return found


def held(network: Network, layout: Layout, dtype: np.dtype[np.floating]) -> dict[str, NDArray[Any]]:
    """Return those members of `snnlab.arrays.program.Drive` that tell of lesioned neurons.

    They are held in the state from which they started.
    """
    most = max((len(p.model.states) for p in network.populations), default=0)
    block, lane = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    state = [np.empty((0, most), dtype)]
    for k, population in enumerate(network.populations):
        if not population.lesioned:
            continue
        neurons = np.fromiter(members(population.lesioned), np.int64)
        block.append(layout.first_blocks[k] + neurons // BLOCK)
        lane.append(neurons % BLOCK)
        window = slice(int(neurons[0]), int(neurons[-1]) + 1)
        values = initial_state(network, population, window)[:, neurons - neurons[0]].T
        state.append(np.zeros((neurons.size, most), dtype))
        state[-1][:, : values.shape[1]] = values
    start = np.searchsorted(np.concatenate(block), np.arange(layout.n_blocks + 1))
    return {
        "held_start": start.astype(np.int64),
        "held_lane": np.concatenate(lane),
        "held_state": np.concatenate(state).ravel(),
    }
