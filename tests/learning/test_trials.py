"""Trials: what they hold, how they are made from events and arrays, split, folded and joined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from snnlab.errors import OutOfMemory, SpecError
from snnlab.learning.trials import Trials


def three(**changes):
    """Trials of 2, 0 and 3 spikes."""
    fields = {
        "channel": [0, 1, 2, 0, 1],
        "step": [0, 0, 1, 3, 3],
        "offsets": [0, 2, 2, 5],
        "labels": [0, 1, 0],
        "n_channels": 3,
        "n_steps": 4,
        "classes": ("a", "b"),
        "group": [7, 7, 9],
    }
    return Trials(**(fields | changes))


def many(n=40, n_classes=4, seed=1):
    """Random trials, some without a spike."""
    generator = np.random.default_rng(seed)
    dense = generator.random((n, 6, 5)) < 0.2
    dense[::7] = False
    return Trials.from_dense(dense, np.arange(n) % n_classes, group=np.arange(n) % 5)


# --- what they hold -----------------------------------------------------------------------------


def test_arrays_have_the_promised_types() -> None:
    trials = three()
    kinds = [trials.channel.dtype, trials.step.dtype, trials.offsets.dtype, trials.labels.dtype]
    assert kinds == [np.int32, np.int32, np.int64, np.int64]
    assert trials.group.dtype == np.int64
    assert len(trials) == 3
    assert trials.n_events == 5
    assert trials.class_counts.tolist() == [2, 1]


def test_arrays_of_the_promised_types_are_not_copied() -> None:
    channel = np.array([0, 1], np.int32)
    assert Trials(channel, channel.copy(), [0, 2], None, 2, 2).channel is channel


def test_repr_says_what_it_is() -> None:
    assert repr(three(name="toy", dt=0.5)) == (
        "Trials('toy': 3 trials, 3 channels, 4 steps of 0.5 ms, 2 classes, 5 spikes)"
    )
    assert three(dt=0.5).duration == 2.0


def test_classes_without_names_are_numbers() -> None:
    assert three(classes=()).classes == ("0", "1")


CASES = {
    "offsets that do not start with 0": (
        {"offsets": [1, 2, 2, 5]}, "Trials.offsets: must start with 0 (got 1)."
    ),
    "no offsets": ({"offsets": []}, "Trials.offsets: must start with 0 (got an empty array)."),
    "offsets that fall": (
        {"offsets": [0, 3, 2, 5]}, "Trials.offsets: must not fall (got 3 and then 2, at trial 1)."
    ),
    "offsets that end early": (
        {"offsets": [0, 2, 2, 4]},
        "Trials.offsets: must end with the number of spikes, 5 (got 4).",
    ),
    "channel out of range": (
        {"n_channels": 2},
        "Trials.channel: must be >= 0 and < n_channels, 2 (got 2 in trial 2).",
    ),
    "negative channel": (
        {"channel": [0, 1, -2, 0, 1]},
        "Trials.channel: must be >= 0 and < n_channels, 3 (got -2 in trial 2).",
    ),
    "step out of range": (
        {"n_steps": 3}, "Trials.step: must be >= 0 and < n_steps, 3 (got 3 in trial 2)."
    ),
    "steps out of order": (
        {"step": [0, 0, 2, 1, 3]},
        "Trials.step, Trials.channel: must rise within a trial, by step and then by channel "
        "(got (step, channel) (2, 2) and then (1, 0), in trial 2).",
    ),
    "channels out of order": (
        {"channel": [1, 0, 2, 0, 1]},
        "(got (step, channel) (0, 1) and then (0, 0), in trial 0).",
    ),
    "a spike twice": (
        {"channel": [1, 1, 2, 0, 1]}, "(got (step, channel) (0, 1) and then (0, 1), in trial 0)."
    ),
    "as many steps as channels": (
        {"step": [0, 0, 1, 3]}, "Trials.step: must have a step for each of the 5 channels (got 4)."
    ),
    "not a number": (
        {"channel": [0, float("nan"), 2, 0, 1]},
        "Trials.channel: must be whole numbers (got nan at index 1).",
    ),
    "a fraction": (
        {"step": [0, 0, 1.5, 3, 3]}, "Trials.step: must be whole numbers (got 1.5 at index 2)."
    ),
    "text": ({"channel": list("01201")}, "Trials.channel: must be whole numbers (got an array of"),
    "too large": (
        {"step": [0, 0, 1, 3, 2**40]}, f"Trials.step: must fit into int32 (got {2**40})."
    ),
    "two dimensions": (
        {"labels": [[0, 1, 0]]},
        "Trials.labels: must be an array of one dimension (got shape (1, 3)).",
    ),
    "too few labels": (
        {"labels": [0, 1]}, "Trials.labels: must be one for each of the 3 trials (got 2)."
    ),
    "a label without a class": (
        {"labels": [0, 2, 0]},
        "Trials.labels: must be >= 0 and < the number of classes, 2 (got 2 in trial 1).",
    ),
    "a negative label": (
        {"labels": [0, -1, 0]},
        "Trials.labels: must be >= 0 and < the number of classes, 2 (got -1 in trial 1).",
    ),
    "an empty class": (
        {"labels": [0, 2, 0], "classes": ()},
        "Trials.labels: must be 0..2, each class with a trial (got no trial of class 1).",
    ),
    "a class twice": ({"classes": ("a", "a")}, "must be different names (got 'a' twice)."),
    "a class without a name": ({"classes": ("a", "")}, "must be different names (got '')."),
    "classes in one text": ({"classes": "ab"}, "Trials.classes: must be a list of names"),
    "too few groups": (
        {"group": [1]}, "Trials.group: must be one for each of the 3 trials (got 1)."
    ),
    "no channels": ({"n_channels": 0}, "Trials.n_channels: must be a whole number > 0 (got 0)."),
    "half a step": ({"n_steps": 3.5}, "Trials.n_steps: must be a whole number > 0 (got 3.5)."),
    "a time step that is no number": (
        {"dt": float("nan")}, "Trials.dt: must be a number > 0 ms (got nan)."
    ),
    "a truth value": ({"n_steps": True}, "Trials.n_steps: must be a whole number > 0 (got True)."),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), CASES.values(), ids=CASES)
def test_wrong_fields_are_refused(changes: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        three(**changes)
    assert message in str(caught.value)


# --- taking, splitting, folding, joining --------------------------------------------------------


def test_take_in_any_order_and_twice() -> None:
    taken = three().take([2, 0, 2])
    assert taken.offsets.tolist() == [0, 3, 5, 8]
    assert taken.channel.tolist() == [2, 0, 1, 0, 1, 2, 0, 1]
    assert taken.step.tolist() == [1, 3, 3, 0, 0, 1, 3, 3]
    assert taken.labels.tolist() == [0, 0, 0]
    assert taken.group.tolist() == [9, 7, 9]
    assert taken.classes == ("a", "b")


def test_take_of_a_mask_is_take_of_its_indices() -> None:
    trials = many()
    mask = trials.labels == 2
    assert np.array_equal(trials.take(mask).to_dense(), trials.to_dense()[mask])


def test_take_of_nothing() -> None:
    taken = three().take([])
    assert len(taken) == 0
    assert taken.to_dense().shape == (0, 4, 3)


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([3], "indices: must be >= 0 and < the number of trials, 3 (got 3)."),
        ([-1], "indices: must be >= 0 and < the number of trials, 3 (got -1)."),
        ([True, False], "indices: must be a mask of the 3 trials (got shape (2,))."),
        ([0.5], "indices: must be whole numbers (got 0.5 at index 0)."),
    ],
)
def test_wrong_indices_are_refused(indices: list, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        three().take(indices)
    assert str(caught.value) == message


def test_split_keeps_shares_and_loses_nothing() -> None:
    trials = many(n=103, n_classes=4)
    training, test = trials.split(0.25, seed=3)
    assert len(test) == 26  # ceil(25.75)
    assert len(training) + len(test) == 103
    assert all(6 <= n <= 7 for n in test.class_counts)
    both = np.concatenate((training.to_dense(), test.to_dense()))
    rows = {row.tobytes() for row in trials.to_dense()}
    assert {row.tobytes() for row in both} == rows


def test_split_depends_on_the_seed_alone() -> None:
    trials = many(n=100)
    one, same, other = (trials.split(0.3, seed=seed)[1] for seed in (1, 1, 2))
    assert np.array_equal(one.to_dense(), same.to_dense())
    assert not np.array_equal(one.to_dense(), other.to_dense())


def test_split_of_a_large_class_does_not_depend_on_which_trials_come_first() -> None:
    trials = Trials([], [], np.zeros(1001, int), np.zeros(1000), 1, 1, group=np.arange(1000))
    _, test = trials.split(0.5)
    assert abs(test.group.mean() - 499.5) < 45  # 5 standard deviations


@pytest.mark.parametrize(
    ("trials", "fraction", "message"),
    [
        (three(labels=None), 0.5, "Trials.labels: must be there to split class by class"),
        (three(), 0.0, "test_fraction: must be between 0 and 1 (got 0.0)."),
        (three(), 1.0, "test_fraction: must be between 0 and 1 (got 1.0)."),
        (three(), None, "test_fraction: must be between 0 and 1 (got None)."),
        (three(), 0.5, "Class 'b': must have enough trials for the training and the test set"),
    ],
)
def test_wrong_splits_are_refused(trials: Trials, fraction: float, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        trials.split(fraction)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("seed", [-1, 2**32, 0.5, "1"])
def test_wrong_seeds_are_refused(seed: object) -> None:
    with pytest.raises(SpecError) as caught:
        many().split(0.5, seed=seed)
    assert str(caught.value) == f"seed: must be a whole number in 0 ... 2^32 - 1 (got {seed!r})."


def test_folds_keep_groups_apart() -> None:
    trials = many()
    seen = []
    for training, validation in trials.folds():
        assert set(training.group) | set(validation.group) == set(range(5))
        assert not set(training.group) & set(validation.group)
        assert len(training) + len(validation) == len(trials)
        seen += set(validation.group)
    assert sorted(seen) == list(range(5))


def test_folds_of_several_groups() -> None:
    groups = [set(validation.group.tolist()) for _, validation in many().folds(2)]
    assert groups == [{0, 1, 2}, {3, 4}]


@pytest.mark.parametrize(
    ("trials", "n", "message"),
    [
        (three(group=None), None, "Trials.group: must be there to make folds (got none)."),
        (three(group=[1, 1, 1]), None, "n_folds: must be at least 2"),
        (three(), 3, "n_folds: must be at least 2 and at most the number of groups (got 3 folds"),
    ],
)
def test_wrong_folds_are_refused(trials: Trials, n: int | None, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        list(trials.folds(n))
    assert str(caught.value).startswith(message)


def test_joined_parts_are_the_whole() -> None:
    trials = many()
    whole = Trials.joined([trials.take(range(11)), trials.take([]), trials.take(range(11, 40))])
    assert np.array_equal(whole.to_dense(), trials.to_dense())
    assert np.array_equal(whole.labels, trials.labels)
    assert np.array_equal(whole.group, trials.group)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "Trials.joined: must get at least one part (got none)."),
        ([three(), three(n_steps=9)], "Trials.n_steps: must be the same in all parts, 4 (got 9)."),
        ([three(), three(labels=None)], "Trials.labels: must be there in all parts or in none"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts: list, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Trials.joined(parts)
    assert str(caught.value).startswith(message)


# --- dense arrays -------------------------------------------------------------------------------


@given(
    dense=arrays(np.uint8, st.tuples(*3 * [st.integers(1, 5)]), elements=st.integers(0, 2)),
)
@settings(deadline=None)
def test_dense_there_and_back(dense: np.ndarray) -> None:
    trials = Trials.from_dense(dense)
    assert np.array_equal(trials.to_dense(), dense > 0)
    again = Trials.from_dense(trials.to_dense())
    assert np.array_equal(again.channel, trials.channel)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3)), "Trials.from_dense: must get an array (n_trials, n_steps, n_channels)"),
        (
            np.full((1, 2, 2), np.nan),
            "Trials.from_dense: must get spikes (0 or 1) or whole numbers of events "
            "(got nan at (trial, step, channel) (0, 0, 0)).",
        ),
        (np.full((1, 1, 1), 0.5), "Trials.from_dense: must get spikes (0 or 1)"),
        (np.full((1, 1, 1), -1), "Trials.from_dense: must get spikes (0 or 1)"),
        (np.full((1, 1, 1), np.inf), "Trials.from_dense: must get spikes (0 or 1)"),
        (np.full((1, 1, 1), "x"), "Trials.from_dense: must get an array of numbers (got <U1)."),
        (np.zeros((0, 2, 0)), "Trials.n_channels: must be a whole number > 0 (got 0)."),
    ],
)
def test_wrong_arrays_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Trials.from_dense(array)
    assert str(caught.value).startswith(message)


def test_dense_array_that_does_not_fit_is_refused() -> None:
    trials = Trials([], [], np.zeros(10**6 + 1, int), None, 10**6, 10**6)
    with pytest.raises(OutOfMemory, match="must fit into the free memory as a dense array"):
        trials.to_dense()


# --- event lists --------------------------------------------------------------------------------

TONIC = np.dtype([("t", int), ("x", int), ("y", int), ("p", int)])


@pytest.mark.parametrize(("unit", "factor"), [("us", 1000), ("µs", 1000), ("ms", 1), ("s", 1e-3)])
def test_events_in_any_order_and_unit(unit: str, factor: float) -> None:
    times = np.array([5.2, 0.4, 5.9, 3.0]) * factor
    trials = Trials.from_events([(times, [1, 2, 1, 0]), ([], [])], unit=unit)
    assert trials.step.tolist() == [0, 3, 5]
    assert trials.channel.tolist() == [2, 0, 1]
    assert trials.offsets.tolist() == [0, 3, 3]
    assert (trials.n_channels, trials.n_steps) == (3, 6)


def test_whole_steps_written_as_decimals_lie_in_their_step() -> None:
    seconds = np.arange(1000) / 1000.0
    trials = Trials.from_events([(seconds, np.zeros(1000, int))], unit="s")
    assert trials.step.tolist() == list(range(1000))


def test_time_step_may_be_any() -> None:
    trials = Trials.from_events([([0.9, 1.0, 2.6], [0, 0, 0])], unit="ms", dt=0.5, n_steps=8)
    assert trials.step.tolist() == [1, 2, 5]
    assert trials.duration == 4.0


def test_tonic_arrays_with_polarity_and_size() -> None:
    events = np.array([(1500, 3, 1, 1), (200, 0, 1, 0), (250, 0, 1, 0)], TONIC)
    trials = Trials.from_events([events], unit="us", sensor_size=(4, 2, 2))
    assert trials.n_channels == 16
    assert trials.step.tolist() == [0, 1]
    assert trials.channel.tolist() == [4, 8 + 4 + 3]


def test_polarity_is_left_out_where_there_is_one() -> None:
    sound = np.array([(1000, 699, 1)], np.dtype([("t", int), ("x", int), ("p", int)]))
    trials = Trials.from_events([sound], unit="us", sensor_size=(700, 1, 1))
    assert (trials.n_channels, trials.channel.tolist()) == (700, [699])


def test_signed_polarity() -> None:
    trials = Trials.from_events([([1, 2], [0, 0], [-1, 1])], unit="ms", n_channels=3)
    assert trials.n_channels == 6
    assert trials.channel.tolist() == [0, 3]


def test_late_events_are_dropped_on_demand() -> None:
    trials = Trials.from_events([([1, 5, 9], [0, 1, 1])], unit="ms", n_steps=5, late="drop")
    assert trials.channel.tolist() == [0]


def test_names_of_classes_become_numbers() -> None:
    events = [([1], [0])] * 3
    trials = Trials.from_events(events, ["left", "right", "left"], unit="ms")
    assert trials.labels.tolist() == [0, 1, 0]
    assert trials.classes == ("left", "right")
    ordered = Trials.from_events(
        events, ["left", "right", "left"], unit="ms", classes=("right", "left", "none")
    )
    assert ordered.labels.tolist() == [1, 0, 1]


EVENT_CASES = {
    "unknown unit": (([1], [0]), {"unit": "sec"}, "unit: must be an existing name (got 'sec')."),
    "negative time": (
        ([1, -3], [0, 0]), {}, "events[0]: must have finite times >= 0 (got -3 at index 1)."
    ),
    "time that is no number": (
        ([np.nan], [0]), {}, "events[0]: must have finite times >= 0 (got nan at index 0)."
    ),
    "times of text": ((["a"], [0]), {}, "events[0]: must have times that are numbers (got <U1)."),
    "endless time": (([1e12], [0]), {}, "events[0]: must have times below 2**31 steps"),
    "channel out of range": (
        ([1], [5]), {"n_channels": 5}, "events[0]: must have x >= 0 and < 5 (got 5)."
    ),
    "negative channel": (([1], [-1]), {}, "events[0]: must have x >= 0 and < 1 (got -1)."),
    "fractional channel": (
        ([1], [0.5]), {"n_channels": 5}, "events[0]: must have whole numbers as x (got float64)."
    ),
    "channel that is no number": (
        ([1], [np.nan]), {"n_channels": 5}, "events[0]: must have whole numbers as x"
    ),
    "lengths that differ": (
        ([1, 2], [0]), {}, "events[0]: must have as many times as channels, in one dimension"
    ),
    "late event": (
        ([1, 9], [0, 0]), {"n_steps": 5},
        "events[0]: must have its events before step 5 (got one in step 9, 1 late ones in all).",
    ),
    "unknown word for late": (([1], [0]), {"late": "cut"}, "late: must be an existing name"),
    "no size": (
        np.zeros(1, TONIC), {}, "sensor_size: must be given for events with y (got None)."
    ),
    "size and channels": (
        np.zeros(1, TONIC), {"sensor_size": (2, 2, 2), "n_channels": 4},
        "n_channels: must be left out where sensor_size is given (got 4).",
    ),
    "size of two": (np.zeros(1, TONIC), {"sensor_size": (2, 2)}, "sensor_size: must be (width,"),
    "three polarities": (
        ([1], [0], [2]), {"sensor_size": (2, 2, 3)}, "sensor_size: must have 1 or 2 polarities"
    ),
    "polarities of another kind": (
        ([1, 2], [0, 0], [0, 5]), {"n_channels": 1},
        "events[0]: must have polarities 0 and 1, or -1 and 1 (got 0, 5).",
    ),
    "fields without t": (
        np.zeros(1, np.dtype([("x", int), ("y", int)])), {},
        "events[0]: must have the fields t and x, and may have y and p (got x, y).",
    ),
    "something else": (
        np.zeros((4, 2)), {}, "events[0]: must be (times, channels), (times, channels, polarities)"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("events", "more", "message"), EVENT_CASES.values(), ids=EVENT_CASES)
def test_wrong_events_are_refused(events: object, more: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Trials.from_events([events], **({"unit": "ms"} | more))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        ([0], {}, "Trials.labels: must be one label for each of the 2 trials (got shape (1,))."),
        ([0, 2], {}, "Trials.labels: must be 0..2, each class with a trial (got no trial of clas"),
        ([-1, 0], {}, "Trials.labels: must be >= 0 (got -1)."),
        (["a", "c"], {"classes": ("a", "b")}, "Trials.labels: must be an existing name (got 'c')"),
        ([0.5, 1], {}, "Trials.labels: must be whole numbers (got 0.5 at index 0)."),
    ],
)
def test_wrong_labels_are_refused(labels: list, more: dict, message: str) -> None:
    with pytest.raises(SpecError) as caught:
        Trials.from_events([([1], [0])] * 2, labels, unit="ms", **more)
    assert str(caught.value).startswith(message)
