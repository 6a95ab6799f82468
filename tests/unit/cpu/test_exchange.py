"""Spikes are packed into as few bits as they need, and come out as they went in."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.build.layout import Layout, Partitions, partition, shares
from snnlab.cpu.packing import get, n_words, put
from snnlab.model.network import Network, Population


@given(st.integers(1, 40), st.lists(st.integers(0, 2**40 - 1), max_size=60))
def test_entries_of_any_width_come_back(bits: int, values: list[int]) -> None:
    wanted = [value % 2**bits for value in values]
    words = np.full(n_words(len(wanted), bits) + 1, 2**64 - 1, np.uint64)  # garbage
    for k, value in enumerate(wanted):
        put(words, k * bits, bits, np.uint64(value))
    assert [int(get(words, k * bits, bits)) for k in range(len(wanted))] == wanted
    assert words[-1] == 2**64 - 1  # nothing behind the last word was touched


@pytest.mark.parametrize("n_ranks", [1, 2, 3, 7, 40])
def test_shares_cover_all_blocks_once(n_ranks: int) -> None:
    network = Network([Population("a", 1000, "LIFDelta"), Population("b", 130, "LIFDelta")])
    layout, costs = Layout.of(network), np.array([1.0, 5.0])
    bounds = shares(layout, n_ranks, costs)
    assert (bounds[0], bounds[-1], bounds.size) == (0, layout.n_blocks, n_ranks + 1)
    assert (np.diff(bounds) >= 0).all()
    parts = [
        partition(layout, 2, costs, (first, stop))
        for first, stop in itertools.pairwise(bounds.tolist())
    ]
    for k, size in enumerate((1000, 130)):
        owned = [part.owned(layout, k) for part in parts]
        neurons = [i for each in owned for i in range(each.start, each.stop)]
        assert neurons == list(range(size))


def test_partitions_of_a_share_tell_what_they_own() -> None:
    network = Network([Population("a", 300, "LIFDelta"), Population("b", 200, "LIFDelta")])
    layout = Layout.of(network)
    owned = Partitions(np.array([1, 2, 4])).owned
    assert owned(layout, 0) == slice(128, 300)
    assert owned(layout, 1) == slice(0, 128)
