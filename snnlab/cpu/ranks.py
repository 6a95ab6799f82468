"""What a rank must know of the others before spikes can travel as places in lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from snnlab.arrays.world import World
from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout, shares
from snnlab.cpu.exchange import (
    ALL_STATE,
    COLLECTIVE,
    IN_END,
    OUT_END,
    PATIENCE,
    POINT_TO_POINT,
    QUIET,
    SOME_STATE,
    SPIKES,
    WAITS_FOR_MEMORY,
    Exchange,
    no_exchange,
)
from snnlab.cpu.program import Memory, SpikeLists
from snnlab.cpu.shares import delivery_costs
from snnlab.cpu.ways import chosen_ways, ways_of
from snnlab.cpu.wishes import (
    heard_by_all,
    is_list,
    marks_by_neuron,
    of_ranks,
    wanted_marks,
    wishes,
)
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FIRST_WORDS", "link", "with_fewer_spikes", "with_less", "with_spikes", "with_words",
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
    first_slot = shares(layout, world.n_ranks, delivery_costs(network)) * BLOCK
    start = no_exchange()._replace(
        rank=world.rank, n_ranks=world.n_ranks, first_slot=first_slot, calls=world.calls(),
        step_bits=max(chunk_steps - 1, 1).bit_length(),
    )  # fmt: skip
    ways = ways_of(network, exchange)
    if (ways == COLLECTIVE).all():  # nothing is told before
        return _with_all(start, np.ones(layout.n_blocks, np.bool_))
    own = slice(*first_slot[world.rank :][:2].tolist())
    marks = wanted_marks(layout, connections, heard_by_all(network), own)
    ways = chosen_ways(world, ways, layout, marks)
    is_told = (ways == COLLECTIVE)[layout.block_population]
    if is_told.any():
        start = _with_all(start, is_told)
        marks.reshape(layout.n_blocks, -1)[is_told] = 0
    if is_told.all():
        return start
    wanted = wishes(of_ranks(marks, first_slot))
    return _with_some(start, wanted, world.swapped(wanted))


def _not_empty(lists: list[NDArray[np.int32]]) -> list[int]:
    return [r for r, slots in enumerate(lists) if slots.size]


def _bits(n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of a place in lists of so many."""
    return np.array([max(int(each) - 1, 1).bit_length() for each in n], np.int64)


def _with_all(exchange: Exchange, is_told: NDArray[np.bool_]) -> Exchange:
    """Let the spikes of some blocks go to everybody."""
    own = slice(*(exchange.first_slot[exchange.rank :][:2] // BLOCK).tolist())
    return exchange._replace(
        mode=exchange.mode | COLLECTIVE, told_all=is_told[own].repeat(BLOCK).astype(np.uint8),
        all_bits=_bits(np.diff(exchange.first_slot)), size=np.full(1, FIRST_WORDS, np.int64),
        n_all=np.zeros(exchange.n_ranks, np.int64),
        all_send=np.zeros(FIRST_WORDS, np.uint64),
        all_receive=np.zeros(FIRST_WORDS * exchange.n_ranks, np.uint64),
    )  # fmt: skip


def _with_some(
    exchange: Exchange, wanted: list[NDArray[np.int32]], asked: list[NDArray[np.int32]],
) -> Exchange:  # fmt: skip
    """Let each rank get what it wants: ``wanted[r]`` of rank r, which has ``asked[r]`` for here."""
    senders, receivers = _not_empty(wanted), _not_empty(asked)
    n_slots = np.diff(exchange.first_slot)
    n_own = int(n_slots[exchange.rank])
    # Of those whose list is not that of all slots; local slots.
    lists = [_listed(wanted[r], int(n_slots[r])) for r in senders]
    own = [_listed(asked[r], n_own) for r in receivers]
    marked = [j for j, each in enumerate(own) if not each.size]
    target_start, target, place = _targets(own, n_own)
    n_in, n_out = (np.array([s.size for s in each], np.int64) for each in (lists, own))
    slots = [
        each + np.int32(exchange.first_slot[r]) for r, each in zip(senders, lists, strict=True)
    ]
    notes = exchange.notes.copy()
    notes[IN_END], notes[OUT_END] = FIRST_WORDS * n_in.size, FIRST_WORDS * n_out.size
    return exchange._replace(
        mode=exchange.mode | POINT_TO_POINT, notes=notes,
        requests=np.zeros(1 + n_in.size + n_out.size, np.int64),
        senders=np.array(senders, np.int64), receivers=np.array(receivers, np.int64),
        list_start=np.concatenate([[0], np.cumsum(n_in)]).astype(np.int64),
        list_slot=np.concatenate([np.empty(0, np.int32), *slots]),
        target_start=target_start, target=target, place=place,
        marked=np.array(marked, np.int64),
        marks=marks_by_neuron([asked[receivers[j]] for j in marked], n_own),
        in_bits=_bits(np.where(n_in, n_in, n_slots[senders])),
        out_bits=_bits(np.where(n_out, n_out, n_own)),
        some_send=np.zeros(FIRST_WORDS * n_out.size, np.uint64),
        some_receive=np.zeros(FIRST_WORDS * n_in.size, np.uint64),
        in_first=FIRST_WORDS * np.arange(n_in.size),
        out_first=FIRST_WORDS * np.arange(n_out.size),
        in_room=np.full(n_in.size, FIRST_WORDS), out_room=np.full(n_out.size, FIRST_WORDS),
        in_calm=np.zeros_like(n_in), out_calm=np.zeros_like(n_out),
        in_waits=np.zeros_like(n_in), out_waits=np.zeros_like(n_out),
        n_in=np.zeros_like(n_in), n_out=np.zeros_like(n_out), cursor=np.zeros_like(n_out),
    )  # fmt: skip


def _listed(wish: NDArray[np.int32], n_slots: int) -> NDArray[np.int32]:
    """What was told of so many slots, if it is a list; else nothing."""
    return wish if is_list(wish, n_slots) else wish[:0]


def _targets(
    own: list[NDArray[np.int32]], n_own: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """For each own slot the receivers that list it, and its place in their lists."""
    slot = np.concatenate([np.empty(0, np.int32), *own])
    sizes = [each.size for each in own]
    order = np.argsort(slot, kind="stable")
    start = np.searchsorted(slot[order], np.arange(n_own + 1)).astype(np.int64)
    receiver = np.repeat(np.arange(len(own), dtype=np.int32), sizes)[order]
    places = [np.empty(0, np.int32), *(np.arange(n, dtype=np.int32) for n in sizes)]
    return start, receiver, np.concatenate(places)[order]


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


def with_less(exchange: Exchange) -> Exchange:
    """Return it with shorter buffers where they have over four times the words that are in use.

    No exchange may be under way.
    """
    notes = exchange.notes
    n = int(exchange.size[0])
    if exchange.all_send.size > 4 * n:
        exchange = exchange._replace(
            all_send=np.zeros(n, np.uint64), all_receive=np.zeros(n * exchange.n_ranks, np.uint64)
        )
    n_in, n_out = int(exchange.in_room.sum()), int(exchange.out_room.sum())
    if exchange.some_receive.size > 4 * n_in:
        exchange = exchange._replace(
            some_receive=np.zeros(n_in, np.uint64),
            in_first=np.cumsum(exchange.in_room) - exchange.in_room,
        )
        notes[IN_END] = n_in
    if exchange.some_send.size > 4 * n_out:
        exchange = exchange._replace(
            some_send=np.zeros(n_out, np.uint64),
            out_first=np.cumsum(exchange.out_room) - exchange.out_room,
        )
        notes[OUT_END] = n_out
    return exchange


def with_fewer_spikes(memory: L, exchange: Exchange, first: int) -> L:
    """Return it with shorter lists after a while in which few spikes came, of `first` at least."""
    room = memory.spike_slot.shape[2]
    n = max(first, 2 * int(memory.spike_start[:, :, -1].max(initial=0)))
    if exchange.notes[QUIET] < PATIENCE or 2 * n > room:
        return memory
    exchange.notes[QUIET] = 0
    return memory._replace(
        spike_slot=memory.spike_slot[:, :, :n].copy(), spike_step=memory.spike_step[:, :, :n].copy()
    )
