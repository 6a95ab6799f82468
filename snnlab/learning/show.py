"""Showing trials without learning: what evaluation needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.learning.crew import Crew
from snnlab.learning.forward import forward
from snnlab.learning.outcome import Outcome
from snnlab.learning.shown import Shown
from snnlab.learning.task import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Tally", "run_forward", "show"]


class Tally:
    """Outcome of a batch, group by group.

    Parameters
    ----------
    task : Task
    """

    def __init__(self, task: Task) -> None:
        n, network = task.n_trials, task.network
        self._task = task
        self._votes = np.zeros((n, network.n_outputs))
        self._loss, self._n_spikes = np.zeros(n), np.zeros(n, np.int64)
        self._counts: NDArray[np.int64] = np.zeros(network.n_hidden, np.int64)

    def add(self, shown: Shown, first: int, n: int) -> None:
        """Take over what `n` trials have done, the first of which is `first` of the batch."""
        self._votes[first : first + n] = shown.votes[:n]
        self._loss[first : first + n] = shown.loss[:n]
        for g in range(n):
            spikes = shown.spikes[g, : shown.spike_start[g, -1]]
            self._n_spikes[first + g] = spikes.size
            self._counts += np.bincount(spikes, minlength=self._counts.size)

    def outcome(self) -> Outcome:
        """Return what all trials have done."""
        labels = self._task.labels if self._task.has_labels else None
        return Outcome(self._votes, self._loss, self._n_spikes, self._counts, labels)


def run_forward(task: Task, shown: Shown, first: int, n: int, crew: Crew) -> None:
    """Show `n` trials of a batch from number `first` on."""

    def work(a: int, b: int) -> None:
        forward(
            task.c, task.settings, task.events, first + a, first + b, task.rows_in, task.rows_rec,
            task.weights.output, task.weights.bias, task.labels, task.targets, shown.psi[a:b],
            shown.chunk, shown.kept[a:b], shown.error[a:b],
            shown.spike_start[a:b], shown.spikes[a:b], shown.loss[a:b], shown.votes[a:b],
        )  # fmt: skip

    crew.share(n, work)


def show(task: Task, crew: Crew) -> Outcome:
    """Show the trials of a batch; see `snnlab.learning.eprop.EProp.evaluate`."""
    shown = Shown.room(task.network, task.n_steps, task.n_trials, keeps_psi=False)
    tally = Tally(task)
    for first in range(0, task.n_trials, shown.n_trials):
        n = min(shown.n_trials, task.n_trials - first)
        run_forward(task, shown, first, n, crew)
        tally.add(shown, first, n)
    return tally.outcome()
