"""What the arrays of `Trials` must be, and what is said of those that are not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "check_classes",
    "check_fraction",
    "check_groups",
    "check_labels",
    "check_offsets",
    "check_seed",
    "check_spikes",
    "dense_counts",
    "positive",
    "trial_indices",
    "whole",
]


def whole(values: Any, dtype: type[np.integer[Any]], where: str) -> NDArray[Any]:
    """Return a list of whole numbers as an array of `dtype`; one that is such already, as it is.

    Raises
    ------
    SpecError
        It has another number of dimensions, is not of numbers, or has one that is not whole, not
        finite or too large.
    """
    array = np.asarray(values)
    if array.ndim != 1:
        raise SpecError(where, "must be an array of one dimension", got=f"shape {array.shape}")
    if array.dtype == dtype:
        return np.ascontiguousarray(array)
    if array.size == 0:
        return np.zeros(0, dtype)
    if array.dtype.kind == "f":
        _check_no_fraction(array, where)
    elif array.dtype.kind not in "iu":
        raise SpecError(where, "must be whole numbers", got=f"an array of {array.dtype}")
    limits = np.iinfo(dtype)
    low, high = array.min(), array.max()
    if low < limits.min or high > limits.max:
        raise SpecError(
            where, f"must fit into {limits.dtype}", got=f"{low if low < limits.min else high}"
        )
    return np.ascontiguousarray(array, dtype)


def _check_no_fraction(array: NDArray[Any], where: str) -> None:
    is_bad = ~np.isfinite(array) | (array != np.floor(array))
    if is_bad.any():
        at = int(np.flatnonzero(is_bad)[0])
        raise SpecError(where, "must be whole numbers", got=f"{array[at]} at index {at}")


def positive(value: Any, where: str, *, unit: str = "", is_whole: bool = True) -> Any:
    """Return a number > 0: an int where it has to be whole, otherwise a float.

    Raises
    ------
    SpecError
    """
    kind = "a whole number" if is_whole else "a number"
    is_number = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    number = float(value) if is_number else math.nan
    if not (math.isfinite(number) and number > 0 and not (is_whole and number % 1)):
        raise SpecError(where, f"must be {kind} > 0 {unit}".rstrip(), got=repr(value))
    return int(number) if is_whole else number


def check_fraction(value: Any, where: str) -> None:
    """Refuse what is not a number between 0 and 1.

    Raises
    ------
    SpecError
    """
    if not (isinstance(value, Real) and 0.0 < float(value) < 1.0):
        raise SpecError(where, "must be between 0 and 1", got=repr(value), remedy="Try 0.25.")


def check_seed(seed: Any) -> None:
    """Refuse what is not a seed.

    Raises
    ------
    SpecError
    """
    if isinstance(seed, bool) or not (isinstance(seed, Integral) and 0 <= int(seed) < 2**32):
        raise SpecError("seed", "must be a whole number in 0 ... 2^32 - 1", got=repr(seed))


def check_offsets(offsets: NDArray[np.int64], n_events: int) -> None:
    """Refuse offsets that do not cut `n_events` spikes into trials.

    Raises
    ------
    SpecError
    """
    where = "Trials.offsets"
    if offsets.size == 0 or offsets[0] != 0:
        got = "an empty array" if offsets.size == 0 else f"{offsets[0]}"
        raise SpecError(
            where, "must start with 0", got=got,
            remedy="Give n_trials + 1 numbers: np.concatenate([[0], np.cumsum(spikes_per_trial)]).",
        )  # fmt: skip
    falls = np.flatnonzero(np.diff(offsets) < 0)
    if falls.size:
        at = int(falls[0])
        raise SpecError(
            where, "must not fall",
            got=f"{offsets[at]} and then {offsets[at + 1]}, at trial {at}",
        )  # fmt: skip
    if offsets[-1] != n_events:
        raise SpecError(
            where, f"must end with the number of spikes, {n_events}", got=f"{offsets[-1]}"
        )


def check_spikes(
    channel: NDArray[np.int32],
    step: NDArray[np.int32],
    offsets: NDArray[np.int64],
    n_channels: int,
    n_steps: int,
) -> None:
    """Refuse spikes out of range, out of order, or twice in one bin.

    Raises
    ------
    SpecError
    """
    if channel.size != step.size:
        raise SpecError(
            "Trials.step", f"must have a step for each of the {channel.size} channels",
            got=f"{step.size}",
        )  # fmt: skip
    _check_range(channel, n_channels, "Trials.channel", "n_channels", offsets)
    _check_range(step, n_steps, "Trials.step", "n_steps", offsets)
    same_trial = np.ones(max(channel.size - 1, 0), np.bool_)
    starts = offsets[1:-1]
    same_trial[starts[(starts > 0) & (starts < channel.size)] - 1] = False
    later = np.diff(step)
    # Of the next spike in the same trial: an earlier step, or the same and no higher channel.
    wrong = same_trial & ((later < 0) | ((later == 0) & (np.diff(channel) <= 0)))
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        one, two = f"({step[at]}, {channel[at]})", f"({step[at + 1]}, {channel[at + 1]})"
        raise SpecError(
            "Trials.step, Trials.channel", "must rise within a trial, by step and then by channel",
            got=f"(step, channel) {one} and then {two}, in trial {_trial_of(at, offsets)}",
            remedy="Trials.from_events takes events in any order.",
        )  # fmt: skip


def _check_range(
    values: NDArray[np.int32], stop: int, where: str, name: str, offsets: NDArray[np.int64]
) -> None:
    is_out = (values < 0) | (values >= stop)
    if is_out.any():
        at = int(np.flatnonzero(is_out)[0])
        raise SpecError(
            where, f"must be >= 0 and < {name}, {stop}",
            got=f"{values[at]} in trial {_trial_of(at, offsets)}",
        )  # fmt: skip


def _trial_of(event: int, offsets: NDArray[np.int64]) -> int:
    return int(np.searchsorted(offsets, event, side="right")) - 1


def check_labels(labels: Any, n_trials: int, n_classes: int) -> NDArray[np.int64] | None:
    """Return labels as numbers, one for each trial, each of a class.

    Raises
    ------
    SpecError
    """
    if labels is None:
        return None
    numbers: NDArray[np.int64] = whole(labels, np.int64, "Trials.labels")
    if numbers.size != n_trials:
        raise SpecError(
            "Trials.labels", f"must be one for each of the {n_trials} trials",
            got=f"{numbers.size}",
        )  # fmt: skip
    is_out = (numbers < 0) | (numbers >= (n_classes or np.iinfo(np.int64).max))
    if is_out.any():
        at = int(np.flatnonzero(is_out)[0])
        limit = f" and < the number of classes, {n_classes}" if n_classes else ""
        raise SpecError("Trials.labels", f"must be >= 0{limit}", got=f"{numbers[at]} in trial {at}")
    return numbers


def check_classes(classes: Sequence[str], labels: NDArray[np.int64] | None) -> tuple[str, ...]:
    """Return the names of the classes; the numbers that labels go up to, if none are given.

    Raises
    ------
    SpecError
        A name that is not text, is empty, or is there twice; without names, a number below the
        highest label that no trial has.
    """
    if isinstance(classes, str):
        raise SpecError("Trials.classes", "must be a list of names", got=repr(classes))
    names = tuple(classes)
    if not names and labels is not None:
        _check_no_gap(labels)
        return tuple(str(i) for i in range(int(labels.max(initial=-1)) + 1))
    for name in names:
        if not isinstance(name, str) or not name or names.count(name) > 1:
            got = f"{name!r} twice" if name and names.count(name) > 1 else repr(name)
            raise SpecError("Trials.classes", "must be different names", got=got)
    return names


def _check_no_gap(numbers: NDArray[np.int64]) -> None:
    """Without names, a number that is left out is a mistake more often than a class."""
    if numbers.size == 0:
        return
    if numbers.min() < 0:
        raise SpecError("Trials.labels", "must be >= 0", got=f"{numbers.min()}")
    present = np.unique(numbers)
    if present.size <= int(present[-1]):
        missing = int(np.flatnonzero(present != np.arange(present.size))[0])
        raise SpecError(
            "Trials.labels", f"must be 0..{int(present[-1])}, each class with a trial",
            got=f"no trial of class {missing}",
            remedy="Number the classes from 0 without a gap, or name them all: classes=[...].",
        )  # fmt: skip


def check_groups(group: Any, n_trials: int) -> NDArray[np.int64] | None:
    """Return groups as numbers, one for each trial.

    Raises
    ------
    SpecError
    """
    if group is None:
        return None
    numbers: NDArray[np.int64] = whole(group, np.int64, "Trials.group")
    if numbers.size != n_trials:
        raise SpecError(
            "Trials.group", f"must be one for each of the {n_trials} trials", got=f"{numbers.size}"
        )
    return numbers


def trial_indices(indices: ArrayLike, n_trials: int) -> NDArray[np.int64]:
    """Return indices of trials, also of those that a mask marks.

    Raises
    ------
    SpecError
    """
    given = np.asarray(indices)
    if given.dtype == np.bool_:
        if given.shape != (n_trials,):
            raise SpecError(
                "indices", f"must be a mask of the {n_trials} trials", got=f"shape {given.shape}"
            )
        return np.flatnonzero(given)
    chosen: NDArray[np.int64] = whole(given, np.int64, "indices")
    is_out = (chosen < 0) | (chosen >= n_trials)
    if is_out.any():
        raise SpecError(
            "indices", f"must be >= 0 and < the number of trials, {n_trials}",
            got=f"{chosen[is_out][0]}",
        )  # fmt: skip
    return chosen


def dense_counts(array: ArrayLike) -> NDArray[Any]:
    """Return an array of spikes or of whole numbers of events, (n_trials, n_steps, n_channels).

    Raises
    ------
    SpecError
    """
    where = "Trials.from_dense"
    dense = np.asarray(array)
    if dense.ndim != 3:
        raise SpecError(
            where, "must get an array (n_trials, n_steps, n_channels)", got=f"shape {dense.shape}",
            remedy="One trial is array[None]; steps before channels is array.transpose(0, 2, 1).",
        )  # fmt: skip
    if dense.dtype.kind not in "biuf":
        raise SpecError(where, "must get an array of numbers", got=f"{dense.dtype}")
    if dense.dtype.kind in "if":
        # NaN is no whole number >= 0 either.
        is_bad = ~(dense >= 0) | (dense != np.floor(dense)) | np.isinf(dense)
        if is_bad.any():
            at = tuple(int(i[0]) for i in np.nonzero(is_bad))
            raise SpecError(
                where, "must get spikes (0 or 1) or whole numbers of events",
                got=f"{dense[at]} at (trial, step, channel) {at}",
                remedy="Turn values into spikes with an encoder of snnlab.learning.encoders.",
            )  # fmt: skip
    return dense
