"""Frames as bytes: nothing is lost, and the shorter form is chosen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.plots.grid import Grid
from snnlab_widgets.packing import PackedSpikes, pack_rates, pack_spikes
from tests.activity import frame_of, regular

spike_lists = st.lists(st.tuples(st.integers(40, 99), st.integers(0, 99)), max_size=60, unique=True)


def counts(packed: PackedSpikes, rows: int) -> np.ndarray:
    """Decode as the browser does: counts, (columns, rows)."""
    image = np.zeros((packed.stop - packed.start, rows), np.int64)
    if packed.mode == "image":
        each = np.unpackbits(np.frombuffer(packed.data, np.uint8), bitorder="little")
        found = np.packbits(each.reshape(-1, packed.bits), axis=1, bitorder="little")
        return image + found[: image.size].reshape(image.shape)
    words = np.frombuffer(packed.data, np.uint32)
    np.add.at(image, (words & 0xFFFF, words >> 16), 1)
    return image


@given(spike_lists, st.sampled_from([5, 33, 100, 200]), st.sampled_from([0.1, 0.5, 1.0]))
def test_every_spike_has_its_pixel(
    spikes: list[tuple[int, int]], most_rows: int, column_ms: float
) -> None:
    grid = Grid(100, most_rows, column_ms)
    image = counts(pack_spikes(frame_of(spikes, 40, 100), grid), grid.rows)
    expected = np.zeros_like(image)
    first = int(4.0 / column_ms + 1e-9)
    for step, neuron in spikes:
        column = int(step * 0.1 / column_ms + 1e-9) - first
        expected[column, neuron // grid.neurons_per_row] += 1
    assert (image == expected).all()


def test_few_spikes_travel_as_points_many_as_an_image() -> None:
    grid = Grid(100, 100, 1.0)
    assert pack_spikes(frame_of([(50, 3)], 0, 100), grid).mode == "points"
    assert pack_spikes(regular(0, 100, every=10), grid).mode == "image"


@pytest.mark.parametrize(
    ("n_each", "bits"), [(1, 1), (2, 2), (3, 2), (4, 4), (15, 4), (16, 8), (300, 8)]
)
def test_counts_travel_with_as_few_bits_as_they_need(n_each: int, bits: int) -> None:
    grid = Grid(99, 100, 1.0)
    spikes = [(10 * k, r) for k in range(3) for r in range(99) for _ in range(n_each)]
    packed = pack_spikes(frame_of(sorted(spikes), 0, 30), grid)
    image = counts(packed, grid.rows)
    assert (packed.mode, packed.bits) == ("image", bits)
    assert len(packed.data) == -(-image.size * bits // 8)
    assert (image == min(n_each, 255)).all()


@pytest.mark.parametrize(("chop", "n_bins"), [((0, 100), 10), ((5, 95), 8), ((3, 9), 0)])
def test_rates_are_those_of_complete_bins(chop: tuple[int, int], n_bins: int) -> None:
    packed = pack_rates(regular(*chop, every=10), (80, 20), bin_steps=10)
    assert packed.stop - packed.start == n_bins
    rates = np.frombuffer(packed.data, np.float32)
    assert rates == pytest.approx(np.full(2 * n_bins, 1000.0))  # one spike in each 1 ms


def test_last_row_may_have_fewer_neurons() -> None:
    grid = Grid(2500, 330, 1.0)
    assert (grid.neurons_per_row, grid.rows) == (8, 313)
    assert grid.note == "image: 1 px = 8 neurons \N{MULTIPLICATION SIGN} 1 ms"


@pytest.mark.parametrize(
    ("column_ms", "note"),
    [
        (0.5, "every spike drawn, one row per neuron"),
        (5.0, "image: 1 px = 5 ms, one row per neuron"),
    ],
)
def test_note_says_whether_every_spike_is_drawn(column_ms: float, note: str) -> None:
    assert Grid(100, 330, column_ms).note == note
