"""A number activates the neurons whose tuning curves lie near it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import SpecError, StateError
from snnlab.learning.encoders.checks import Series, check_numbers, flat_series
from snnlab.learning.encoders.encoder import TimedSpikes
from snnlab.learning.trials import Trials

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PopulationCode"]


@dataclass(frozen=True)
class PopulationCode:
    """Each signal has `n_neurons` with Gaussian tuning curves; the more active, the earlier.

    A value x gives the activity ``a = exp(-(x - centre)^2 / (2 width^2))``. Where it is above the
    threshold, the neuron spikes once in the frame of that sample, at
    ``(1 - (a - threshold) / (1 - threshold)) (frame - dt)`` after its begin. The centres are the
    quantiles ``(l + 1/2) / n_neurons`` of the training set, the width is their mean distance.

    Parameters
    ----------
    n_neurons : int
        Tuning curves, and so channels, of each signal: ``signal * n_neurons + l``.
    threshold : float
        At least 0 and below 1.
    frame : float [ms]
        Time for which a sample is shown.
    n_samples : int, optional
        Longest series; it sets the length of the trials. None: the longest in `fit`.
    rest : float [ms]
        Silence after the longest series.
    dt : float [ms]
        Length of a time step.
    centres : tuple of tuple of float
        For each signal the centres of its curves, in its unit; found by `fit`.
    """

    n_neurons: int = 8
    threshold: float = 0.3
    frame: float = 4.0
    n_samples: int | None = None
    rest: float = 10.0
    dt: float = 1.0
    centres: tuple[tuple[float, ...], ...] = ()

    def __post_init__(self) -> None:
        check_numbers(self, ("frame", "dt"), ("n_neurons",))
        if self.n_samples is not None:
            check_numbers(self, (), ("n_samples",))
        if self.n_neurons < 2:
            raise SpecError("PopulationCode.n_neurons", "must be >= 2", got=f"{self.n_neurons}")
        if not self.rest >= 0.0:
            raise SpecError("PopulationCode.rest", "must be >= 0 ms", got=f"{self.rest!r} ms")
        if not 0.0 <= self.threshold < 1.0:
            raise SpecError("PopulationCode.threshold", "must be >= 0 and < 1",
                            got=repr(self.threshold))  # fmt: skip

    @property
    def is_fitted(self) -> bool:
        """Whether it has its centres."""
        return self.centres != ()

    def fit(self, series: Any) -> PopulationCode:
        """Return the encoder with the centres of its curves at quantiles of a training set.

        Parameters
        ----------
        series : sequence of (n_samples, n_signals) arrays

        Raises
        ------
        SpecError
            A signal that does not change.
        """
        flat = flat_series(series, "PopulationCode")
        at = (np.arange(self.n_neurons) + 0.5) / self.n_neurons
        centres = np.quantile(flat.values, at, axis=0).T
        constant = np.flatnonzero(centres[:, -1] <= centres[:, 0])
        if constant.size:
            raise SpecError(
                f"Signal {constant[0]}", "must change", got=f"{centres[constant[0], 0]:g} always",
                remedy="Leave it out.",
            )  # fmt: skip
        longest = self.n_samples or int(flat.lengths.max())
        found = tuple(tuple(float(c) for c in row) for row in centres)
        return replace(self, centres=found, n_samples=longest)

    def encode(self, values: Any, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of series, `n_neurons` channels a signal.

        Parameters
        ----------
        values : sequence of (n_samples, n_signals) arrays
        labels : (n_series,) int or str, optional
        **more
            `classes`, `group`, `name` and `attribution` of `Trials`.

        Raises
        ------
        SpecError
            Series that are longer than `n_samples`, or of another number of signals.
        StateError
            The encoder has not been fitted.
        """
        flat = flat_series(values, "PopulationCode")
        n_samples = self._check(flat)
        activity = self._activity(flat.values)
        sample, signal, neuron = np.nonzero(activity > self.threshold)
        above = (activity[sample, signal, neuron] - self.threshold) / (1.0 - self.threshold)
        late = np.floor((1.0 - above) * (self.frame - self.dt) / self.dt + 0.5) * self.dt
        spikes = TimedSpikes(
            flat.trial[sample], signal * self.n_neurons + neuron,
            flat.position[sample] * self.frame + late,
            len(flat), flat.values.shape[1] * self.n_neurons,
        )  # fmt: skip
        return spikes.trials(labels, n_samples * self.frame + self.rest, self.dt, more)

    def _activity(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Activity of each neuron, (n_samples, n_signals, n_neurons)."""
        centres = np.asarray(self.centres)
        width = (centres[:, -1] - centres[:, 0]) / (self.n_neurons - 1)
        distance = (values[:, :, None] - centres) / width[:, None]
        activity: NDArray[np.float64] = np.exp(-0.5 * distance**2)
        return activity

    def _check(self, flat: Series) -> int:
        """Refuse what does not fit; return the number of samples of a trial."""
        longest, n_signals = int(flat.lengths.max()), flat.values.shape[1]
        if not self.centres or self.n_samples is None:
            raise StateError(
                "PopulationCode", "must have its centres and n_samples before encode",
                remedy="Fit the encoder first: encoder = encoder.fit(training).",
            )  # fmt: skip
        if n_signals != len(self.centres):
            raise SpecError(
                "PopulationCode.encode", f"must get series of {len(self.centres)} signals",
                got=f"{n_signals}",
            )  # fmt: skip
        if longest > self.n_samples:
            raise SpecError(
                "PopulationCode.encode", f"must get series of at most {self.n_samples} samples",
                got=f"{longest}", remedy="Cut them, or set n_samples before fit.",
            )  # fmt: skip
        return self.n_samples
