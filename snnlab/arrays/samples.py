"""Room for what the recorders sample during one call of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.assemble import Sampling, SynapseProbes
from snnlab.arrays.program import Probes
from snnlab.build.memory import available_bytes
from snnlab.errors import OutOfMemory
from snnlab.frames.frame import Samples
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SampleBuffer"]

_NEVER = 2**62

_UNCHECKED_BYTES = 2**24
"""So much is allocated without a look at the memory that is free, which takes 0.1 ms."""


class SampleBuffer:
    """The samples of all recorders between two steps, in one flat array.

    Parameters
    ----------
    sampling : Sampling
    start, stop : int [steps]
    dtype : dtype
        Of the engine's state.

    Raises
    ------
    OutOfMemory
        They do not fit; nothing was allocated.
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
        _check_fits(int(self._base[-1]) * dtype.itemsize, stop - start)
        self.values: NDArray[np.floating] = np.zeros(int(self._base[-1]), dtype)

    def probes_from(self, step: int) -> Probes:
        """Return the probes for a compiled call that starts at `step`."""
        probes = self._sampling.probes
        skipped = step // probes.interval - self._start // probes.interval
        column = self._base[self._sampling.recorder] + probes.column + skipped * probes.stride
        return probes._replace(column=column)

    def find_again(self, sampling: Sampling) -> None:
        """Read from other places from now on: synapses may have moved to where there is room."""
        self._sampling = sampling

    def take(self, part: SampleBuffer, stop: int) -> None:
        """Take over the samples of neurons from a buffer that begins later, until step `stop`."""
        of_synapses = {probes.recorder for probes in self._sampling.synapses}
        for r, interval in enumerate(self._sampling.intervals):
            if r not in of_synapses:
                n = stop // interval - part._start // interval
                first = part._start // interval - self._start // interval
                self._of_recorder(r)[first : first + n] = part._of_recorder(r)[:n]

    def next_due(self, step: int) -> int:
        """Return the first step after `step` at which synapses are sampled; a late one if none."""
        intervals = self._sampling.intervals
        due = ((step // intervals[p.recorder] + 1) * intervals[p.recorder]
               for p in self._sampling.synapses)  # fmt: skip
        return min(due, default=_NEVER)

    def due(self, step: int) -> list[tuple[SynapseProbes, NDArray[np.floating]]]:
        """Return the recorders of synapses that sample at `step`, and where their values go."""
        found = []
        for probes in self._sampling.synapses:
            r, interval = probes.recorder, self._sampling.intervals[probes.recorder]
            if step > self._start and step % interval == 0:
                rows = self._of_recorder(r)
                found.append((probes, rows[step // interval - self._start // interval - 1]))
        return found

    def _of_recorder(self, r: int) -> NDArray[np.floating]:
        """The room of one recorder, shape (n_samples, n_variables, n)."""
        values = self.values[self._base[r] : self._base[r + 1]]
        return values.reshape(self._rows[r], *self._sampling.shapes[r])

    def split(self, network: Network, stop: int) -> dict[str, Samples]:
        """Return the samples of each recorder, until step `stop` if the run ended early."""
        found = {}
        synapses = {probes.recorder: probes.ids for probes in self._sampling.synapses}
        for r, recorder in enumerate(network.recorders):
            interval = self._sampling.intervals[r]
            n_rows = stop // interval - self._start // interval
            steps = (self._start // interval + 1 + np.arange(n_rows)) * interval
            values = self._of_recorder(r)[:n_rows]
            found[recorder.name] = Samples(steps, values, synapses.get(r))
        return found


def _check_fits(needed: int, n_steps: int) -> None:
    if needed <= _UNCHECKED_BYTES or needed <= (limit := available_bytes()):
        return
    raise OutOfMemory(
        f"samples of {n_steps} steps",
        f"must fit into {limit / 2**30:.3g} GiB of free memory",
        got=f"{needed / 2**30:.3g} GiB",
        remedy="Advance in smaller pieces, sample less often, or record fewer of them.",
    )
