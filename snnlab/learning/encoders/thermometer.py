"""The larger a value, the more levels it reaches, and each level has its time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError
from snnlab.learning.encoders.checks import check_numbers, pixels
from snnlab.learning.encoders.encoder import TimedSpikes
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Thermometer"]


@dataclass(frozen=True)
class Thermometer:
    """A value that reaches level k, ``x >= (k + 1/2) / n_levels``, spikes in the slot k.

    Parameters
    ----------
    n_levels : int
        Number of levels, k = 0 .. n_levels - 1.
    slot : float [ms]
        Time from one level to the next; the spike comes in the middle.
    rest : float [ms]
        Silence after the last slot, for the network to answer.
    dt : float [ms]
        Length of a time step.

    Examples
    --------
    >>> Thermometer(slot=2.0, rest=0.0).encode([[0.5, 0.1, 1.0]]).to_dense()[0].T
    array([[0, 1, 0, 1, 0, 0, 0, 0],
           [0, 0, 0, 0, 0, 0, 0, 0],
           [0, 1, 0, 1, 0, 1, 0, 1]], dtype=uint8)
    """

    n_levels: int = 4
    slot: float = 6.0
    rest: float = 10.0
    dt: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("slot", "dt"), ("n_levels",))
        if not self.rest >= 0.0:
            raise SpecError("Thermometer.rest", "must be >= 0 ms", got=f"{self.rest!r} ms")

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
        images = pixels(values, "Thermometer")
        x = images.reshape(len(images), -1)
        levels = (np.arange(self.n_levels) + 0.5) / self.n_levels
        trial, channel, level = np.nonzero(x[:, :, None] >= levels)
        time = (level + 0.5) * self.slot
        spikes = TimedSpikes(trial, channel, time, *x.shape)
        return spikes.trials(labels, self.n_levels * self.slot + self.rest, self.dt, more)
