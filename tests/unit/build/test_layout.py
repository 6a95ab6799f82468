"""Blocks and partitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.build.layout import BLOCK, MAX_PARTITION, Layout, partition
from snnlab.model.network import Network, Population


def layout_of(*sizes):
    return Layout.of(Network([Population(f"p{k}", n, "LIFDelta") for k, n in enumerate(sizes)]))


def test_every_population_starts_a_block():
    layout = layout_of(129, 1, 256)
    np.testing.assert_array_equal(layout.first_blocks, [0, 2, 3, 5])
    np.testing.assert_array_equal(layout.block_population, [0, 0, 1, 2, 2])
    np.testing.assert_array_equal(layout.block_size, [128, 1, 1, 128, 128])
    np.testing.assert_array_equal(layout.block_first_ids(), [0, 128, 129, 130, 258])
    assert layout.slots(1) == slice(256, 257)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=6), st.integers(1, 9))
def test_partitions_cover_every_neuron_once(sizes, threads):
    layout = layout_of(*sizes)
    parts = partition(layout, threads, np.zeros(len(sizes)))
    assert parts.n == threads
    assert parts.bounds[0] == 0
    assert parts.bounds[-1] == layout.n_blocks
    assert np.all(np.diff(parts.bounds) >= 0)
    for k, size in enumerate(sizes):
        low, high, local = parts.targets(layout, k)
        owned = np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)])
        np.testing.assert_array_equal(owned, np.arange(size))
        slots = layout.first_slot(k) + low - parts.bounds[:-1] * BLOCK
        np.testing.assert_array_equal(local[high > low], slots[high > low])


def test_large_networks_get_more_partitions_than_threads():
    layout = layout_of(300_000)
    parts = partition(layout, 2, np.zeros(1))
    assert parts.n % 2 == 0
    assert parts.n_slots.max() <= MAX_PARTITION


@pytest.mark.parametrize("threads", [2, 3])
def test_load_is_shared(threads):
    layout = layout_of(20_000, 20_000)
    parts = partition(layout, threads, np.array([3.0, 0.0]))
    cost = layout.block_size * np.where(layout.block_population == 0, 4.0, 1.0)
    shares = np.add.reduceat(cost, parts.bounds[:-1]) / cost.sum()
    np.testing.assert_allclose(shares, 1 / threads, atol=0.01)
