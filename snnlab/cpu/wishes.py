"""Which neurons of the others a rank wants: a bit for each of theirs, or a list where few are.

For each other rank the shorter of the two is told, once; both sides keep what was told, so that
neither a rank nor the way to it takes more than a bit for each neuron of the other.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "are_marked", "counts", "heard_by_all", "is_list", "marks_by_neuron", "of_populations",
    "of_ranks", "wanted_marks", "wishes",
]  # fmt: skip

_WORD = 32
"""Bits of a neuron that is listed: so many can be marked instead."""

_GROUP = 64
"""Ranks whose marks stand in one word."""


def heard_by_all(network: Network) -> set[int]:
    """Return the populations whose spikes all ranks want: those that modulate."""
    return {network.population_index(p.modulator) for p in network.projections if p.modulator}


def are_marked(
    n_wanted: NDArray[np.float64] | NDArray[np.int64], n_slots: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for each rank whether so many of its slots are told by marks and not by a list."""
    return (n_wanted > 0) & (_WORD * n_wanted >= n_slots)


def wanted_marks(
    layout: Layout, connections: Connections, heard: Collection[int], own: slice
) -> NDArray[np.uint8]:
    """Return which neurons of other ranks are wanted on this one, a bit for each slot.

    Parameters
    ----------
    layout : Layout
    connections : Connections
        The synapses onto the neurons of this rank.
    heard : collection of int
        Populations that are wanted whatever synapses they have.
    own : slice
        The slots of this rank, which are left out.
    """
    marks = np.zeros(layout.n_blocks * BLOCK // 8, np.uint8)
    tables: dict[int, list[int]] = {population: [] for population in heard}
    for k, plan in enumerate(connections.plans):
        tables.setdefault(plan.source, []).append(k)
    for population, of_population in tables.items():
        slots = layout.slots(population)
        is_used = np.full(slots.stop - slots.start, population in heard)
        if population not in heard:
            for k in of_population:
                is_used |= connections.are_used(k)
        packed = np.packbits(is_used, bitorder="little")
        marks[slots.start // 8 :][: packed.size] = packed
    marks[own.start // 8 : own.stop // 8] = 0
    return marks


def of_populations(marks: NDArray[np.uint8], layout: Layout) -> list[NDArray[np.uint8]]:
    """Return the marks of each population."""
    first = [layout.first_slot(k) // 8 for k in range(layout.sizes.size)]
    return [marks[start:stop] for start, stop in pairwise([*first, marks.size])]


def of_ranks(marks: NDArray[np.uint8], first_slot: NDArray[np.int64]) -> list[NDArray[np.uint8]]:
    """Return the marks of each rank."""
    return [marks[start // 8 : stop // 8] for start, stop in pairwise(first_slot.tolist())]


def counts(parts: list[NDArray[np.uint8]]) -> NDArray[np.int64]:
    """Return how many are marked in each of the parts."""
    return np.array([np.bitwise_count(part).sum(dtype=np.int64) for part in parts], np.int64)


def wishes(parts: list[NDArray[np.uint8]]) -> list[NDArray[np.int32]]:
    """Return what each rank is told: its marks in words of 32 bits, or the shorter list.

    Parameters
    ----------
    parts : list of (n_slots / 8,) uint8
        Marks of each rank.

    Returns
    -------
    list of (n,) int32
        Slots of that rank, counted from its first, or as many words as these have: a list is
        shorter.
    """
    n_slots = np.array([8 * part.size for part in parts], np.int64)
    marked = are_marked(counts(parts), n_slots)
    return [
        part.view(np.int32)
        if is_marked
        else np.flatnonzero(np.unpackbits(part, bitorder="little")).astype(np.int32)
        for part, is_marked in zip(parts, marked, strict=True)
    ]


def is_list(wish: NDArray[np.int32], n_slots: int) -> bool:
    """Return whether what was told of so many slots is a list, where the shorter one is told."""
    return wish.size < n_slots // _WORD


def marks_by_neuron(marked: list[NDArray[np.int32]], n_own: int) -> NDArray[np.uint64]:
    """Turn the marks of some ranks for neurons here into those of each neuron for the ranks.

    Parameters
    ----------
    marked : list of (n_own / 32,) int32
        What each of these ranks has told.
    n_own : int
        Slots of this rank.

    Returns
    -------
    (n_own, n_words) uint64
        Bit b of word w is that of rank ``64 * w + b`` of the list.
    """
    starts = range(0, len(marked), _GROUP)
    found = np.zeros((n_own, len(starts)), np.uint64)
    for w, start in enumerate(starts):
        group = np.stack(marked[start : start + _GROUP]).view(np.uint8)
        bits = np.unpackbits(group, axis=1, bitorder="little")
        packed = np.packbits(bits, axis=0, bitorder="little")
        words = np.zeros((n_own, _GROUP // 8), np.uint8)
        words[:, : packed.shape[0]] = packed.T
        found[:, w] = words.view("<u8")[:, 0]
    return found
