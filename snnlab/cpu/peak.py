"""The most memory that building a network takes on CPUs, with the exchange of its ranks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from snnlab.build.held import is_short
from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.build.memory import estimate
from snnlab.build.tables import TablePlan
from snnlab.cpu.elsewhere import wanted
from snnlab.cpu.exchange import COLLECTIVE
from snnlab.cpu.exchange_bytes import bytes_of
from snnlab.cpu.held import neuron_bytes
from snnlab.cpu.ways import ways_of
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["link_bytes", "peak_bytes"]

FLOAT32: np.dtype[np.floating] = np.dtype(np.float32)

_LISTED_BYTES = 4 + 4
"""Of each neuron elsewhere that is listed, while it becomes a slot of the network."""

_LISTING_BYTES = 4 + 8 + 4 + 4 + 4
"""Of each own neuron and neighbour that lists it, while these are put into its order."""

_GROUP = 64
"""Neighbours of which the marks are turned at a time."""


def peak_bytes(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions,
    n_ranks: int = 1,
    exchange: str | Mapping[str, str] = "auto",
    *,
    dtype: np.dtype[np.floating] = FLOAT32,
) -> int:  # fmt: skip
    """Return the most bytes that building and holding a network takes.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        All of the network, or those of one of `n_ranks`.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`.
    dtype : dtype
        Of the state.
    """
    synapses = estimate(network, plans, layout, partitions)
    held = synapses.held + neuron_bytes(network, plans, layout, partitions, dtype, n_ranks)
    if n_ranks > 1:
        held += link_bytes(network, plans, layout, partitions, n_ranks, exchange)
    return max(synapses.peak, held)


def link_bytes(
    network: Network, plans: tuple[TablePlan, ...], layout: Layout, partitions: Partitions,
    n_ranks: int,
    exchange: str | Mapping[str, str] = "auto",
) -> int:  # fmt: skip
    """Return the most bytes that finding out who wants whose spikes takes, with what is kept.

    Parameters
    ----------
    network : Network
    plans : tuple of TablePlan
    layout : Layout
    partitions : Partitions
        Those of one of `n_ranks`.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`.
    """
    found = wanted(network, layout, partitions, n_ranks, exchange)
    kept = sum(bytes_of(found).values())
    if (ways_of(network, exchange) == COLLECTIVE).all():
        return kept
    marks = layout.n_blocks * BLOCK // 8
    used = max((_used_bytes(network, plan, layout, partitions) for plan in plans), default=0.0)
    if found.is_told.all():
        return round(max(marks + used, kept))
    listed = float(found.coming[~found.are_marked_here].sum())
    listing = float(found.going[~found.are_marked_elsewhere].sum())
    told = _told_bytes(found.coming, found.are_marked_here, found.n_slots)
    asked = _told_bytes(found.going, found.are_marked_elsewhere, found.n_own)
    n_marking = min(int(found.are_marked_elsewhere.sum()), _GROUP)
    turning = (n_marking * (1 + 1 / 8) + 1 + 8) * found.n_own if n_marking else 0.0
    # What was told stays until all is kept.
    there = marks + 4 * listed + asked
    return round(
        max(
            marks + used,
            there + told,
            there + kept + max(turning, _LISTING_BYTES * listing, _LISTED_BYTES * listed),
        )
    )


def _used_bytes(network: Network, plan: TablePlan, layout: Layout, partitions: Partitions) -> float:
    """Bytes while it is found out which sources of a table have synapses."""
    beside = 0 if is_short(network, plan, layout, partitions) else partitions.n
    return float(layout.sizes[plan.source]) * (2 + beside)


def _told_bytes(
    n_wanted: NDArray[np.float64], are_marked: NDArray[np.bool_], n_slots: NDArray[np.int64] | int
) -> float:
    """Bytes of what is told of so many neurons, by marks or by a list."""
    return float(np.where(are_marked, np.asarray(n_slots) / 8, 4 * n_wanted).sum())
