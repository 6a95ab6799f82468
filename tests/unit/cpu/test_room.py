"""Memory that a burst of spikes has taken is given back when it has not been needed for long."""

from __future__ import annotations

import numpy as np

from snnlab.cpu.exchange import PATIENCE, QUIET, no_exchange
from snnlab.cpu.program import SpikeLists
from snnlab.cpu.ranks import with_fewer_spikes, with_less


def lists(room: int, n_spikes: int) -> SpikeLists:
    """Two lists, the second with some spikes."""
    start = np.zeros((1, 2, 3), np.int64)
    start[0, 1, 1:] = n_spikes
    slots = np.arange(2 * room, dtype=np.int32).reshape(1, 2, room)
    return SpikeLists(slots, slots.astype(np.int64), start)


def test_lists_of_spikes_become_shorter_after_a_while_and_keep_what_they_hold() -> None:
    exchange, long = no_exchange(), lists(1000, 30)
    exchange.notes[QUIET] = PATIENCE - 1
    assert with_fewer_spikes(long, exchange, 8) is long
    exchange.notes[QUIET] = PATIENCE
    short = with_fewer_spikes(long, exchange, 8)
    assert short.spike_slot.shape == short.spike_step.shape == (1, 2, 60)
    np.testing.assert_array_equal(short.spike_slot[0, 1, :30], long.spike_slot[0, 1, :30])
    np.testing.assert_array_equal(short.spike_step[0, 1, :30], long.spike_step[0, 1, :30])
    assert exchange.notes[QUIET] == 0
    exchange.notes[QUIET] = PATIENCE
    assert with_fewer_spikes(long, exchange, 600) is long  # what own spikes may need stays


def test_places_of_neighbours_close_up() -> None:
    exchange = no_exchange()._replace(
        in_room=np.array([8, 16]), in_first=np.array([900, 300]),
        some_receive=np.zeros(1000, np.uint64),
        out_room=np.array([64]), out_first=np.array([0]), some_send=np.zeros(128, np.uint64),
    )  # fmt: skip
    less = with_less(exchange)
    assert less.some_receive.size == 24
    assert less.in_first.tolist() == [0, 8]
    assert less.some_send is exchange.some_send
    assert with_less(less) is less
