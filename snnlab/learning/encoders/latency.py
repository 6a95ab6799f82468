"""The larger a value, the earlier its one spike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.learning.encoders.checks import check_numbers, pixels
from snnlab.learning.encoders.encoder import TimedSpikes
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["LinearLatency", "LogLatency"]


@dataclass(frozen=True)
class LogLatency:
    """A value x above the threshold spikes once, at ``tau ln(x / (x - threshold))``.

    That is when a leaky integrator that is driven by x reaches the threshold. Values at or below
    it, and those that would spike after the end, are silent.

    Parameters
    ----------
    tau, duration : float [ms]
        Time constant, and length of the trial.
    threshold : float
        Between 0 and 1.
    on_off : bool
        True: a second channel for each pixel does the same with ``1 - x``.
    dt : float [ms]
        Length of a time step; the time is rounded to the nearest.
    """

    tau: float = 20.0
    threshold: float = 0.1
    duration: float = 40.0
    on_off: bool = False
    dt: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("tau", "duration", "dt"))
        if not 0.0 < self.threshold < 1.0:
            raise SpecError("LogLatency.threshold", "must be between 0 and 1",
                            got=repr(self.threshold))  # fmt: skip

    def encode(self, values: ArrayLike, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of images, one channel a pixel, or two with `on_off`.

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
        x = _channels(pixels(values, "LogLatency"), self.on_off)
        trial, channel = np.nonzero(x > self.threshold)
        strength = x[trial, channel]
        time = self.tau * np.log(strength / (strength - self.threshold))
        spikes = TimedSpikes(trial, channel, _rounded(time, self.dt), *x.shape)
        return spikes.trials(labels, self.duration, self.dt, more)


@dataclass(frozen=True)
class LinearLatency:
    """A value x above the threshold spikes once, at ``(1 - x) (window - dt)``.

    Parameters
    ----------
    window, duration : float [ms]
        Time in which spikes come, and length of the trial.
    threshold : float
        At least 0 and below 1.
    on_off : bool
        True: a second channel for each pixel does the same with ``1 - x``.
    dt : float [ms]
        Length of a time step; the time is rounded to the nearest.
    """

    window: float = 30.0
    threshold: float = 0.05
    duration: float = 40.0
    on_off: bool = False
    dt: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("window", "duration", "dt"))
        if not 0.0 <= self.threshold < 1.0:
            raise SpecError("LinearLatency.threshold", "must be >= 0 and < 1",
                            got=repr(self.threshold))  # fmt: skip

    def encode(self, values: ArrayLike, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of images, one channel a pixel, or two with `on_off`.

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
        x = _channels(pixels(values, "LinearLatency"), self.on_off)
        trial, channel = np.nonzero(x > self.threshold)
        time = (1.0 - x[trial, channel]) * (self.window - self.dt)
        spikes = TimedSpikes(trial, channel, _rounded(time, self.dt), *x.shape)
        return spikes.trials(labels, self.duration, self.dt, more)


def _channels(images: NDArray[np.float64], on_off: bool) -> NDArray[np.float64]:
    """Images as rows; the OFF channels, if there are such, after all ON channels."""
    x = images.reshape(len(images), -1)
    return np.concatenate((x, 1.0 - x), axis=1) if on_off else x


def _rounded(time: NDArray[np.float64], dt: float) -> NDArray[np.float64]:
    """Times at the nearest step; halves go up, whatever the step's number."""
    rounded: NDArray[np.float64] = np.floor(time / dt + 0.5) * dt
    return rounded
