"""`Wire`: what a device must know to pack spikes for other ranks, and to unpack theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from snnlab.cpu.exchange import Exchange

__all__ = ["Wire", "wire_of"]


class Wire(NamedTuple):
    """What `snnlab.cpu.exchange.Exchange` says, on the device.

    Parameters
    ----------
    rank : int
    n_slots : int
        Neurons of all ranks, if some go collectively, else 0; those of the lists of neighbours come
        after.
    n_mark_words : int
        Words of `marks` of each own slot.
    n_from_all, n_senders, n_receivers : int
        Lists that come collectively, one of each rank; neighbours that send, that receive.
    step_bits : int
    first_slot, told_all, all_bits, target_start, target, place, in_bits, out_bits, list_start,
    list_slot, marked, marks, in_first, in_room, out_first, out_room, out_waits : see `Exchange`
    in_slot : (n_senders,) int64
        First slot of each neighbour whose list is that of all its slots; -1 of others.
    in_train : (n_senders,) int64
        Where the neurons of each neighbour's list begin in `trains`.
    all_send, all_receive, some_send, some_receive : flat uint64
        What MPI reads and writes.
    is_merged : bool
        Whether a neuron gets one entry of the record for a chunk, however often it has fired, as
        plastic synapses want it; else each spike is an entry.
    trains : (n,) uint64
        Steps of the chunk in which each neuron elsewhere has fired, bit by bit; 0 between two
        exchanges. Nothing where entries are not merged.
    told : (1 + n_receivers + n_from_all + n_senders,) uint64
        For the host: entries that have come; spikes for each neighbour, of each rank that sends to
        all, of each neighbour.
    """

    rank: int
    n_slots: int
    n_mark_words: int
    n_from_all: int
    n_senders: int
    n_receivers: int
    step_bits: int
    first_slot: NDArray[np.int64]
    told_all: NDArray[np.uint8]
    all_bits: NDArray[np.int64]
    target_start: NDArray[np.int64]
    target: NDArray[np.int32]
    place: NDArray[np.int32]
    in_bits: NDArray[np.int64]
    out_bits: NDArray[np.int64]
    list_start: NDArray[np.int64]
    list_slot: NDArray[np.int32]
    marked: NDArray[np.int64]
    marks: NDArray[np.uint64]
    in_slot: NDArray[np.int64]
    in_train: NDArray[np.int64]
    in_first: NDArray[np.int64]
    in_room: NDArray[np.int64]
    out_first: NDArray[np.int64]
    out_room: NDArray[np.int64]
    out_waits: NDArray[np.int64]
    all_send: NDArray[np.uint64]
    all_receive: NDArray[np.uint64]
    some_send: NDArray[np.uint64]
    some_receive: NDArray[np.uint64]
    is_merged: bool
    trains: NDArray[np.uint64]
    told: NDArray[np.uint64]


def wire_of(exchange: Exchange, *, is_merged: bool) -> Wire:
    """Return what a device must know, as arrays of the host."""
    first, listed = exchange.first_slot, np.diff(exchange.list_start)
    is_listed = listed > 0
    n_places = np.where(is_listed, listed, np.diff(first)[exchange.senders])
    places = np.concatenate([[0], np.cumsum(n_places)]) + _n_slots(exchange)
    n_all, n_in, n_out = exchange.n_all.size, exchange.n_in.size, exchange.n_out.size
    same = {name: getattr(exchange, name) for name in Wire._fields if hasattr(exchange, name)}
    return Wire(
        n_slots=_n_slots(exchange), n_mark_words=exchange.marks.shape[1],
        in_slot=np.where(is_listed, -1, first[exchange.senders]), in_train=places[:-1],
        n_from_all=n_all, n_senders=n_in, n_receivers=n_out,
        is_merged=is_merged, trains=np.zeros(int(places[-1]) if is_merged else 0, np.uint64),
        told=np.zeros(1 + n_out + n_all + n_in, np.uint64),
        **cast("Any", same),
    )  # fmt: skip


def _n_slots(exchange: Exchange) -> int:
    return int(exchange.first_slot[-1]) if exchange.all_bits.size else 0
