"""`Wire`: what a device must know to pack spikes for other ranks, and to unpack theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from snnlab.cpu.exchange import Exchange

__all__ = ["Wire", "n_trains", "wire_of"]


class Wire(NamedTuple):
    """What `snnlab.cpu.exchange.Exchange` says, on the device.

    Parameters
    ----------
    rank : int
    n_slots : int
        Neurons of all ranks, if some go collectively, else 0; those in `list_slot` come after.
    n_from_all, n_senders, n_receivers : int
        Lists that come collectively, one of each rank; neighbours that send, that receive.
    step_bits : int
    first_slot, told_all, all_bits, target_start, target, place, in_bits, out_bits, list_start,
    list_slot, in_first, in_room, out_first, out_room, out_waits : see `Exchange`
    all_send, all_receive, some_send, some_receive : flat uint64
        What MPI reads and writes.
    is_merged : bool
        Whether a neuron gets one entry of the record for a chunk, however often it has fired, as
        plastic synapses want it; else each spike is an entry.
    trains : (n_slots + list_slot.size,) uint64
        Steps of the chunk in which each neuron elsewhere has fired, bit by bit; 0 between two
        exchanges. Nothing where entries are not merged.
    told : (1 + n_receivers + n_from_all + n_senders,) uint64
        For the host: entries that have come; spikes for each neighbour, of each rank that sends to
        all, of each neighbour.
    """

    rank: int
    n_slots: int
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


def n_trains(exchange: Exchange) -> int:
    """Return how many neurons elsewhere are listed."""
    return _n_slots(exchange) + int(exchange.list_slot.size)


def wire_of(exchange: Exchange, *, is_merged: bool) -> Wire:
    """Return what a device must know, as arrays of the host."""
    n_all, n_in, n_out = exchange.n_all.size, exchange.n_in.size, exchange.n_out.size
    same = {name: getattr(exchange, name) for name in Wire._fields if hasattr(exchange, name)}
    return Wire(
        n_slots=_n_slots(exchange), n_from_all=n_all, n_senders=n_in, n_receivers=n_out,
        is_merged=is_merged, trains=np.zeros(n_trains(exchange) if is_merged else 0, np.uint64),
        told=np.zeros(1 + n_out + n_all + n_in, np.uint64),
        **cast("Any", same),
    )  # fmt: skip


def _n_slots(exchange: Exchange) -> int:
    return int(exchange.first_slot[-1]) if exchange.all_bits.size else 0
