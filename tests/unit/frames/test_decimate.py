"""Frames merged, spikes as an image, traces as their extremes."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnlab.frames.decimate import can_follow, extremes, merged, spike_image, until
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import SynapseIds


def make_frame(t_start: int, t_stop: int, n_neurons: int = 10, seed: int = 0) -> Frame:
    """A frame of two populations with random spikes and one recorded neuron."""
    draw = np.random.default_rng([seed, t_start])
    n = 3 * (t_stop - t_start)
    step = np.sort(draw.integers(t_start, t_stop, n)) if n else np.empty(0, np.int64)
    neuron = draw.integers(0, n_neurons, n)
    counts = np.array([(neuron < 5).sum(), (neuron >= 5).sum()])
    steps = np.arange(t_start, t_stop) + 1
    samples = {"V": Samples(steps, np.ones((steps.size, 1, 1)))}
    return Frame(t_start, t_stop, 0.1, step, neuron, counts, samples, 0.5)


def test_merged_frames_hold_everything() -> None:
    parts = [make_frame(0, 10), make_frame(10, 11), make_frame(11, 30)]
    whole = merged(parts)
    assert (whole.t_start, whole.t_stop, whole.dt, whole.wall_s) == (0, 30, 0.1, 1.5)
    assert whole.n_spikes == sum(part.n_spikes for part in parts)
    assert np.array_equal(whole.counts, sum(part.counts for part in parts))
    assert np.array_equal(whole.samples["V"].steps, np.arange(30) + 1)
    assert whole.samples["V"].values.shape == (30, 1, 1)
    assert np.all(np.diff(whole.step) >= 0)


def test_merged_frames_add_up_their_timings() -> None:
    timings: list[dict[str, float]] = [{"update": 1.0, "other": 0.5}, {}, {"update": 2.0}]
    parts = [replace(make_frame(k, k + 1), timings=t) for k, t in enumerate(timings)]
    assert merged(parts).timings == {"update": 3.0, "other": 0.5}


def test_one_frame_stays_as_it_is() -> None:
    frame = make_frame(0, 3)
    assert merged([frame]) is frame


def test_what_may_be_merged() -> None:
    first = make_frame(0, 10)
    assert can_follow(first, make_frame(10, 12))
    assert not can_follow(first, make_frame(11, 12))
    assert not can_follow(first, first)
    other = make_frame(10, 12)
    shapes = {"V": Samples(np.arange(2), np.ones((2, 1, 3)))}
    for changed in ({"counts": np.zeros(3, np.int64)}, {"dt": 0.2}, {"samples": shapes}):
        assert not can_follow(first, Frame(**{**vars(other), **changed}))


def test_samples_of_other_synapses_are_not_merged() -> None:
    ids = [SynapseIds(*(np.array(column) for column in columns)) for columns in (
        ([0, 1], [3, 4], [5, 5]), ([0, 1], [3, 4], [5, 5]), ([0, 1], [3, 4], [5, 6]))]  # fmt: skip
    sampled = [Samples(np.arange(2), np.ones((2, 1, 2)), one) for one in (*ids, None)]
    first, *others = [
        replace(make_frame(10 * k, 10 * k + 10), samples={"w": s})
        for k, s in zip((0, 1, 1, 1), sampled, strict=True)
    ]
    assert [can_follow(first, other) for other in others] == [True, False, False]
    assert merged([first, others[0]]).samples["w"].synapses is ids[0]
    assert until(first, 5, [4, 6]).samples["w"].synapses is ids[0]


def events_at(*steps: int) -> StructuralEvents:
    """One event at each of some steps, which all its numbers tell."""
    step = np.array(steps, np.int64)
    return StructuralEvents(step, (step % 3).astype(np.int16), step % 2 == 0, step + 7, step + 9)


def same_events(a: StructuralEvents, b: StructuralEvents) -> bool:
    return all(
        x.dtype == y.dtype and np.array_equal(x, y)
        for x, y in zip(a.columns, b.columns, strict=True)
    )


def test_structural_events_are_merged_and_cut() -> None:
    steps: list[tuple[int, ...]] = [(0, 3, 9), (), (20, 29)]
    edges = [(0, 10), (10, 20), (20, 30)]
    parts = [
        replace(make_frame(*edge), structure=events_at(*at))
        for edge, at in zip(edges, steps, strict=True)
    ]
    whole = merged(parts)
    assert same_events(whole.structure, events_at(0, 3, 9, 20, 29))
    for stop in (0, 3, 4, 10, 20, 21, 30):
        cut = until(whole, stop, [4, 6]).structure
        assert same_events(cut, events_at(*(k for k in (0, 3, 9, 20, 29) if k < stop)))
        assert not np.shares_memory(cut.step, whole.structure.step)


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9))), st.integers(0, 100))
def test_a_frame_cut_in_two_is_what_happened_before(spikes, stop) -> None:
    pairs = np.array(sorted(spikes), np.int64).reshape(-1, 2)
    counts = np.histogram(pairs[:, 1], [0, 4, 10])[0].astype(np.int64)
    sampled = Samples(np.arange(10, 101, 10), np.arange(10.0).reshape(-1, 1, 1))
    whole = Frame(0, 100, 0.1, pairs[:, 0], pairs[:, 1], counts, {"V": sampled}, 2.0, {"update": 1})
    cut = until(whole, stop, [4, 6])
    before = pairs[pairs[:, 0] < stop]
    assert (cut.t_start, cut.t_stop) == (0, stop)
    np.testing.assert_array_equal(np.column_stack([cut.step, cut.neuron]), before)
    assert cut.counts.tolist() == [(before[:, 1] < 4).sum(), (before[:, 1] >= 4).sum()]
    assert cut.samples["V"].steps.tolist() == [k for k in range(10, 101, 10) if k <= stop]
    assert cut.samples["V"].values.shape == (stop // 10, 1, 1)
    assert (cut.wall_s, cut.timings["update"]) == (stop / 50, stop / 100)


def test_image_counts_every_spike() -> None:
    frame = make_frame(100, 200, n_neurons=37)
    image = spike_image(frame, 37, 11, 13)
    assert (image.shape, image.dtype) == ((11, 13), np.uint8)
    assert image.sum() == frame.n_spikes


def test_image_puts_spikes_where_they_belong() -> None:
    step, neuron = np.array([0, 5, 9]), np.array([0, 4, 9])
    frame = Frame(0, 10, 0.1, step, neuron, np.array([3]))
    image = spike_image(frame, 10, 5, 2)
    assert [tuple(p) for p in np.argwhere(image)] == [(0, 0), (2, 1), (4, 1)]


def test_image_of_an_interval() -> None:
    step, neuron = np.array([0, 5, 9]), np.array([0, 0, 0])
    frame = Frame(0, 10, 0.1, step, neuron, np.array([3]))
    assert spike_image(frame, 1, 1, 5, t_start=5, t_stop=9).tolist() == [[1, 0, 0, 0, 0]]
    assert spike_image(frame, 1, 1, 3, t_start=-10, t_stop=20).sum() == 3


def test_image_saturates() -> None:
    frame = Frame(0, 1, 0.1, np.zeros(300, np.int64), np.zeros(300, np.int64), np.array([300]))
    assert spike_image(frame, 1, 1, 1)[0, 0] == 255


def test_image_of_nothing() -> None:
    assert spike_image(make_frame(5, 5), 10, 4, 4).sum() == 0


@given(arrays(np.float64, st.integers(0, 300), elements=st.floats(-1e6, 1e6)), st.integers(1, 40))
def test_extremes_keep_peak_and_trough_of_every_bin(values, n_bins) -> None:
    kept = extremes(values, n_bins)
    assert kept.size <= max(2 * n_bins, 2)
    assert np.all(np.diff(kept) > 0)
    if values.size <= 2 * n_bins:
        assert kept.size == values.size
        return
    edges = np.append(np.arange(n_bins) * values.size // n_bins, values.size)
    for low, high in pairwise(edges):
        inside = values[kept[(kept >= low) & (kept < high)]]
        assert (inside.min(), inside.max()) == (values[low:high].min(), values[low:high].max())


@pytest.mark.parametrize("n_bins", [1, 10])
def test_planted_loss_of_a_peak_is_found(n_bins) -> None:
    values = np.zeros(1000)
    values[513] = 100.0
    assert values[extremes(values, n_bins)].max() == 100.0
    assert values[:: 1000 // (2 * n_bins)].max() == 0.0  # what plain thinning would show
