"""What the figures of a run need of its spikes, gathered as they come."""

from __future__ import annotations

import hashlib
import math

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.rates import mean_rate
from snnlab.analysis.running_cv import RunningCV
from snnlab.frames.frame import Frame
from snnlab.model.network import Network

__all__ = ["Tally"]


class Tally:
    """Counts and statistics of a run; memory does not grow with its length.

    Parameters
    ----------
    network : Network
    out_degrees : (n_neurons,) int64
        Outgoing synapses of every neuron at the start.
    warmup : int [steps]
        Frames that begin before do not count, but for the digest.

    Attributes
    ----------
    n_spikes, n_events : int
        Measured spikes, and synapses that they arrived at.
    n_formed, n_removed : int
        Synapses that were formed and removed in the measured time.
    """

    def __init__(self, network: Network, out_degrees: NDArray[np.int64], warmup: int) -> None:
        self._dt, self._n_steps = network.dt, 0
        self.n_spikes = self.n_events = 0
        self.n_formed = self.n_removed = 0
        self._sizes = [population.size for population in network.populations]
        self._out_degrees = out_degrees.copy()
        self._warmup = warmup
        self._counts = np.zeros(len(self._sizes), np.int64)
        self._cv = RunningCV(network.n_neurons)
        self._digest = hashlib.sha256()

    def add(self, frame: Frame) -> None:
        """Take the next frame."""
        order = np.lexsort((frame.neuron, frame.step))
        pairs = np.column_stack((frame.step[order], frame.neuron[order]))
        self._digest.update(pairs.astype("<i8").tobytes())
        n_events = int(self._out_degrees[frame.neuron].sum()) + self._rewire(frame)
        if frame.t_start < self._warmup:
            return
        self._n_steps += frame.t_stop - frame.t_start
        self.n_spikes += frame.n_spikes
        self.n_events += n_events
        n_formed = int(frame.structure.is_formed.sum())
        self.n_formed += n_formed
        self.n_removed += len(frame.structure) - n_formed
        self._counts += frame.counts
        self._cv.add(frame.step, frame.neuron)

    def _rewire(self, frame: Frame) -> int:
        """Go on to the synapses at the end of a frame.

        Returns
        -------
        int
            Arrivals that the frame has more than with the synapses at its start: an event counts
            for the spikes of its source from its step on.
        """
        events = frame.structure
        if not len(events):
            return 0
        n = frame.t_stop - frame.t_start
        spikes = np.sort(frame.neuron * n + (frame.step - frame.t_start))
        first, last = events.pre * n + (events.step - frame.t_start), (events.pre + 1) * n
        n_later = np.searchsorted(spikes, last) - np.searchsorted(spikes, first)
        change = np.where(events.is_formed, 1, -1)
        np.add.at(self._out_degrees, events.pre, change)
        return int((change * n_later).sum())

    @property
    def duration(self) -> float:
        """Model time that is measured [ms]; it does not depend on how the run was cut."""
        return self._n_steps * self._dt

    @property
    def spike_sha256(self) -> str:
        """SHA-256 over all spikes as little-endian int64 pairs (step, id), sorted."""
        return self._digest.hexdigest()

    @property
    def rates(self) -> list[float | None]:
        """Mean rate of each population [Hz]; None without a measured step."""
        if not self.duration:
            return [None for _ in self._sizes]
        return [float(rate) for rate in mean_rate(self._counts, self._sizes, self.duration)]

    @property
    def cvs(self) -> list[float | None]:
        """Mean CV of the neurons of each population; None where none has enough spikes."""
        found: list[float | None] = []
        for part in np.split(self._cv.values(), np.cumsum(self._sizes)[:-1]):
            known = part[np.isfinite(part)]
            value = float(known.mean()) if known.size else math.nan
            found.append(value if math.isfinite(value) else None)
        return found
