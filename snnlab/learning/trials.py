"""Trials: spikes that a network is shown, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Trials"]


@dataclass(frozen=True)
class Trials:
    """Spikes of many trials, one trial after the other.

    Parameters
    ----------
    channel, step : (n_events,) int32
        Where and when; in each trial sorted by step, then by channel.
    offsets : (n_trials + 1,) int64
        Where trials begin.
    labels : (n_trials,) int64, optional
        Class of each trial.
    n_channels, n_steps : int
    classes : tuple of str
    dt : float [ms]
    group : (n_trials,) int64, optional
        Speaker or user of each trial.
    name, attribution : str
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
    name: str = ""
    attribution: str = ""

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def take(self, indices: ArrayLike) -> Trials:
        """Return some of the trials, in the order in which they are named."""
        chosen = np.asarray(indices, np.int64)
        sizes = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        at = np.arange(offsets[-1]) + np.repeat(self.offsets[chosen] - offsets[:-1], sizes)
        labels = None if self.labels is None else self.labels[chosen]
        group = None if self.group is None else self.group[chosen]
        return Trials(
            self.channel[at], self.step[at], offsets, labels, self.n_channels, self.n_steps,
            self.classes, self.dt, group, self.name, self.attribution,
        )  # fmt: skip
