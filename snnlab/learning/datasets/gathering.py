"""Trials of a data set that come one by one, in events, become `Trials`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.binning import distinct
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["OneTrial", "gathered"]


@dataclass(frozen=True)
class OneTrial:
    """Events of one trial, in any order.

    Parameters
    ----------
    step, channel : (n_events,) int
    label : int
        Number of its class.
    group : int
        Who made it.
    """

    step: NDArray[np.integer]
    channel: NDArray[np.integer]
    label: int
    group: int = 0


def gathered(
    trials: Iterable[OneTrial], n_channels: int, n_steps: int | None, **more: Any
) -> Trials:
    """Return trials that come one by one; only spikes are kept, so they need not fit as events.

    Parameters
    ----------
    trials : iterable of OneTrial
    n_channels : int
    n_steps : int, optional
        Later events are left out; None: up to the latest.
    **more
        `classes`, `dt`, `name` and `attribution` of `Trials`.
    """
    steps, channels, counts, labels, groups = [], [], [0], [], []
    for trial in trials:
        step, channel = _spikes(trial, n_channels, n_steps)
        steps.append(step)
        channels.append(channel)
        counts.append(step.size)
        labels.append(trial.label)
        groups.append(trial.group)
    empty = np.zeros(0, np.int32)
    step = np.concatenate([*steps, empty])
    return Trials(
        channel=np.concatenate([*channels, empty]), step=step,
        offsets=np.cumsum(counts), labels=np.array(labels, np.int64), n_channels=n_channels,
        n_steps=n_steps or int(step.max(initial=0)) + 1, group=np.array(groups, np.int64), **more,
    )  # fmt: skip


def _spikes(
    trial: OneTrial, n_channels: int, n_steps: int | None
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    bins = distinct(trial.step.astype(np.int64) * n_channels + trial.channel)
    if n_steps is not None:
        bins = bins[: np.searchsorted(bins, n_steps * n_channels)]
    step, channel = np.divmod(bins, n_channels)
    return step.astype(np.int32), channel.astype(np.int32)
