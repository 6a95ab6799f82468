"""Synthetic noise of simulation times, shaped on published runs; the limits of it are stated.

1.3 % Gaussian noise that remembers a third of the last run, one run in twenty slower by 5-40 %,
one in a hundred faster by 3-10 %. Machine drift is a slow AR(1) over about 15 runs. An assumption,
not a measurement: real histories have to be looked at with the same tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

__all__ = ["Noise", "log_pairs", "steps"]


@dataclass(frozen=True)
class Noise:
    sd: float = 0.013
    rho: float = 0.3
    slow_share: float = 0.05
    fast_share: float = 0.01

    def logs(self, rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float64]:
        """Log times of `shape` (series, run), around 0."""
        slow = np.log1p(rng.uniform(0.05, 0.40, shape)) * (rng.random(shape) < self.slow_share)
        fast = np.log1p(-rng.uniform(0.03, 0.10, shape)) * (rng.random(shape) < self.fast_share)
        return ar1(rng, shape, self.sd, self.rho) + slow + fast


def ar1(
    rng: np.random.Generator, shape: tuple[int, int], sd: float, rho: float
) -> NDArray[np.float64]:
    """Stationary AR(1) along the last axis with marginal standard deviation `sd`."""
    innovations = rng.normal(0.0, sd * np.sqrt(1 - rho**2), shape)
    innovations[:, 0] = rng.normal(0.0, sd, shape[0])
    return lfilter([1.0], [1.0, -rho], innovations, axis=-1)


def log_pairs(
    rng: np.random.Generator, n_batches: int, n_pairs: int, change: float
) -> NDArray[np.float64]:
    """Log ratios (batch, pair) of randomised pairs on a drifting machine."""
    shape = (n_batches, 2 * n_pairs)
    times = Noise().logs(rng, shape) + ar1(rng, shape, 0.03, np.exp(-1 / 15))
    first, second = times[:, 0::2], times[:, 1::2]
    candidate_first = rng.random((n_batches, n_pairs)) < 0.5
    return np.where(candidate_first, first - second, second - first) + np.log1p(change)


def steps(
    rng: np.random.Generator, noise: Noise, n_series: int, length: int, change: float
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Log times (series, point) with one step each, and where it is, at least 10 from the ends."""
    logs = noise.logs(rng, (n_series, length))
    at = rng.integers(10, length - 10, n_series, endpoint=True)
    logs += np.log1p(change) * (np.arange(length) >= at[:, None])
    return logs, at
