"""What a rank must know of the others before spikes can travel as places in lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from snnlab.arrays.world import World
from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout, shares
from snnlab.cpu.built import delivery_costs
from snnlab.cpu.exchange import (
    ALL_STATE,
    COLLECTIVE,
    IN_END,
    OUT_END,
    POINT_TO_POINT,
    SOME_STATE,
    SPIKES,
    WAITS_FOR_MEMORY,
    Exchange,
    no_exchange,
)
from snnlab.cpu.program import Memory, SpikeLists
from snnlab.cpu.ways import chosen_ways, ways_of
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FIRST_WORDS", "exchange_between", "heard_by_all", "link", "wanted_slots", "with_spikes",
    "with_words",
]  # fmt: skip

L = TypeVar("L", Memory, SpikeLists)

FIRST_WORDS = 8
"""Words of each rank in a collective exchange, and of each neighbour, at first: a cache line."""


def link(
    world: World, network: Network, exchange: str | Mapping[str, str], layout: Layout,
    connections: Connections, chunk_steps: int,
) -> Exchange:  # fmt: skip
    """Return what this rank needs to exchange spikes with the others; all ranks call this.

    Parameters
    ----------
    world : World
    network : Network
    exchange : str, or mapping of str
        How; see `snnlab.cpu.ways.ways_of`.
    layout : Layout
    connections : Connections
        The synapses onto the neurons of this rank.
    chunk_steps : int
        Steps between two exchanges.
    """
    bounds = shares(layout, world.n_ranks, delivery_costs(network))
    return exchange_between(
        world, ways_of(network, exchange), layout, bounds, connections, heard_by_all(network),
        chunk_steps,
    )  # fmt: skip


def exchange_between(
    world: World, ways: NDArray[np.int64], layout: Layout, bounds: NDArray[np.int64],
    connections: Connections, heard: Collection[int], chunk_steps: int,
) -> Exchange:  # fmt: skip
    """Return what this rank needs to exchange spikes with the others; all ranks call this.

    Parameters
    ----------
    world : World
    ways : (n_populations,) int64
        `COLLECTIVE`, `POINT_TO_POINT` or `snnlab.cpu.ways.AUTO` for the spikes of each population.
    layout : Layout
    bounds : (n_ranks + 1,) int64
        First block of each rank.
    connections : Connections
        The synapses onto the neurons of this rank.
    heard : collection of int
        Populations whose spikes all ranks want, whatever synapses these have: modulators.
    chunk_steps : int
        Steps between two exchanges.
    """
    first_slot = bounds * BLOCK
    exchange = no_exchange()._replace(
        rank=world.rank, n_ranks=world.n_ranks, first_slot=first_slot, calls=world.calls(),
        step_bits=max(chunk_steps - 1, 1).bit_length(),
    )  # fmt: skip
    if (ways == COLLECTIVE).all():  # nothing is told before
        return _with_all(exchange, np.ones(layout.n_blocks * BLOCK, np.bool_))
    wanted = wanted_slots(world.rank, layout, first_slot, connections, heard)
    ways = chosen_ways(world, ways, layout, wanted)
    is_told = (ways == COLLECTIVE)[layout.block_population].repeat(BLOCK)
    if is_told.any():
        exchange = _with_all(exchange, is_told)
        wanted = [slots[~is_told[slots]] for slots in wanted]
    return exchange if is_told.all() else _with_some(exchange, wanted, world.swapped(wanted))


def heard_by_all(network: Network) -> set[int]:
    """Return the populations whose spikes all ranks want: those that modulate."""
    return {network.population_index(p.modulator) for p in network.projections if p.modulator}


def wanted_slots(
    rank: int, layout: Layout, first_slot: NDArray[np.int64], connections: Connections,
    heard: Collection[int],
) -> list[NDArray[np.int32]]:  # fmt: skip
    """Return the slots of each rank whose neurons are wanted on this one, ascending.

    Parameters
    ----------
    rank : int
        This one; its own slots are left out.
    layout : Layout
    first_slot : (n_ranks + 1,) int64
        First slot of each rank.
    connections : Connections
        The synapses onto the neurons of this rank.
    heard : collection of int
        Populations that are wanted whatever synapses they have.
    """
    is_used = np.zeros(layout.n_blocks * BLOCK, np.bool_)
    for population in heard:
        is_used[layout.slots(population)] = True
    for k, plan in enumerate(connections.plans):
        is_used[layout.slots(plan.source)] |= connections.are_used(k)
    is_used[first_slot[rank] : first_slot[rank + 1]] = False
    of_ranks = (slice(*bounds) for bounds in pairwise(first_slot.tolist()))
    return [
        (np.flatnonzero(is_used[of_rank]) + of_rank.start).astype(np.int32) for of_rank in of_ranks
    ]


def _not_empty(lists: list[NDArray[np.int32]]) -> list[int]:
    return [r for r, slots in enumerate(lists) if slots.size]


def _bits(n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of a place in lists of so many."""
    return np.array([max(int(each) - 1, 1).bit_length() for each in n], np.int64)


def _with_all(exchange: Exchange, is_told: NDArray[np.bool_]) -> Exchange:
    """Let the spikes of some slots go to everybody."""
    own = slice(*exchange.first_slot[exchange.rank :][:2])
    return exchange._replace(
        mode=exchange.mode | COLLECTIVE, told_all=is_told[own].astype(np.uint8),
        all_bits=_bits(np.diff(exchange.first_slot)), size=np.full(1, FIRST_WORDS, np.int64),
        n_all=np.zeros(exchange.n_ranks, np.int64),
        all_send=np.zeros(FIRST_WORDS, np.uint64),
        all_receive=np.zeros(FIRST_WORDS * exchange.n_ranks, np.uint64),
    )  # fmt: skip


def _with_some(
    exchange: Exchange, wanted: list[NDArray[np.int32]], asked: list[NDArray[np.int32]]
) -> Exchange:
    """Let each rank get what it wants: ``wanted[r]`` of rank r, which has ``asked[r]`` for here."""
    senders, receivers = _not_empty(wanted), _not_empty(asked)
    lists, own = [wanted[r] for r in senders], [asked[r] for r in receivers]
    first, stop = exchange.first_slot[exchange.rank :][:2].tolist()
    target_start, target, place = _targets(own, first, stop - first)
    n_in, n_out = (np.array([s.size for s in each], np.int64) for each in (lists, own))
    notes = exchange.notes.copy()
    notes[IN_END], notes[OUT_END] = FIRST_WORDS * n_in.size, FIRST_WORDS * n_out.size
    return exchange._replace(
        mode=exchange.mode | POINT_TO_POINT, notes=notes,
        requests=np.zeros(1 + n_in.size + n_out.size, np.int64),
        senders=np.array(senders, np.int64), receivers=np.array(receivers, np.int64),
        list_start=np.concatenate([[0], np.cumsum(n_in)]).astype(np.int64),
        list_slot=np.concatenate([np.empty(0, np.int32), *lists]),
        target_start=target_start, target=target, place=place,
        in_bits=_bits(n_in), out_bits=_bits(n_out),
        some_send=np.zeros(FIRST_WORDS * n_out.size, np.uint64),
        some_receive=np.zeros(FIRST_WORDS * n_in.size, np.uint64),
        in_first=FIRST_WORDS * np.arange(n_in.size),
        out_first=FIRST_WORDS * np.arange(n_out.size),
        in_room=np.full(n_in.size, FIRST_WORDS), out_room=np.full(n_out.size, FIRST_WORDS),
        in_waits=np.zeros_like(n_in), out_waits=np.zeros_like(n_out),
        n_in=np.zeros_like(n_in), n_out=np.zeros_like(n_out), cursor=np.zeros_like(n_out),
    )  # fmt: skip


def _targets(
    own: list[NDArray[np.int32]], first: int, n_own: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """For each own slot the receivers that want it, and its place in their lists."""
    slot = np.concatenate([np.empty(0, np.int32), *own]) - np.int32(first)
    receiver = np.repeat(np.arange(len(own)), [each.size for each in own])
    place = np.concatenate([np.empty(0, np.int64), *(np.arange(each.size) for each in own)])
    order = np.argsort(slot, kind="stable")
    start = np.searchsorted(slot[order], np.arange(n_own + 1)).astype(np.int64)
    return start, receiver[order].astype(np.int32), place[order].astype(np.int32)


def with_words(exchange: Exchange) -> Exchange:
    """Return it with buffers for the words that it needs, and twice as many to come."""
    notes = exchange.notes
    if notes[ALL_STATE] == WAITS_FOR_MEMORY:
        n = 2 * int(exchange.size[0])
        exchange = exchange._replace(
            all_send=np.zeros(n, np.uint64), all_receive=np.zeros(n * exchange.n_ranks, np.uint64)
        )
    if notes[SOME_STATE] == WAITS_FOR_MEMORY:
        exchange = exchange._replace(
            some_send=_longer(exchange.some_send, int(notes[OUT_END])),
            some_receive=_longer(exchange.some_receive, int(notes[IN_END])),
        )
    return exchange


def _longer(words: NDArray[np.uint64], n: int) -> NDArray[np.uint64]:
    """Return the same words, which have arrived already, with room for `n` and as many to come."""
    if n <= words.size:
        return words
    more = np.zeros(2 * n, np.uint64)
    more[: words.size] = words
    return more


def with_spikes(memory: L, exchange: Exchange) -> L:
    """Return it with lists that have room for the spikes that have come, and twice as many."""
    n = int(exchange.notes[SPIKES])
    if n <= memory.spike_slot.shape[2]:
        return memory
    more = (*memory.spike_slot.shape[:2], 2 * n)
    slots, steps = np.empty(more, np.int32), np.empty(more, np.int64)
    slots[:, :, : memory.spike_slot.shape[2]] = memory.spike_slot
    steps[:, :, : memory.spike_step.shape[2]] = memory.spike_step
    return memory._replace(spike_slot=slots, spike_step=steps)
