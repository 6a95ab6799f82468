"""A signal spikes when it has changed by so much: send-on-delta."""

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

__all__ = ["LevelCrossing"]

_SLACK = 1e-9
"""Of a delta: a change by exactly one delta, written as decimals, may be a rounding error less."""


@dataclass(frozen=True)
class LevelCrossing:
    """A signal gives a spike on its UP or DOWN channel each time it has moved by `delta`.

    It is compared with the level at which it last spiked, at first with its first sample. Between
    samples it is a straight line, so a fast change gives several spikes. Signal i has the channels
    ``2 i`` (UP) and ``2 i + 1`` (DOWN).

    Parameters
    ----------
    delta : tuple of float, or float
        For each signal, in its unit, or one for all; empty: found by `fit`.
    sample_time : float [ms]
        Time from one sample to the next.
    n_samples : int, optional
        Longest series; it sets the length of the trials. None: the longest in `fit`, or if there
        was none, the longest that is encoded.
    rest : float [ms]
        Silence after the longest series.
    dt : float [ms]
        Length of a time step; crossings of a channel in one step make one spike.

    Examples
    --------
    >>> trials = LevelCrossing(delta=1.0, sample_time=4.0).encode([[[0.0], [2.0], [1.0]]])
    >>> trials.step.tolist(), trials.channel.tolist()
    ([2, 4, 8], [0, 0, 1])

    References
    ----------
    Miskowicz 2006, Sensors 6:49.
    """

    delta: tuple[float, ...] | float = ()
    sample_time: float = 1.0
    n_samples: int | None = None
    rest: float = 10.0
    dt: float = 1.0

    def __post_init__(self) -> None:
        check_numbers(self, ("sample_time", "dt"))
        if self.n_samples is not None:
            check_numbers(self, (), ("n_samples",))
        if not self.rest >= 0.0:
            raise SpecError("LevelCrossing.rest", "must be >= 0 ms", got=f"{self.rest!r} ms")
        deltas = np.asarray(self.delta, np.float64)
        if not np.all(np.isfinite(deltas) & (deltas > 0.0)):
            raise SpecError("LevelCrossing.delta", "must be > 0", got=repr(self.delta))

    @property
    def is_fitted(self) -> bool:
        """Whether it has a delta."""
        return self.delta != ()

    def fit(self, series: Any, n_levels: int = 8) -> LevelCrossing:
        """Return the encoder with a delta for each signal.

        Parameters
        ----------
        series : sequence of (n_samples, n_signals) arrays
            Of the training set.
        n_levels : int
            The range from the 5th to the 95th percentile is so many deltas.

        Raises
        ------
        SpecError
            A signal that does not change.
        """
        flat = flat_series(series, "LevelCrossing")
        low, high = np.quantile(flat.values, (0.05, 0.95), axis=0)
        constant = np.flatnonzero(high <= low)
        if constant.size:
            raise SpecError(
                f"Signal {constant[0]}", "must change between the 5th and 95th percentile",
                got=f"{low[constant[0]]:g} at both", remedy="Leave it out, or give delta.",
            )  # fmt: skip
        delta = tuple(float(d) for d in (high - low) / n_levels)
        longest = self.n_samples or int(flat.lengths.max())
        return replace(self, delta=delta, n_samples=longest)

    def encode(self, values: Any, labels: ArrayLike | None = None, **more: Any) -> Trials:
        """Return the spikes of series, two channels a signal.

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
            There is no delta yet.
        """
        flat = flat_series(values, "LevelCrossing")
        n_samples = self._longest(flat)
        trial, signal, at, is_down = _crossings(flat, self._deltas(flat))
        spikes = TimedSpikes(
            trial, 2 * signal + is_down, at * self.sample_time, len(flat),
            2 * flat.values.shape[1],
        )  # fmt: skip
        return spikes.trials(labels, n_samples * self.sample_time + self.rest, self.dt, more)

    def _longest(self, flat: Series) -> int:
        longest = int(flat.lengths.max())
        if self.n_samples is not None and longest > self.n_samples:
            raise SpecError(
                "LevelCrossing.encode", f"must get series of at most {self.n_samples} samples",
                got=f"{longest}", remedy="Cut them, or set n_samples.",
            )  # fmt: skip
        return self.n_samples or longest

    def _deltas(self, flat: Series) -> NDArray[np.float64]:
        n_signals = flat.values.shape[1]
        deltas = np.asarray(self.delta, np.float64)
        if deltas.size == 0:
            raise StateError(
                "LevelCrossing.delta", "must be there before encode",
                remedy="Give delta, or fit the encoder first: encoder = encoder.fit(training).",
            )  # fmt: skip
        if deltas.ndim and deltas.size != n_signals:
            raise SpecError(
                "LevelCrossing.encode", f"must get series of {deltas.size} signals",
                got=f"{n_signals}",
            )  # fmt: skip
        return np.broadcast_to(deltas, (n_signals,))


def _crossings(
    flat: Series, delta: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Return trial, signal, time [samples] and direction (1 is DOWN) of each crossing.

    All series go ahead sample by sample, side by side; those that have ended drop out.
    """
    level = flat.values[flat.offsets[:-1]].copy()
    found: list[tuple[NDArray[Any], ...]] = []
    for sample in range(1, int(flat.lengths.max())):
        live = np.flatnonzero(flat.lengths > sample)
        now = flat.values[flat.offsets[live] + sample]
        before = flat.values[flat.offsets[live] + sample - 1]
        moves = (now - level[live]) / delta
        n = np.floor(np.abs(moves) + _SLACK).astype(np.int64)
        direction = np.sign(moves)
        row, signal = np.nonzero(n)
        times = n[row, signal]
        k = np.arange(times.sum()) - np.repeat(np.cumsum(times) - times, times) + 1
        row, signal = np.repeat(row, times), np.repeat(signal, times)
        reached = level[live[row], signal] + k * direction[row, signal] * delta[signal]
        start = before[row, signal]
        fraction = (reached - start) / (now[row, signal] - start)
        at = sample - 1 + np.clip(fraction, 0.0, 1.0)
        found.append((live[row], signal, at, (direction[row, signal] < 0).astype(np.int64)))
        level[live] += n * direction * delta
    if not found:
        none = np.zeros(0, np.int64)
        return none, none, np.zeros(0), none
    trial, signal, at, is_down = (np.concatenate(column) for column in zip(*found, strict=True))
    return trial, signal, at, is_down
