"""How good a classifier is on some trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from snnlab.learning.outcome import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """What a classifier has answered to labelled trials.

    Parameters
    ----------
    outcome : Outcome
        Votes, losses, spikes and labels of all trials.
    classes : tuple of str
    duration : float [ms]
        Length of a trial.
    """

    outcome: Outcome
    classes: tuple[str, ...]
    duration: float

    @property
    def accuracy(self) -> float:
        """Part of the trials that are answered right."""
        return self.outcome.n_correct / max(self.outcome.loss.size, 1)

    @property
    def loss(self) -> float:
        """Mean over trials of the cross-entropy, summed over the steps that count."""
        return float(self.outcome.loss.mean())

    @property
    def n_spikes(self) -> float:
        """Mean number of hidden spikes in a trial."""
        return float(self.outcome.n_spikes.mean())

    @property
    def predictions(self) -> NDArray[np.int64]:
        """The class of each trial by number, (n_trials,) int64."""
        return self.outcome.predictions

    @property
    def rates(self) -> NDArray[np.float64]:
        """Firing rates of the hidden neurons, (n_hidden,) float64 [spikes/s]."""
        time = self.outcome.loss.size * self.duration / 1000.0
        return self.outcome.spike_counts / time

    @property
    def confusion(self) -> xr.DataArray:
        """Number of trials by right class and by answer, (label, prediction) int64."""
        n = len(self.classes)
        assert self.outcome.labels is not None
        pairs = self.outcome.labels * n + self.predictions
        counts = np.bincount(pairs, minlength=n * n).reshape(n, n)
        names = list(self.classes)
        return xr.DataArray(
            counts, {"label": names, "prediction": names}, ("label", "prediction"),
            name="confusion", attrs={"long_name": "trials"},
        )  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"Evaluation({100 * self.accuracy:.2f} % of {self.outcome.loss.size} trials right, "
            f"loss {self.loss:.3g}, {self.n_spikes:.0f} spikes a trial)"
        )
