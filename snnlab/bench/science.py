"""Whether a run did what it should: speed counts only where the science is right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnlab.analysis.correlation import pairwise_correlation
from snnlab.analysis.irregularity import mean_cv
from snnlab.bench.measured import Measured
from snnlab.build.expected import expected_synapses
from snnlab.errors import FormatError
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Check", "activity", "checks_of", "complaint", "mean_outdegrees", "read_spikes"]

MIN_SPIKES = 4
"""Neurons with fewer have no CV."""

N_CORRELATED = 200
"""Neurons between which the correlation is taken, evenly over all that fire."""


@dataclass(frozen=True)
class Check:
    """One value, and the band that it must lie in.

    Parameters
    ----------
    name : str
    value : float
        NaN where the run does not give it.
    low, high : float
    """

    name: str
    value: float
    low: float
    high: float

    @property
    def ok(self) -> bool:
        """Whether it passes; what is not known does not."""
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        value = "unknown" if math.isnan(self.value) else f"{self.value:.4g}"
        return f"{self.name} {value}, expected {self.low:g} ... {self.high:g}"


def checks_of(
    bands: Mapping[str, tuple[float, float]], values: Mapping[str, float]
) -> tuple[Check, ...]:
    """Return a check for each band.

    Parameters
    ----------
    bands : mapping
        Name -> (lowest, highest), as in a specification.
    values : mapping
        As of `activity`, and what the program printed.
    """
    return tuple(Check(n, values.get(n, math.nan), *band) for n, band in bands.items())


def complaint(checks: tuple[Check, ...]) -> str:
    """Return what is wrong; empty if nothing is."""
    return "; ".join(str(check) for check in checks if not check.ok)


def read_spikes(path: Path) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return step and neuron of every spike in a file.

    Raises
    ------
    FormatError
        It is no ``.npz`` of `step` and `neuron`.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            return stored["step"].astype(np.int64), stored["neuron"].astype(np.int64)
    except (OSError, ValueError, KeyError) as error:
        raise FormatError(
            "Spikes of the program", "must be an .npz of step and neuron", got=str(error)
        ) from error


def activity(
    step: NDArray[np.int64], neuron: NDArray[np.int64], found: Measured
) -> dict[str, float]:
    """Return rates [Hz], CV and correlation.

    Parameters
    ----------
    step, neuron : (n_spikes,) int64
        Of every spike that was measured.
    found : Measured
        Tells `dt`, `model_time`, and the sizes of the populations.

    Returns
    -------
    dict
        `n_spikes`, `rate` over all neurons, ``rate.<population>``, `cv`, `correlation`: the mean
        over pairs, in bins of 2 ms. What is not defined is missing.
    """
    duration, dt = found.numbers.get("model_time", 0.0), found.numbers.get("dt", 0.0)
    sizes = dict(found.populations) or {"all": found.numbers.get("n_neurons", 0.0)}
    edges = np.cumsum([0, *sizes.values()])
    n = int(edges[-1])
    values = {"n_spikes": float(neuron.size)}
    if not (duration and dt and n):
        return values
    counts = np.histogram(neuron, edges)[0]
    values |= {
        f"rate.{name}": float(count) / size / (1e-3 * duration)
        for (name, size), count in zip(sizes.items(), counts, strict=True)
        if size
    }
    values["rate"] = neuron.size / n / (1e-3 * duration)
    values["cv"] = mean_cv(dt * step, neuron, n, min_spikes=MIN_SPIKES)
    values["correlation"] = _correlation(np.asarray(dt * step, np.float64), neuron, duration)
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def _correlation(times: NDArray[np.float64], neuron: NDArray[np.int64], duration: float) -> float:
    firing = np.unique(neuron)
    chosen = firing[:: max(len(firing) // N_CORRELATED, 1)][:N_CORRELATED]
    place = np.searchsorted(chosen, neuron)
    place = np.minimum(place, max(len(chosen) - 1, 0))
    mine = chosen[place] == neuron if len(chosen) else np.zeros(neuron.size, bool)
    found = pairwise_correlation(
        times[mine], place[mine], len(chosen), t_start=0.0, t_stop=duration
    )
    return float(found.mean()) if found.size else math.nan


def mean_outdegrees(network: Network) -> NDArray[np.float64]:
    """Return the expected outgoing synapses of a neuron of each population."""
    names = [p.name for p in network.populations]
    found = np.zeros(len(names))
    for p in network.projections:
        found[names.index(p.pre)] += expected_synapses(network, p) / network.population(p.pre).size
    return found
