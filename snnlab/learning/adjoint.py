"""The gradient of e-prop by going back in time: synapses are touched at presynaptic spikes alone.

Trials are dealt with in groups that do not depend on the number of threads. In a group, threads
share trials while these are shown and gone back through, then sources of synapses while gradients
are summed: each number has one owner, who adds in one order. That order is: trial by trial within a
chunk of time, then chunk by chunk, the last one first; it depends on no group, and is a GPU's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.learning.arrivals import (
    add_arrivals,
    add_arrivals_sparse,
    sort_input,
    sort_spikes,
)
from snnlab.learning.crew import Crew
from snnlab.learning.forward import replay
from snnlab.learning.outcome import Gradient
from snnlab.learning.reverse import add_errors, reverse
from snnlab.learning.show import Tally, run_forward
from snnlab.learning.shown import LONGEST_CHUNK, Shown
from snnlab.learning.synapses import Synapses
from snnlab.learning.task import Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrivals = tuple[NDArray[np.int64], NDArray[np.int64]]

__all__ = ["adjoint_gradient"]


def adjoint_gradient(
    task: Task, crew: Crew, *, pairs: bool = False, longest_chunk: int = LONGEST_CHUNK
) -> Gradient:
    """Compute the gradient of a batch.

    Parameters
    ----------
    task : Task
    crew : Crew
    pairs : bool
        Whether gradients of pairs without a synapse are wanted, too.
    longest_chunk : int
        Steps of a trial that are kept whole; a longer one is kept in pieces, and computed twice.
    """
    return _Adjoint(task, crew, pairs, longest_chunk).gradient()


class _Adjoint:
    """One batch, group by group."""

    def __init__(self, task: Task, crew: Crew, pairs: bool, longest_chunk: int) -> None:
        self._task, self._crew = task, crew
        network, weights = task.network, task.weights
        self._shown = Shown.room(
            network, task.n_steps, task.n_trials, keeps_psi=True, longest=longest_chunk
        )
        n_chunks = -(-task.n_steps // self._shown.chunk)
        self._sums = [_Sum(weights.input, pairs, n_chunks)]
        if weights.recurrent is not None:
            self._sums.append(_Sum(weights.recurrent, pairs, n_chunks))
        self._output = np.zeros((n_chunks, *weights.output.shape), weights.output.dtype)
        self._bias = np.zeros((n_chunks, network.n_outputs))
        n, dtype = self._shown.n_trials, task.c.dtype
        self._z = np.zeros((n, network.n_outputs), dtype)
        self._carried = np.zeros((n, 2, network.n_hidden), dtype)
        self._drive = np.empty((n, network.n_hidden), dtype)

    def gradient(self) -> Gradient:
        """Deal with all groups."""
        tally, n_trials = Tally(self._task), self._task.n_trials
        for first in range(0, n_trials, self._shown.n_trials):
            n = min(self._shown.n_trials, n_trials - first)
            run_forward(self._task, self._shown, first, n, self._crew)
            tally.add(self._shown, first, n)
            self._go_back(first, n)
        of_input, of_recurrent = self._sums[0], self._sums[1] if len(self._sums) > 1 else None
        return Gradient(
            of_input.of_weights(),
            of_recurrent.of_weights() if of_recurrent else None,
            _folded(self._output),
            _folded(self._bias).astype(self._output.dtype),
            tally.outcome(),
            of_input.pairs,
            of_recurrent.pairs if of_recurrent else None,
        )

    def _go_back(self, first: int, n: int) -> None:
        n_steps, chunk = self._task.n_steps, self._shown.chunk
        self._z[:], self._carried[:] = 0, 0
        for t_first in range(chunk * ((n_steps - 1) // chunk), -1, -chunk):
            t_last = min(t_first + chunk, n_steps)
            self._crew.share(n, self._going_back(first, t_first, t_last))
            add_errors(self._shown.error[:n, t_first:t_last], self._bias[t_first // chunk])
            self._add_up(first, n, t_first, t_last)

    def _going_back(self, first: int, t_first: int, t_last: int) -> Callable[[int, int], None]:
        """What a thread does with its trials in a chunk of time."""
        task, shown = self._task, self._shown

        def work(a: int, b: int) -> None:
            for g in range(a, b):
                if shown.chunk < task.n_steps:
                    replay(
                        task.c, task.settings, task.events, first + g, t_first, t_last,
                        task.rows_in, task.rows_rec, shown.kept[g, t_first // shown.chunk],
                        shown.spike_start[g], shown.spikes[g], shown.psi[g],
                    )  # fmt: skip
                reverse(
                    task.c, task.feedback, task.regulariser, shown.error[g, t_first:t_last],
                    shown.psi[g], self._z[g], self._carried[g, 0], self._carried[g, 1],
                    self._drive[g],
                )  # fmt: skip

        return work

    def _add_up(self, first: int, n: int, t_first: int, t_last: int) -> None:
        """Sum what spikes that arrived in a chunk of time are worth, bundle by bundle."""
        size, of_chunk = self._shown.bundle, t_first // self._shown.chunk
        bundles = [(a, min(a + size, n)) for a in range(0, n, size)]
        sorted_: list[list[Arrivals]] = [[] for _ in bundles]

        def sort(low: int, high: int) -> None:
            for k in range(low, high):
                sorted_[k] = self._sort(first, *bundles[k], t_first, t_last)

        self._crew.share(len(bundles), sort)
        shown, n_steps = self._shown, self._task.n_steps
        for which, into in enumerate(self._sums):

            def add(low: int, high: int, which: int = which, into: _Sum = into) -> None:
                for (a, b), arrivals in zip(bundles, sorted_, strict=True):
                    rows = shown.psi[a:b].reshape(-1, shown.psi.shape[2])
                    into.add(low, high, arrivals[which], rows, of_chunk)

            self._crew.share(into.n_pre, add)
        for (a, b), arrivals in zip(bundles, sorted_, strict=True):
            rows = shown.error[a:b].reshape(-1, shown.error.shape[2])[t_first:]
            assert rows.shape[0] >= (b - a - 1) * n_steps
            add_arrivals(0, self._output.shape[1], *arrivals[-1], rows, self._output[of_chunk])

    def _sort(self, first: int, a: int, b: int, t_first: int, t_last: int) -> list[Arrivals]:
        """Arrivals at input synapses, at recurrent ones if there are any, at outputs."""
        task, shown = self._task, self._shown
        starts, spikes, n_hidden = shown.spike_start[a:b], shown.spikes[a:b], task.network.n_hidden
        n_steps, chunk = task.n_steps, shown.chunk
        of_input = sort_input(
            task.events, first + a, first + b, t_first, t_last, chunk, task.network.n_inputs
        )
        of_recurrent = sort_spikes(starts, spikes, t_first, t_last, 1, chunk, n_hidden)
        of_output = sort_spikes(starts, spikes, t_first, t_last, 0, n_steps, n_hidden)
        if task.weights.recurrent is None:
            return [of_input, of_output]
        return [of_input, of_recurrent, of_output]


class _Sum:
    """Gradient of a projection that is being summed.

    Parameters
    ----------
    synapses : Synapses
    all_pairs : bool
        Whether also of pairs that are not connected.
    n_chunks : int
        Chunks of time, each of which has a sum of its own.
    """

    def __init__(self, synapses: Synapses, all_pairs: bool, n_chunks: int) -> None:
        self._synapses, self._all = synapses, all_pairs and not synapses.is_dense
        self.n_pre = synapses.n_pre
        shape = (synapses.n_pre, synapses.n_post) if self._all else synapses.weight.shape
        self._sums: NDArray[Any] = np.zeros((n_chunks, *shape), synapses.weight.dtype)

    def add(
        self, low: int, high: int, arrivals: Arrivals, rows: NDArray[Any], of_chunk: int
    ) -> None:
        """Add what spikes of the sources ``low ... high - 1`` are worth in a chunk of time."""
        start, at = arrivals
        into = self._sums[of_chunk]
        if into.ndim == 2:
            add_arrivals(low, high, start, at, rows, into)
            return
        add_arrivals_sparse(
            low, high, start, at, rows, self._synapses.start, self._synapses.post, into
        )

    @cached_property
    def _gradient(self) -> NDArray[Any]:
        return _folded(self._sums)

    @property
    def pairs(self) -> NDArray[Any] | None:
        """Gradient of all pairs, if it was wanted or there is no other."""
        if self._gradient.ndim == 1:
            return None
        self._synapses.clear_autapses(self._gradient)
        return self._gradient

    def of_weights(self) -> NDArray[Any]:
        """Gradient in the shape of the weights."""
        if not self._all:
            self._synapses.clear_autapses(self._gradient)
            return self._gradient
        return self._gradient[self._synapses.pre, self._synapses.post]


def _folded(sums: NDArray[Any]) -> NDArray[Any]:
    """Sums of all chunks, the last one first; the memory of one of them."""
    total: NDArray[Any] = sums[-1]
    for own in sums[-2::-1]:
        total += own
    return total
