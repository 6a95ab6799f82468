"""`Trials`: labelled spikes cut into trials, the one form in which data reach a network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from snnlab.build.memory import available_bytes
from snnlab.errors import OutOfMemory, SpecError
from snnlab.learning.binning import spikes_of_bins
from snnlab.learning.event_lists import flat_events
from snnlab.learning.labelling import labelled
from snnlab.learning.splitting import folds_of, stratified
from snnlab.learning.trial_checks import (
    check_classes,
    check_groups,
    check_labels,
    check_offsets,
    check_spikes,
    dense_counts,
    positive,
    trial_indices,
    whole,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Trials"]


@dataclass(frozen=True, eq=False, repr=False)
class Trials:
    """Spikes of many trials, one after the other, each with the class that it belongs to.

    Parameters
    ----------
    channel : (n_events,) int32
        Input channel of each spike, ``0 <= channel < n_channels``.
    step : (n_events,) int32 [steps]
        Time step of each spike within its trial, ``0 <= step < n_steps``. The spikes of a trial are
        in the order of their steps, those of a step in the order of their channels, and none comes
        twice.
    offsets : (n_trials + 1,) int64
        Trial `i` has the spikes ``offsets[i]:offsets[i + 1]``; it may have none.
    labels : (n_trials,) int64, optional
        Number of each trial's class.
    n_channels, n_steps : int
        Input channels, and time steps of a trial.
    classes : tuple of str
        Names of the classes, by number; without names, the numbers that `labels` has.
    dt : float [ms]
        Length of a time step.
    group : (n_trials,) int64, optional
        Who made each trial: the speaker or user that `folds` keeps apart.
    name : str
        Of the data set, for pictures and messages.
    attribution : str
        Who made the data, and under which licence.

    Raises
    ------
    SpecError
        An array of another shape or type, spikes out of range or out of order, a label without a
        class.

    Notes
    -----
    Arrays that have the types above are held as they are, not copied: do not change them.
    """

    channel: NDArray[np.int32]
    step: NDArray[np.int32]
    offsets: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    n_channels: int
    n_steps: int
    classes: tuple[str, ...] = ()
    dt: float = 1.0
    group: NDArray[np.int64] | None = None
    name: str = "trials"
    attribution: str = ""

    def __post_init__(self) -> None:
        n_channels = positive(self.n_channels, "Trials.n_channels")
        n_steps = positive(self.n_steps, "Trials.n_steps")
        channel = whole(self.channel, np.int32, "Trials.channel")
        step = whole(self.step, np.int32, "Trials.step")
        offsets = whole(self.offsets, np.int64, "Trials.offsets")
        check_offsets(offsets, channel.size)
        check_spikes(channel, step, offsets, n_channels, n_steps)
        n_trials = offsets.size - 1
        labels = check_labels(self.labels, n_trials, len(tuple(self.classes)))
        self._hold(
            channel=channel, step=step, offsets=offsets, labels=labels,
            n_channels=n_channels, n_steps=n_steps,
            classes=check_classes(self.classes, labels),
            dt=positive(self.dt, "Trials.dt", unit="ms", is_whole=False),
            group=check_groups(self.group, n_trials),
        )  # fmt: skip

    def _hold(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return self.offsets.size - 1

    def __repr__(self) -> str:
        kinds = f", {len(self.classes)} classes" if self.classes else ""
        return (
            f"Trials({self.name!r}: {len(self)} trials, {self.n_channels} channels, "
            f"{self.n_steps} steps of {self.dt:g} ms{kinds}, {self.n_events} spikes)"
        )

    @property
    def n_events(self) -> int:
        """Number of spikes of all trials."""
        return self.channel.size

    @property
    def duration(self) -> float:
        """Length of a trial [ms]."""
        return self.n_steps * self.dt

    @property
    def class_counts(self) -> NDArray[np.int64]:
        """Number of trials of each class, (n_classes,); empty without labels."""
        if self.labels is None:
            return np.zeros(0, np.int64)
        return np.bincount(self.labels, minlength=len(self.classes)).astype(np.int64)

    def take(self, indices: ArrayLike) -> Trials:
        """Return some of the trials.

        Parameters
        ----------
        indices : (n,) int, or (n_trials,) bool
            Which, in the order in which they are wanted; a trial may be taken twice.

        Returns
        -------
        Trials
            With all classes, also those of which no trial is left.

        Raises
        ------
        SpecError
            An index out of range, or not whole.
        """
        chosen = trial_indices(indices, len(self))
        counts = np.diff(self.offsets)[chosen]
        offsets = np.concatenate(([0], np.cumsum(counts)))
        # Where the spikes of a taken trial lie: their place among the taken, shifted to its start.
        shift = np.repeat(self.offsets[chosen] - offsets[:-1], counts)
        events = np.arange(offsets[-1]) + shift
        return replace(
            self, channel=self.channel[events], step=self.step[events], offsets=offsets,
            labels=None if self.labels is None else self.labels[chosen],
            group=None if self.group is None else self.group[chosen],
        )  # fmt: skip

    def split(self, test_fraction: float = 0.25, seed: int = 0) -> tuple[Trials, Trials]:
        """Divide the trials into a training and a test set, class by class.

        Parameters
        ----------
        test_fraction : float
            Part of the trials that is for testing, between 0 and 1.
        seed : int
            Another seed gives another choice.

        Returns
        -------
        training, test : Trials
            Both in the order in which the trials were. Together the test set has
            ``ceil(test_fraction * n_trials)``; a class gives its share, rounded up or down.

        Raises
        ------
        SpecError
            There are no labels, the fraction is not between 0 and 1, or a class has too few trials
            to be in both sets.
        """
        is_test = stratified(self.labels, self.classes, test_fraction, seed)
        return self.take(~is_test), self.take(is_test)

    def folds(self, n_folds: int | None = None) -> Iterator[tuple[Trials, Trials]]:
        """Yield training and validation sets that have no group in common.

        Parameters
        ----------
        n_folds : int, optional
            The groups are dealt, in the order of their numbers, into so many blocks; None: each
            group is a block of its own.

        Yields
        ------
        training, validation : Trials

        Raises
        ------
        SpecError
            There are no groups, or fewer than two blocks.
        """
        for is_validation in folds_of(self.group, n_folds):
            yield self.take(~is_validation), self.take(is_validation)

    def to_dense(self) -> NDArray[np.uint8]:
        """Return the spikes as an array of 0 and 1.

        Returns
        -------
        (n_trials, n_steps, n_channels) uint8

        Raises
        ------
        OutOfMemory
            The array does not fit.
        """
        shape = (len(self), self.n_steps, self.n_channels)
        needed = len(self) * self.n_steps * self.n_channels
        if needed > available_bytes():
            raise OutOfMemory(
                f"Trials {self.name!r}", "must fit into the free memory as a dense array",
                got=f"{needed / 2**30:.3g} GiB",
                remedy="Take fewer trials first: take(range(100)).",
            )  # fmt: skip
        dense = np.zeros(shape, np.uint8)
        trial = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        dense[trial, self.step, self.channel] = 1
        return dense

    @classmethod
    def from_events(
        cls,
        events: Sequence[Any],
        labels: ArrayLike | None = None,
        *,
        unit: str,
        n_channels: int | None = None,
        sensor_size: tuple[int, int, int] | None = None,
        n_steps: int | None = None,
        dt: float = 1.0,
        late: Literal["refuse", "drop"] = "refuse",
        **more: Any,
    ) -> Trials:
        """Bin event lists, which may be in any order.

        Parameters
        ----------
        events : sequence
            One entry a trial: a pair ``(times, channels)``, a triple ``(times, channels,
            polarities)``, or a structured array with the fields ``t`` and ``x``, and where there
            are such ``y`` and ``p``, as tonic's data sets give them.
        labels : (n_trials,) int or str, optional
            The class of each trial, by number or by name.
        unit : "us", "ms" or "s"
            Of the times.
        n_channels : int, optional
            Number of channels, polarities not counted; None: up to the highest one that occurs.
        sensor_size : (width, height, polarities) int, optional
            Needed for events with ``y``: their channel is ``(p * height + y) * width + x``. With
            one polarity, ``p`` is left out.
        n_steps : int, optional
            Time steps of a trial; None: up to the latest event.
        dt : float [ms]
            Length of a time step. Several events of a channel in one step make one spike.
        late : "refuse" or "drop"
            What to do with events after `n_steps`.
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.

        Raises
        ------
        SpecError
            Times that are negative or not finite, a channel out of range, a polarity that is
            neither 0 or 1 nor -1 or 1, or lists whose lengths differ.

        Examples
        --------
        >>> trials = Trials.from_events([([3.2, 0.4], [1, 0]), ([1.0], [1])], ["a", "b"], unit="ms")
        >>> trials.step.tolist(), trials.channel.tolist(), trials.classes
        ([0, 3, 1], [0, 1, 1], ('a', 'b'))
        """
        dt = positive(dt, "Trials.dt", unit="ms", is_whole=False)
        flat = flat_events(events, unit, dt, n_channels, sensor_size)
        if n_steps is None:
            n_steps = int(flat.step.max(initial=0)) + 1
        n_steps = positive(n_steps, "Trials.n_steps")
        flat = flat.until(n_steps, late)
        channel, step, offsets = spikes_of_bins(
            flat.trial, flat.step, flat.channel, len(events), n_steps, flat.n_channels
        )
        numbers, classes = labelled(labels, more.pop("classes", ()), len(events))
        return cls(channel, step, offsets, numbers, flat.n_channels, n_steps, classes, dt, **more)

    @classmethod
    def from_dense(
        cls, array: ArrayLike, labels: ArrayLike | None = None, *, dt: float = 1.0, **more: Any
    ) -> Trials:
        """Take the spikes of an array.

        Parameters
        ----------
        array : (n_trials, n_steps, n_channels) bool or number
            Spikes, or whole numbers of events; one or more events in a step make one spike.
        labels : (n_trials,) int or str, optional
            The class of each trial, by number or by name.
        dt : float [ms]
            Length of a time step.
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.

        Raises
        ------
        SpecError
            Another shape, or values that are not whole numbers >= 0.
        """
        dense = dense_counts(array)
        _, step, channel = np.nonzero(dense)
        offsets = np.concatenate(([0], np.cumsum(np.count_nonzero(dense, axis=(1, 2)))))
        numbers, classes = labelled(labels, more.pop("classes", ()), len(dense))
        return cls(
            channel.astype(np.int32), step.astype(np.int32), offsets, numbers,
            dense.shape[2], dense.shape[1], classes, dt, **more,
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[Trials]) -> Trials:
        """Return the trials of several parts, one part after the other.

        Parameters
        ----------
        parts : sequence of Trials
            At least one; all with the channels, steps and classes of the first.

        Raises
        ------
        SpecError
            There is no part, or parts differ in what all trials have in common.
        """
        if not parts:
            raise SpecError("Trials.joined", "must get at least one part", got="none")
        first = parts[0]
        for part in parts[1:]:
            _check_alike(first, part)
        ends = np.cumsum([0, *(part.n_events for part in parts)])
        offsets = [part.offsets[:-1] + end for part, end in zip(parts, ends, strict=False)]
        return replace(
            first,
            channel=np.concatenate([part.channel for part in parts]),
            step=np.concatenate([part.step for part in parts]),
            offsets=np.concatenate([*offsets, ends[-1:]]),
            labels=_stacked([part.labels for part in parts]),
            group=_stacked([part.group for part in parts]),
        )


def _check_alike(first: Trials, other: Trials) -> None:
    for name in ("n_channels", "n_steps", "dt", "classes"):
        mine, its = getattr(first, name), getattr(other, name)
        if mine != its:
            raise SpecError(
                f"Trials.{name}", f"must be the same in all parts, {mine}", got=repr(its),
                remedy="Bin and encode all parts in the same way.",
            )  # fmt: skip
    for name in ("labels", "group"):
        if (getattr(first, name) is None) != (getattr(other, name) is None):
            raise SpecError(
                f"Trials.{name}", "must be there in all parts or in none",
                got=f"parts with {name} and parts without",
            )  # fmt: skip


def _stacked(arrays: Sequence[NDArray[np.int64] | None]) -> NDArray[np.int64] | None:
    there = [array for array in arrays if array is not None]
    return np.concatenate(there) if there else None
