"""Which way the spikes of each population go: to everybody, or to the ranks that want them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.world import World
from snnlab.build.layout import Layout
from snnlab.cpu.exchange import COLLECTIVE, POINT_TO_POINT
from snnlab.cpu.wishes import counts, of_populations
from snnlab.errors import SpecError
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AUTO", "MODES", "check_ways", "chosen_ways", "resolved", "ways_of"]

AUTO = 0
"""The way that is found out."""

MODES = {"auto": AUTO, "collective": COLLECTIVE, "point_to_point": POINT_TO_POINT}
"""Name of a way to exchange spikes -> its number."""

_FEW_RANKS = 8
"""So many messages point to point take no longer than the collective, whatever is wanted."""

_FEW = 0.5
"""Beyond, point to point pays if at most this part of the spikes is wanted on average."""


def check_ways(network: Network, exchange: str | Mapping[str, str]) -> None:
    """Look whether ranks can exchange the spikes of a network as asked.

    Parameters
    ----------
    network : Network
    exchange : str, or mapping of str
        See `ways_of`.

    Raises
    ------
    SpecError
        No such way, no such projection.
    """
    named = {"exchange": exchange} if isinstance(exchange, str) else dict(exchange)
    for name, way in named.items():
        if way not in MODES:
            raise SpecError(name, f"must be one of {', '.join(MODES)}", got=repr(way))
    known = [p.name for p in network.projections]
    if unknown := [name for name in named if name not in (*known, "exchange")]:
        raise SpecError(
            "exchange", "must name projections of the network", got=", ".join(map(repr, unknown)),
            remedy=f"It has {', '.join(known[:8])}{' ...' if len(known) > 8 else ''}.",
        )  # fmt: skip


def ways_of(network: Network, exchange: str | Mapping[str, str]) -> NDArray[np.int64]:
    """Return the way that was asked for, for the spikes of each population.

    Parameters
    ----------
    network : Network
    exchange : str, or mapping of str
        One of `MODES` for all; or projection -> one of them: the sources of projections that are
        not named are ``"auto"``, names of projections that an edit has removed say nothing. A
        population of which any projection goes collectively does so as a whole, since every rank
        has its spikes then.

    Returns
    -------
    (n_populations,) int64
    """
    if isinstance(exchange, str):
        return np.full(len(network.populations), MODES[exchange])
    ways = np.full(len(network.populations), AUTO)
    for p in network.projections:
        source = network.population_index(p.pre)
        if ways[source] != COLLECTIVE:
            ways[source] = MODES[exchange.get(p.name, "auto")] or ways[source]
    return ways


def chosen_ways(
    world: World, ways: NDArray[np.int64], layout: Layout, marks: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Return the ways with those that were left open chosen; all ranks call this.

    Parameters
    ----------
    world : World
    ways : (n_populations,) int64
    layout : Layout
    marks : (n_slots / 8,) uint8
        Which slots of others are wanted on this one.
    """
    return resolved(
        ways, layout, world.n_ranks, lambda: world.total(counts(of_populations(marks, layout)))
    )


def resolved(
    ways: NDArray[np.int64], layout: Layout, n_ranks: int,
    count: Callable[[], NDArray[np.int64] | NDArray[np.float64]],
) -> NDArray[np.int64]:  # fmt: skip
    """Return the ways with those that were left open chosen.

    Parameters
    ----------
    ways : (n_populations,) int64
    layout : Layout
    n_ranks : int
    count : callable
        Says, where it matters, how many neurons of each population are wanted elsewhere, over all
        ranks that want them.
    """
    is_open = ways == AUTO
    if not is_open.any():
        return ways
    if n_ranks <= _FEW_RANKS:
        return np.where(is_open, POINT_TO_POINT, ways)
    n_all = np.asarray(layout.sizes) * (n_ranks - 1)
    is_few = count()[is_open].sum() <= _FEW * n_all[is_open].sum()
    return np.where(is_open, POINT_TO_POINT if is_few else COLLECTIVE, ways)
