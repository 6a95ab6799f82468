"""Spikes between a device, which keeps bits for each neuron, and the exchange, which lists them."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cuda.trains import listed, trains


def test_bits_become_spikes_in_order_of_time() -> None:
    slot = np.array([7, 3], np.int32)
    steps = np.array([0b1001, 1 << 63], np.uint64)
    found, step = listed(slot, np.array([100, 100]), steps)
    assert list(zip(found.tolist(), step.tolist(), strict=True)) == [(7, 100), (7, 103), (3, 163)]
    assert (found.dtype, step.dtype) == (np.int32, np.int64)


def test_spikes_of_a_neuron_become_one_entry() -> None:
    slot = np.array([9, 2, 9, 2, 5], np.int32)
    step = np.array([11, 10, 73, 12, 10])
    found, steps = trains(slot, step, 10)
    assert found.tolist() == [2, 5, 9]
    assert steps.tolist() == [0b101, 0b1, 0b10 | 1 << 63]


def test_no_spikes_are_no_entries() -> None:
    for found in (
        trains(np.empty(0, np.int32), np.empty(0, np.int64), 5),
        listed(np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.uint64)),
    ):
        assert [each.size for each in found] == [0, 0]


@pytest.mark.parametrize("seed", range(3))
def test_there_and_back_is_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slot = np.sort(rng.choice(10_000, 500, replace=False)).astype(np.int32)
    steps = rng.integers(1, 2**63, 500).astype(np.uint64)
    found, step = listed(slot, np.full(500, 2**40), steps)
    order = rng.permutation(found.size)
    again, bits = trains(found[order], step[order], 2**40)
    np.testing.assert_array_equal(again, slot)
    np.testing.assert_array_equal(bits, steps)
