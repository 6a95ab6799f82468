"""Room for what the recorders sample during one call of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.cpu.assemble import Sampling
from snnlab.cpu.program import Probes
from snnlab.frames.frame import Samples
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SampleBuffer"]


class SampleBuffer:
    """The samples of all recorders between two steps, in one flat array.

    Parameters
    ----------
    sampling : Sampling
    start, stop : int [steps]
    dtype : dtype
        Of the engine's state.
    """

    def __init__(
        self, sampling: Sampling, start: int, stop: int, dtype: np.dtype[np.floating]
    ) -> None:
        self._sampling = sampling
        self._start = start
        self._rows = [stop // i - start // i for i in sampling.intervals]
        n_columns = [a * b for a, b in sampling.shapes]
        sizes = [r * c for r, c in zip(self._rows, n_columns, strict=True)]
        self._base = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.values: NDArray[np.floating] = np.zeros(int(self._base[-1]), dtype)

    def probes_from(self, step: int) -> Probes:
        """Return the probes for a compiled call that starts at `step`."""
        probes = self._sampling.probes
        skipped = step // probes.interval - self._start // probes.interval
        column = self._base[self._sampling.recorder] + probes.column + skipped * probes.stride
        return probes._replace(column=column)

    def split(self, network: Network, stop: int) -> dict[str, Samples]:
        """Return the samples of each recorder, until step `stop` if the run ended early."""
        found = {}
        for r, recorder in enumerate(network.recorders):
            interval = self._sampling.intervals[r]
            n_rows = stop // interval - self._start // interval
            steps = (self._start // interval + 1 + np.arange(n_rows)) * interval
            values = self.values[self._base[r] : self._base[r + 1]]
            shape = (self._rows[r], *self._sampling.shapes[r])
            found[recorder.name] = Samples(steps, values.reshape(shape)[:n_rows])
        return found
