"""Random spike trains, among them empty ones and ones with a single spike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DT = 0.1
T_STOP = 1000.0


def random_trains(n_neurons: int, seed: int) -> list[NDArray[np.float64]]:
    """Sorted spike times [ms] on the grid; neuron i has about i % 12 spikes, at most one a step."""
    rng = np.random.default_rng(seed)
    steps = int(T_STOP / DT)
    return [
        DT * np.sort(rng.choice(np.arange(1, steps + 1), size=i % 12, replace=False))
        for i in range(n_neurons)
    ]


def flat(
    trains: list[NDArray[np.float64]], seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """All spikes of all trains in random order: times and neurons."""
    times = np.concatenate(trains)
    neuron = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.random.default_rng(seed).permutation(times.size)
    return times[order], neuron[order]
