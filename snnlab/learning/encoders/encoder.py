"""What all encoders have in common: a time step, a duration, and a form of what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from snnlab.learning.binning import spikes_of_bins
from snnlab.learning.event_lists import whole_steps
from snnlab.learning.labelling import labelled
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Encoder", "FittedEncoder", "TimedSpikes", "fitted"]


class Encoder(Protocol):
    """Turns numbers into spikes, the same numbers always into the same spikes."""

    def encode(self, values: Any, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of `values`, one trial for each.

        Parameters
        ----------
        values : array or sequence
            Images (n, ...) between 0 and 1, or series.
        labels : (n,) int or str, optional
            The class of each.
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.
        """
        ...


@runtime_checkable
class FittedEncoder(Encoder, Protocol):
    """An encoder that takes some of its numbers from a training set."""

    @property
    def is_fitted(self) -> bool:
        """Whether it has these numbers."""
        ...

    def fit(self, series: Any) -> Encoder:
        """Return the encoder with numbers from `series`, a training set."""
        ...


def fitted(encoder: Encoder, training: Any) -> Encoder:
    """Return the encoder; one that has to be fitted and is not yet, fitted to a training set.

    Parameters
    ----------
    encoder : Encoder
    training : as `encode` takes it
    """
    if isinstance(encoder, FittedEncoder) and not encoder.is_fitted:
        return encoder.fit(training)
    return encoder


@dataclass(frozen=True)
class TimedSpikes:
    """Spikes with times, in any order.

    Parameters
    ----------
    trial, channel : (n_spikes,) int
    time : (n_spikes,) float [ms]
        Those outside the trial are cut off.
    n_trials, n_channels : int
    """

    trial: NDArray[np.integer]
    channel: NDArray[np.integer]
    time: NDArray[np.floating]
    n_trials: int
    n_channels: int

    def trials(
        self, labels: ArrayLike | None, duration: float, dt: float, more: dict[str, Any]
    ) -> Trials:
        """Return the spikes as `Trials`.

        Parameters
        ----------
        labels : (n_trials,) int or str, optional
        duration, dt : float [ms]
            Length of a trial and of a step.
        more : dict
            Further fields of `Trials`.
        """
        n_steps = max(1, -int(whole_steps(-duration / dt)))
        step = whole_steps(self.time / dt)
        kept = (step >= 0) & (step < n_steps)
        channel, at, offsets = spikes_of_bins(
            self.trial[kept], step[kept], self.channel[kept], self.n_trials, n_steps,
            self.n_channels,
        )  # fmt: skip
        numbers, classes = labelled(labels, more.pop("classes", ()), self.n_trials)
        return Trials(channel, at, offsets, numbers, self.n_channels, n_steps, classes, dt, **more)
