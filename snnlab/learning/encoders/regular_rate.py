"""The larger a value, the more spikes, evenly spaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.build.random import stream_id, uniforms
from snnlab.errors import SpecError
from snnlab.learning.encoders.checks import check_numbers, pixels
from snnlab.learning.encoders.encoder import TimedSpikes
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["RegularRate"]


@dataclass(frozen=True)
class RegularRate:
    """A value x gives ``n = round(max_spikes x)`` spikes at ``(k + 1/2) window / n``.

    Each channel is shifted by a fixed phase of its own, so that equal values do not all spike in
    the same step.

    Parameters
    ----------
    max_spikes : int
        Spikes of the value 1.
    window, duration : float [ms]
        Time in which spikes come, and length of the trial.
    phase : float [ms]
        Phases lie between ``-phase`` and ``phase``; spikes before 0 come at 0.
    dt : float [ms]
        Length of a time step; what falls into one step makes one spike.
    seed : int
        Of the phases.

    Examples
    --------
    >>> RegularRate(max_spikes=4, window=8.0, duration=10.0, phase=0.0).encode([[1.0, 0.5]]).step
    array([1, 2, 3, 5, 6, 7], dtype=int32)
    """

    max_spikes: int = 10
    window: float = 30.0
    duration: float = 40.0
    phase: float = 2.0
    dt: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, ("window", "duration", "dt"), ("max_spikes",))
        if not self.phase >= 0.0:
            raise SpecError("RegularRate.phase", "must be >= 0 ms", got=f"{self.phase!r} ms")

    def encode(self, values: ArrayLike, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of images, one channel a pixel.

        Parameters
        ----------
        values : (n_images, ...) float
            Between 0 and 1.
        labels : (n_images,) int or str, optional
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.

        Raises
        ------
        SpecError
        """
        images = pixels(values, "RegularRate")
        x = images.reshape(len(images), -1)
        counts = np.floor(x * self.max_spikes + 0.5).astype(np.int64)
        trial, channel = np.nonzero(counts)
        n = counts[trial, channel]
        k = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
        shift = self.phase * (2.0 * uniforms(x.shape[1], self.seed, stream_id("rate.phase")) - 1.0)
        channel = np.repeat(channel, n)
        time = (k + 0.5) * self.window / np.repeat(n, n) + shift[channel]
        spikes = TimedSpikes(
            np.repeat(trial, n), channel, np.maximum(time, 0.0), len(x), x.shape[1]
        )
        return spikes.trials(labels, self.duration, self.dt, more)
