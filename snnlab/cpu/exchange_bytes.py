"""How much memory a rank takes to exchange spikes: counted, and told before anything is drawn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from snnlab.build.layout import Layout, Partitions
from snnlab.cpu.elsewhere import Wanted, wanted
from snnlab.cpu.exchange import Exchange, no_exchange
from snnlab.cpu.ranks import FIRST_WORDS
from snnlab.model.network import Network

__all__ = ["bytes_of", "exchange_bytes", "expected_exchange", "words_for", "words_of_messages"]

_MESSAGES = ("all_send", "all_receive", "some_send", "some_receive")

_PLACE_BYTES = 4
"""Of each neuron elsewhere that is listed: its slot."""

_OWN_BYTES, _TARGET_BYTES = 8, 4 + 4
"""Of each own neuron, and of each neighbour that lists it."""

_MARKS_BYTES, _MARKING_BYTES = 8, 8
"""Of each own neuron and 64 neighbours that mark some, and of each of these neighbours."""

_NEIGHBOUR_BYTES = 8 * 8
"""Of each neighbour that sends, and of each that receives: eight numbers."""

_RANK_BYTES, _TOLD_RANK_BYTES = 8, 16
"""Of each rank, and of each one whose spikes go to everybody."""


def exchange_bytes(exchange: Exchange) -> dict[str, int]:
    """Return the bytes of who wants whose spikes, and of the messages there is room for."""
    arrays = {
        name: int(array.nbytes)
        for name, array in exchange._asdict().items()
        if hasattr(array, "nbytes")
    }
    messages = sum(arrays.pop(name) for name in _MESSAGES)
    return {"exchange lists": sum(arrays.values()), "messages": messages}


def expected_exchange(
    network: Network, layout: Layout, partitions: Partitions, n_ranks: int,
    exchange: str | Mapping[str, str] = "auto",
    *,
    n_spikes: float = 0.0,
    step_bits: int = 1,
) -> dict[str, int]:  # fmt: skip
    """Return what `exchange_bytes` will on a rank.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
        Those of the rank.
    n_ranks : int
    exchange : str, or mapping of str
        See `snnlab.cpu.ways.ways_of`.
    n_spikes : float
        Of each neuron between two exchanges, on average; 0: before anybody has fired.
    step_bits : int
        Bits of a step between two exchanges.
    """
    return bytes_of(wanted(network, layout, partitions, n_ranks, exchange), n_spikes, step_bits)


def bytes_of(found: Wanted, n_spikes: float = 0.0, step_bits: int = 1) -> dict[str, int]:
    """Return what `exchange_bytes` will on a rank that wants so much, see `expected_exchange`."""
    n_ranks = found.n_ranks
    lists = _FIXED_BYTES + _RANK_BYTES * (n_ranks + 1)
    if found.is_told.any():
        lists += found.n_own + _TOLD_RANK_BYTES * n_ranks
    if not found.is_told.all():
        is_marked, marks = found.are_marked_here, found.are_marked_elsewhere
        n_marking = int(marks.sum())
        lists += round(
            _PLACE_BYTES * found.coming[~is_marked].sum() + _OWN_BYTES * (found.n_own + 1)
            + _TARGET_BYTES * found.going[~marks].sum()
            + _MARKS_BYTES * found.n_own * -(-n_marking // 64) + _MARKING_BYTES * n_marking
            + _NEIGHBOUR_BYTES * (found.n_senders + found.n_receivers)
        )  # fmt: skip
    return {"exchange lists": lists, "messages": 8 * words_of_messages(found, n_spikes, step_bits)}


_FIXED_BYTES = sum(exchange_bytes(no_exchange()).values())


def words_of_messages(found: Wanted, n_spikes: float, step_bits: int) -> int:
    """Return for how many words there is room in all messages, sent and received.

    Parameters
    ----------
    found : Wanted
    n_spikes : float
        Of each neuron between two exchanges.
    step_bits : int
    """
    words = 0.0
    if found.is_told.any():
        n = n_spikes * found.n_own * found.is_told.mean()
        size = words_for(n, found.n_own, step_bits)
        words += (2 * size if size > FIRST_WORDS else size) * (found.n_ranks + 1)
    for n_wanted, n_slots, is_marked in (
        (found.coming, found.n_slots, found.are_marked_here),
        (found.going, np.full_like(found.n_slots, found.n_own), found.are_marked_elsewhere),
    ):
        is_neighbour = -np.expm1(-n_wanted)
        n_places = np.where(is_marked, n_slots, n_wanted)
        needed = np.array(
            [
                _needed(n_spikes * n, places, step_bits)
                for n, places in zip(n_wanted.tolist(), n_places.tolist(), strict=True)
            ]
        )
        words += (is_neighbour * np.where(needed > FIRST_WORDS, 2 * needed, FIRST_WORDS)).sum()
    return round(float(words))


def words_for(n_spikes: float, n_places: float, step_bits: int) -> int:
    """Return how many words each rank has in a collective exchange of so many spikes.

    Parameters
    ----------
    n_spikes : float
        Of the rank that has most.
    n_places : float
        Neurons of the list of that rank.
    step_bits : int
    """
    size = FIRST_WORDS
    while size < _needed(n_spikes, n_places, step_bits):
        size *= 2
    return size


def _needed(n_spikes: float, n_places: float, step_bits: int) -> int:
    """Words of a message."""
    bits = max(int(n_places) - 1, 1).bit_length() + step_bits
    return 1 + int(-(-n_spikes * bits // 64))
