"""What exchanging spikes from device to device takes there, told before any synapse is drawn."""

from __future__ import annotations

from collections.abc import Mapping

from snnlab.build.layout import BLOCK, Layout, Partitions
from snnlab.cpu.elsewhere import wanted
from snnlab.cpu.exchange_bytes import words_of_messages
from snnlab.model.network import Network

__all__ = ["wire_bytes"]

_LISTED_BYTES = 4
"""Of each neuron elsewhere that is listed: its slot."""

_TRAIN_BYTES = 8
"""Of each neuron whose spikes may come, where synapses are plastic: the steps in which it has
fired."""

_OWN_BYTES, _TARGET_BYTES = 8, 4 + 4
"""Of each own neuron, and of each neighbour that lists it."""

_MARKS_BYTES, _MARKING_BYTES = 8, 8
"""Of each own neuron and 64 neighbours that mark some, and of each of these neighbours."""

_RANK_BYTES = 8 + 8 + 8
"""Of each rank, where spikes go to everybody: where its neurons begin, bits, how many spikes."""

_SENDER_BYTES, _RECEIVER_BYTES = 7 * 8, 5 * 8
"""Of each neighbour."""


def wire_bytes(
    network: Network, layout: Layout, partitions: Partitions, n_ranks: int,
    exchange: str | Mapping[str, str], *, is_merged: bool,
) -> int:  # fmt: skip
    """Return the bytes on a device that packs and unpacks spikes itself; see `snnlab.cuda.wire`.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
        Those of one rank.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`; what is left open is told as ranks will find it out.
    is_merged : bool
        See `snnlab.cuda.wire.Wire`.
    """
    train_bytes = _TRAIN_BYTES if is_merged else 0
    found = wanted(network, layout, partitions, n_ranks, exchange)
    total = 8.0 * words_of_messages(found, 0.0, 1)
    if found.is_told.any():
        total += train_bytes * layout.n_blocks * BLOCK + found.n_own + _RANK_BYTES * n_ranks
    if not found.is_told.all():
        is_marked, marks = found.are_marked_here, found.are_marked_elsewhere
        n_listed, n_marking = found.coming[~is_marked].sum(), int(marks.sum())
        total += _LISTED_BYTES * n_listed
        total += train_bytes * (n_listed + found.n_slots[is_marked].sum())
        total += _TARGET_BYTES * found.going[~marks].sum()
        total += _MARKS_BYTES * found.n_own * -(-n_marking // 64) + _MARKING_BYTES * n_marking
        total += _OWN_BYTES * found.n_own + _SENDER_BYTES * found.n_senders
        total += _RECEIVER_BYTES * found.n_receivers
    return int(total)
