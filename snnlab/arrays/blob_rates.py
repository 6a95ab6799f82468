"""The rates that a `MovingBlob` gives to its population."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from snnlab.arrays.schedule import NEVER
from snnlab.build.random import random_words, stream_id
from snnlab.build.rules_of import positions
from snnlab.model.network import Network, Population
from snnlab.model.space import Grid
from snnlab.model.stimuli import MovingBlob
from snnlab.rules.lanes import LANES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BlobRates", "FlatRate", "blob_rates"]

_WORDS = 32
"""Random words drawn at a time; one is used."""

_exp = LANES["float64"].exp  # the same to the bit on any machine, as the C library's is not


@dataclass(frozen=True)
class FlatRate:
    """One constant rate [Hz] for all neurons."""

    target: str
    rate: float
    parameter: str = "rate"

    def added(self, step: int, neurons: slice) -> float:
        """Return the rate [Hz]."""
        return self.rate

    def next_change(self, step: int) -> int:
        """Return `NEVER`."""
        return NEVER


@dataclass(frozen=True, eq=False)
class BlobRates:
    """A bump of rates that jumps.

    Parameters
    ----------
    target : str
    base, peak : float [Hz]
    sigma : float [um]
    interval : int [steps]
    xy : (2, n) float64 [um]
        Positions of the neurons.
    period : (2,) float64 [um]
        Lengths after which the pattern repeats; 0: it does not.
    seed, stream : int
        Name the centres, together with the number of the interval.
    """

    target: str
    base: float
    peak: float
    sigma: float
    interval: int
    xy: NDArray[np.float64]
    period: NDArray[np.float64]
    seed: int
    stream: int
    parameter: str = "rate"

    def centre(self, step: int) -> int:
        """Return the neuron at whose position the bump is in `step`."""
        k = step // self.interval
        words = np.empty(_WORDS, np.uint32)
        random_words(words, k // _WORDS, _WORDS, 0, 0, self.seed, self.stream)
        return (int(words[k % _WORDS]) * int(self.xy.shape[1])) >> 32

    def added(self, step: int, neurons: slice) -> NDArray[np.float64]:
        """Return the rate of each of these neurons [Hz], shape (n,)."""
        xy = np.ascontiguousarray(self.xy[:, neurons])
        centre = np.ascontiguousarray(self.xy[:, self.centre(step)])
        rates = np.empty(xy.shape[1])
        _fill(rates, xy, self.period, centre, self.base, self.peak, self.sigma)
        return rates

    def next_change(self, step: int) -> int:
        """Return when the next interval begins."""
        return (step // self.interval + 1) * self.interval


def blob_rates(network: Network, stimulus: MovingBlob) -> BlobRates | FlatRate:
    """Return the rates of a stimulus, numbers in canonical units and times in steps.

    Parameters
    ----------
    network : Network
    stimulus : MovingBlob
        One of it.
    """
    where, population = f"Stimulus {stimulus.name!r}", network.population(stimulus.target)
    base, peak, sigma, interval = (
        network.number(getattr(stimulus, name), unit, where=f"{where}.{name}")
        for name, unit in (("base", "Hz"), ("peak", "Hz"), ("sigma", "um"), ("interval", "ms"))
    )
    period = _period(population, stimulus.tile)
    if not stimulus.is_correlated:
        return FlatRate(stimulus.target, base + peak * _mean_bump(population, period, sigma))
    return BlobRates(
        stimulus.target, base, peak, sigma, round(interval / network.dt),
        np.ascontiguousarray(positions(network, population).T), period,
        network.seed, stream_id("moving blob", stimulus.name),
    )  # fmt: skip


def _period(population: Population, tile: tuple[float, float] | None) -> NDArray[np.float64]:
    space = population.space
    assert space is not None  # the network has been checked
    if tile is not None:
        return np.array(tile, np.float64)
    return np.array(space.extent if space.is_periodic else (0.0, 0.0), np.float64)


@njit(error_model="numpy", cache=True)
def _fill(rates, xy, period, centre, base, peak, sigma):  # type: ignore[no-untyped-def]
    """Write the rate of every neuron; the bump is at the position `centre`."""
    rates[:] = 0.0
    for axis in range(2):
        at, length = centre[axis], period[axis]
        for i in range(rates.size):
            d = abs(xy[axis, i] - at)
            if length > 0.0:
                d -= math.floor(d / length) * length
                d = min(d, length - d)
            rates[i] += d * d
    for i in range(rates.size):
        rates[i] = base + peak * _exp(-rates[i] / (2.0 * sigma * sigma))


# --- the mean -------------------------------------------------------------------------------------


def _mean_bump(population: Population, period: NDArray[np.float64], sigma: float) -> float:
    """The mean of exp(-d^2 / (2 sigma^2)) over all neurons and centres.

    Of positions that are drawn, the expectation of it: a neuron is its own centre once in n times.
    """
    space, product = population.space, 1.0
    assert space is not None
    for axis in range(2):
        length = float(space.extent[axis])
        if isinstance(space, Grid):
            product *= _mean_on_grid(space.shape[axis], length, float(period[axis]), sigma)
        else:
            product *= _mean_of_drawn(length, float(period[axis]), sigma)
    if isinstance(space, Grid):
        return product
    return (1.0 + (population.size - 1) * product) / population.size


def _mean_on_grid(n: int, length: float, period: float, sigma: float) -> float:
    """The mean along an axis over all pairs of `n` places, which are as far from each other."""
    steps = np.arange(n)
    d = steps * length / n
    if period:
        d = np.mod(d, period)
        d = np.minimum(d, period - d)
    pairs = np.where(steps == 0, n, 2 * (n - steps))
    return float((pairs * np.exp(-d * d / (2.0 * sigma * sigma))).sum()) / n**2


def _mean_of_drawn(length: float, period: float, sigma: float) -> float:
    """The mean along an axis of two places that are drawn uniformly."""
    root = math.sqrt(2.0) * sigma
    if period:
        return math.sqrt(math.pi) * root / period * math.erf(period / (2.0 * root))
    x = length / root
    return (math.sqrt(math.pi) * x * math.erf(x) + math.expm1(-x * x)) / x**2
