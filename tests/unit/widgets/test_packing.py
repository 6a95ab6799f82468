"""Frames as bytes: nothing is lost, and the shorter form is chosen."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snnlab.frames.frame import Frame
from snnlab.plots.grid import Grid
from snnlab_widgets.packing import PackedSpikes, pack_counts, pack_spikes
from tests.activity import frame_of, regular

spike_lists = st.lists(st.tuples(st.integers(40, 99), st.integers(0, 99)), max_size=60, unique=True)


def counts(packed: PackedSpikes, rows: int) -> np.ndarray:
    """Decode as the browser does: counts, (columns, rows)."""
    image = np.zeros((packed.stop - packed.start, rows), np.int64)
    bits = np.unpackbits(np.frombuffer(packed.data, np.uint8), bitorder="little")
    if packed.mode == "image":
        found = np.packbits(bits.reshape(-1, packed.bits), axis=1, bitorder="little")
        return image + found[: image.size].reshape(image.shape)
    n_low = packed.n * packed.bits
    weights = 1 << np.arange(packed.bits)
    low = bits[:n_low].reshape(packed.n, packed.bits) @ weights
    high = np.flatnonzero(bits[-(-n_low // 8) * 8 :]) - np.arange(packed.n)
    np.add.at(image.reshape(-1), (high << packed.bits) + low, 1)
    return image


cuts = st.lists(st.integers(41, 99), max_size=3, unique=True).map(sorted)


def parts_of(spikes: list[tuple[int, int]], start: int, stop: int, cuts: list[int]) -> list[Frame]:
    """The same spikes in several frames."""
    edges = [start, *cuts, stop]
    return [frame_of([s for s in spikes if a <= s[0] < b], a, b) for a, b in pairwise(edges)]


@given(
    spike_lists, cuts, st.integers(0, 59), st.sampled_from([5, 33, 100, 200]),
    st.sampled_from([0.1, 0.3, 0.5, 1.0, 0.25]),
)  # fmt: skip
def test_every_spike_has_its_pixel(
    spikes: list[tuple[int, int]], cuts: list[int], t_start: int, most_rows: int, column_ms: float
) -> None:
    grid = Grid(100, most_rows, column_ms)
    packed = pack_spikes(parts_of(spikes, 40, 100, cuts), t_start, grid)
    image = counts(packed, grid.rows)
    expected = np.zeros_like(image)
    first = max(t_start, 40)
    assert packed.start == column_of(first, column_ms)
    assert packed.stop == column_of(99, column_ms) + 1
    for step, neuron in spikes:
        if step >= first:
            column = column_of(step, column_ms) - packed.start
            expected[column, neuron // grid.neurons_per_row] += 1
    assert (image == expected).all()


def column_of(step: int, column_ms: float) -> int:
    """In exact numbers: the column in which a step of 0.1 ms begins."""
    return int(Fraction(step, 10) / Fraction(str(column_ms)))


@given(spike_lists, st.sampled_from([5, 33, 100]), st.sampled_from([1, 2, 3, 200]))
def test_spikes_beyond_what_is_seen_are_left_out(
    spikes: list[tuple[int, int]], most_rows: int, most: int
) -> None:
    grid, frame = Grid(100, most_rows, 1.0), frame_of(spikes, 40, 100)
    all_of_them = counts(pack_spikes([frame], 0, grid), grid.rows)
    packed = pack_spikes([frame], 0, grid, most)
    assert (counts(packed, grid.rows) == np.minimum(all_of_them, most)).all()
    assert packed.n == np.minimum(all_of_them, most).sum()


@pytest.mark.parametrize(
    ("density", "mode", "n_bytes"),
    [(0.0, "sparse", 0), (0.001, "sparse", 31), (0.01, "sparse", 201), (0.05, "sparse", 800),
     (0.15, "image", 2500), (0.5, "image", 2500), (1.0, "image", 2500)],
)  # fmt: skip
def test_few_spikes_have_as_few_bytes_as_they_allow(
    density: float, mode: str, n_bytes: int
) -> None:
    """Of 20 000 pixels; independent ones cannot be told in less than their entropy.

    Beyond 1250 bytes the picture itself is sent, which is less work.
    """
    rng = np.random.default_rng(1)
    spikes = np.argwhere(rng.random((200, 100)) < density) * [10, 1]
    frame = frame_of([(int(k), int(n)) for k, n in spikes], 0, 2000)
    packed = pack_spikes([frame], 0, Grid(100, 100, 1.0), most=1)
    assert (packed.mode, len(packed.data)) == (mode, n_bytes)
    share = frame.n_spikes / 20_000
    if mode == "sparse" and share > 0.0:
        entropy = -share * np.log2(share) - (1.0 - share) * np.log2(1.0 - share)
        assert len(packed.data) < 1.2 * 20_000 * entropy / 8


@pytest.mark.parametrize(
    ("n_each", "bits"), [(1, 1), (2, 2), (3, 2), (4, 4), (15, 4), (16, 8), (300, 8)]
)
def test_counts_travel_with_as_few_bits_as_they_need(n_each: int, bits: int) -> None:
    grid = Grid(99, 100, 1.0)
    spikes = [(10 * k, r) for k in range(3) for r in range(99) for _ in range(n_each)]
    packed = pack_spikes([frame_of(sorted(spikes), 0, 30)], 0, grid)
    image = counts(packed, grid.rows)
    assert (packed.mode, packed.bits) == ("image", bits)
    assert len(packed.data) == -(-image.size * bits // 8)
    assert (image == min(n_each, 255)).all()


@pytest.mark.parametrize(
    ("edges", "t_start", "first", "n_bins"),
    [((0, 100), 0, 0, 10), ((5, 95), 0, 1, 8), ((3, 9), 0, 1, 0), ((0, 13, 27, 100), 20, 2, 8)],
)
def test_spikes_are_counted_in_complete_bins(
    edges: tuple[int, ...], t_start: int, first: int, n_bins: int
) -> None:
    frames = [regular(*part, every=10) for part in pairwise(edges)]
    packed = pack_counts(frames, t_start, (80, 20), bin_steps=10)
    assert (packed.start, packed.stop) == (first, first + n_bins)
    found = np.frombuffer(packed.data, np.uint8)
    assert found.tolist() == [80, 20] * n_bins  # each neuron once in each 1 ms


@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=60),
    st.lists(st.integers(1, 40), min_size=1, max_size=12),
    cuts,
)
def test_spikes_are_counted_by_population(
    spikes: list[tuple[int, int]], some: list[int], cuts: list[int]
) -> None:
    """Of few populations and of many, which are counted in different ways."""
    edges = np.cumsum([0, *some]) * 100 // sum(some)
    sizes = np.diff(edges)
    packed = pack_counts(parts_of(spikes, 0, 100, cuts), 0, sizes.tolist(), bin_steps=10)
    found = np.frombuffer(packed.data, f"<u{packed.width}").reshape(10, len(some))
    expected = np.zeros_like(found)
    for step, neuron in spikes:
        expected[step // 10, np.searchsorted(edges, neuron, side="right") - 1] += 1
    assert (found == expected).all()


@pytest.mark.parametrize(("n_steps", "width"), [(3, 1), (4, 2), (820, 4)])
def test_counts_have_as_many_bytes_as_the_largest_needs(n_steps: int, width: int) -> None:
    packed = pack_counts([regular(0, n_steps, every=1)], 0, (80, 20), bin_steps=n_steps)
    assert packed.width == width
    found = np.frombuffer(packed.data, f"<u{width}")
    assert found.tolist() == [80 * n_steps, 20 * n_steps]


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
