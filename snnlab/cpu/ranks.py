"""What a rank must know of the others before spikes can travel as places in lists."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.world import World
from snnlab.build.connect import Connections
from snnlab.build.layout import BLOCK, Layout
from snnlab.cpu.exchange import COLLECTIVE, NOTES, POINT_TO_POINT, Exchange, no_exchange
from snnlab.cpu.program import Memory
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "MODES", "exchange_between", "heard_by_all", "wanted_slots", "with_spikes", "with_words",
]  # fmt: skip

MODES = {"collective": COLLECTIVE, "point_to_point": POINT_TO_POINT, "auto": 0}
"""Name of a way to exchange spikes -> its number; that of ``"auto"`` is found out."""

_FIRST_WORDS = 8
"""Words of each rank in a collective exchange at first: a cache line."""

_FEW = 0.5
"""Point to point pays if at most this part of the spikes is wanted, on average over the ranks."""


def exchange_between(
    world: World, mode: str, layout: Layout, bounds: NDArray[np.int64], connections: Connections,
    heard: Collection[int], chunk_steps: int,
) -> Exchange:  # fmt: skip
    """Return what this rank needs to exchange spikes with the others; all ranks call this.

    Parameters
    ----------
    world : World
    mode : str
        One of `MODES`; ``"auto"``: point to point where few spikes have targets on other ranks.
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
    step_bits = max(chunk_steps - 1, 1).bit_length()
    if MODES[mode] == COLLECTIVE:
        return _collective(world, first_slot, step_bits)
    wanted = wanted_slots(world.rank, layout, first_slot, connections, heard)
    if mode == "auto" and _cheaper(world, np.diff(first_slot), wanted) == COLLECTIVE:
        return _collective(world, first_slot, step_bits)
    asked = world.swapped(wanted)
    senders, receivers = _not_empty(wanted), _not_empty(asked)
    calls = world.calls(senders, receivers)
    lists, own = [wanted[r] for r in senders], [asked[r] for r in receivers]
    return _point_to_point(world, first_slot, calls, step_bits, lists, own)


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


def _cheaper(world: World, sizes: NDArray[np.int64], wanted: list[NDArray[np.int32]]) -> int:
    n_wanted = world.total(np.array([sum(slots.size for slots in wanted)]))[0]
    n_all = int(sizes.sum()) * (world.n_ranks - 1)
    return POINT_TO_POINT if n_wanted <= _FEW * n_all else COLLECTIVE


def _bits(n: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of a place in lists of so many."""
    return np.array([max(int(each) - 1, 1).bit_length() for each in n], np.int64)


def _collective(world: World, first_slot: NDArray[np.int64], step_bits: int) -> Exchange:
    """Nothing is told before: everybody gets everything."""
    calls = world.calls([], [])
    return no_exchange()._replace(
        mode=COLLECTIVE, rank=world.rank, n_ranks=world.n_ranks, step_bits=step_bits, calls=calls,
        notes=np.zeros(len(NOTES), np.int64), flag=np.zeros(2, np.int64), first_slot=first_slot,
        bits=_bits(np.diff(first_slot)), size=np.full(1, _FIRST_WORDS, np.int64),
        send=np.zeros(_FIRST_WORDS, np.uint64),
        receive=np.zeros(_FIRST_WORDS * world.n_ranks, np.uint64),
    )  # fmt: skip


def _point_to_point(
    world: World, first_slot: NDArray[np.int64], calls: NDArray[np.int64], step_bits: int,
    lists: list[NDArray[np.int32]], own: list[NDArray[np.int32]],
) -> Exchange:  # fmt: skip
    n_own = int(first_slot[world.rank + 1] - first_slot[world.rank])
    target_start, target, place = _targets(own, int(first_slot[world.rank]), n_own)
    n_in, n_out = (np.array([s.size for s in each], np.int64) for each in (lists, own))
    return no_exchange()._replace(
        mode=POINT_TO_POINT, rank=world.rank, n_ranks=world.n_ranks, step_bits=step_bits,
        calls=calls, notes=np.zeros(len(NOTES), np.int64), flag=np.zeros(2, np.int64),
        first_slot=first_slot, bits=_bits(n_in), out_bits=_bits(n_out),
        list_start=np.concatenate([[0], np.cumsum(n_in)]).astype(np.int64),
        list_slot=np.concatenate([np.empty(0, np.int32), *lists]),
        target_start=target_start, target=target, place=place,
        n_out=np.zeros_like(n_out), n_in=np.zeros_like(n_in),
        out_words=np.zeros(n_out.size, np.int32), out_first=np.zeros(n_out.size, np.int32),
        in_words=np.zeros(n_in.size, np.int32), in_first=np.zeros(n_in.size, np.int32),
        cursor=np.zeros_like(n_out),
        send=np.zeros(_FIRST_WORDS, np.uint64), receive=np.zeros(_FIRST_WORDS, np.uint64),
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
    n = 2 * int(exchange.notes[NOTES.index("words")])
    n_received = n * (exchange.n_ranks if exchange.mode == COLLECTIVE else 1)
    send = np.zeros(max(n, exchange.send.size), np.uint64)
    receive = np.zeros(max(n_received, exchange.receive.size), np.uint64)
    return exchange._replace(send=send, receive=receive)


def with_spikes(memory: Memory, exchange: Exchange) -> Memory:
    """Return it with lists that have room for the spikes that have come, and twice as many."""
    n = int(exchange.notes[NOTES.index("spikes")])
    if n <= memory.spike_slot.shape[2]:
        return memory
    more = (*memory.spike_slot.shape[:2], 2 * n)
    slots, steps = np.empty(more, np.int32), np.empty(more, np.int64)
    slots[:, :, : memory.spike_slot.shape[2]] = memory.spike_slot
    steps[:, :, : memory.spike_step.shape[2]] = memory.spike_step
    return memory._replace(spike_slot=slots, spike_step=steps)
