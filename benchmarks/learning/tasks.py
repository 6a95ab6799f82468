"""Trials and networks whose gradients are timed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from snnlab.learning import RecurrentNetwork
from snnlab.learning.trials import Trials

__all__ = ["DENSITIES", "TASKS", "Task", "random_trials"]

DENSITIES = (1.0, 0.1, 0.05, 0.01)


@dataclass(frozen=True)
class Task:
    """Random spikes of the size of a data set.

    Parameters
    ----------
    n_channels, n_steps, n_events, n_classes : int
        Of a trial.
    n_hidden : int
    n_trials : int
        Trials of a batch.
    input_gain : float
        So that hidden neurons fire at about 10 to 30 Hz.
    """

    n_channels: int
    n_steps: int
    n_events: int
    n_classes: int
    n_hidden: int
    n_trials: int
    input_gain: float

    def network(self, density: float) -> RecurrentNetwork:
        """Return the network, with both projections of one density."""
        return RecurrentNetwork(
            self.n_channels, self.n_hidden, self.n_classes, input_density=density,
            recurrent_density=density, input_gain=self.input_gain,
        )  # fmt: skip

    def trials(self) -> Trials:
        """Return a batch."""
        return random_trials(
            self.n_trials, self.n_channels, self.n_steps, self.n_events, self.n_classes
        )


def random_trials(
    n_trials: int, n_channels: int, n_steps: int, n_events: int, n_classes: int
) -> Trials:
    """Return trials in which channels and steps of spikes are random, none twice.

    Parameters
    ----------
    n_trials, n_channels, n_steps, n_events, n_classes : int
    """
    draw = np.random.default_rng(1)
    places = [
        np.sort(draw.choice(n_channels * n_steps, n_events, replace=False)) for _ in range(n_trials)
    ]
    step, channel = np.divmod(np.concatenate(places), n_channels)
    return Trials(
        channel.astype(np.int32), step.astype(np.int32),
        np.arange(n_trials + 1, dtype=np.int64) * n_events, draw.integers(0, n_classes, n_trials),
        n_channels, n_steps, tuple(str(k) for k in range(n_classes)), name="random",
    )  # fmt: skip


TASKS = {
    "mnist-size": Task(784, 40, 124, 10, 1024, 4, 3.0),
    "shd-size": Task(700, 1370, 8000, 20, 1024, 1, 1.5),
}
"""124 spikes in 40 steps are MNIST in log latency, 8000 in 1370 about a trial of SHD."""
