"""The record of a launch becomes spikes in order."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.build.layout import BLOCK, Layout
from snnlab.cuda.spikes import ArrivingSpikes, ordered_spikes
from snnlab.model.network import Network, Population

LAYOUT = Layout.of(Network([Population("a", 130, "LIFDelta"), Population("b", 3, "LIFDelta")]))


def test_bits_are_steps_and_slots_are_ids() -> None:
    slot = np.array([2 * BLOCK + 1, BLOCK, 5], np.int32)
    start = np.array([100, 100, 103])
    steps = np.array([0b101, 0b001, 0b001], np.uint64)
    step, neuron = ordered_spikes(LAYOUT, slot, start, steps, 3)
    assert step.tolist() == [100, 100, 102, 103]
    assert neuron.tolist() == [128, 131, 131, 5]


def test_the_last_of_64_steps_counts() -> None:
    one = np.array([1 << 63], np.uint64)
    step, neuron = ordered_spikes(LAYOUT, np.zeros(1, np.int32), np.array([10]), one, 64)
    assert (step.tolist(), neuron.tolist()) == ([73], [0])


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_the_record_gives_the_same(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 200
    slot = rng.permutation(2 * BLOCK)[:n].astype(np.int32) % 130
    start = np.repeat(np.arange(10) * 2**36, 20)
    steps = rng.integers(0, 2**20, n).astype(np.uint64)
    order = rng.permutation(n)
    one = ordered_spikes(LAYOUT, slot, start, steps, 20)
    other = ordered_spikes(LAYOUT, slot[order], start[order], steps[order], 20)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])
    expected = sorted(
        (int(s) + k, int(i))
        for i, s, bits in zip(slot, start, steps, strict=True)
        for k in range(20)
        if int(bits) >> k & 1
    )
    assert list(zip(one[0].tolist(), one[1].tolist(), strict=True)) == expected


def test_nothing_recorded_is_no_spike() -> None:
    empty = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.uint64)
    step, neuron = ordered_spikes(LAYOUT, *empty, 1)
    assert step.size == neuron.size == 0


def test_arriving_spikes_are_put_into_order_once() -> None:
    calls = []
    columns = [np.zeros(1, np.int32), np.array([7]), np.ones(1, np.uint64)]
    arriving = ArrivingSpikes(LAYOUT, 1, [lambda c=c: calls.append(1) or c for c in columns])
    assert arriving()[0].tolist() == [7]
    assert arriving() is arriving()
    assert len(calls) == 3
