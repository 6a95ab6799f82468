"""The last frames of a run, kept for views that are drawn now and then."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from snnlab.frames.decimate import can_follow, until
from snnlab.frames.frame import Frame

__all__ = ["RecentFrames", "tail"]


class RecentFrames:
    """The last frames of a run: one writer, any number of readers, bounded in time and memory.

    Readers remember the step up to which they have drawn and ask for what came `since` then. A
    frame that cannot follow the one before it (reset, new populations) starts a new `epoch`.

    Parameters
    ----------
    max_ms : float [ms]
        Model time that is kept.
    max_spikes : int
        Number of spikes that are kept; 16 bytes each.
    max_sampled : int
        Bytes of samples and structural events that are kept.
    """

    def __init__(
        self,
        max_ms: float = 10_000.0,
        max_spikes: int = 2_000_000,
        max_sampled: int = 64 * 2**20,
    ) -> None:
        self.max_ms = max_ms
        self.max_spikes = max_spikes
        self.max_sampled = max_sampled
        self.epoch = 0
        self._frames: deque[Frame] = deque()
        self._n_spikes = 0
        self._n_sampled = 0
        self._lock = threading.Lock()

    def append(self, frame: Frame) -> None:
        """Add the next frame and forget what is too old."""
        with self._lock:
            if self._frames and not can_follow(self._frames[-1], frame):
                self._start_anew()
            self._frames.append(frame)
            self._n_spikes += frame.n_spikes
            self._n_sampled += frame.sampled_bytes
            while len(self._frames) > 1 and self._is_full():
                oldest = self._frames.popleft()
                self._n_spikes -= oldest.n_spikes
                self._n_sampled -= oldest.sampled_bytes

    def _is_full(self) -> bool:
        first, last = self._frames[0], self._frames[-1]
        has_enough_time = (last.t_stop - first.t_stop) * last.dt >= self.max_ms
        is_too_much = self._n_spikes > self.max_spikes or self._n_sampled > self.max_sampled
        return has_enough_time or is_too_much

    def _start_anew(self) -> None:
        self._frames.clear()
        self._n_spikes = self._n_sampled = 0
        self.epoch += 1

    def rewind(self, step: int, sizes: Sequence[int]) -> None:
        """Forget what happened from `step` on, as when a run goes back.

        Parameters
        ----------
        step : int
        sizes : sequence of int
            Number of neurons of each population then.
        """
        with self._lock:
            kept = [frame for frame in self._frames if frame.t_start < step]
            self._start_anew()
            if not kept or kept[-1].counts.size != len(sizes) or kept[-1].t_stop < step:
                return
            kept[-1] = until(kept[-1], step, sizes)
            self._frames.extend(kept)
            self._n_spikes = sum(frame.n_spikes for frame in kept)
            self._n_sampled = sum(frame.sampled_bytes for frame in kept)

    def clear(self) -> None:
        """Forget everything, as at a reset."""
        with self._lock:
            self._start_anew()

    @property
    def stop(self) -> int:
        """Step at which the last frame ends; 0 if there is none."""
        with self._lock:
            return self._frames[-1].t_stop if self._frames else 0

    def since(self, step: int) -> tuple[Frame, ...]:
        """Return the frames that end after `step`, oldest first."""
        with self._lock:
            return tuple(frame for frame in self._frames if frame.t_stop > step)

    def last(self, duration: float) -> tuple[Frame, ...]:
        """Return the frames of the last `duration` [ms] of model time, oldest first."""
        with self._lock:
            if not self._frames:
                return ()
            newest = self._frames[-1]
            first = newest.t_stop - round(duration / newest.dt)
            return tuple(frame for frame in self._frames if frame.t_stop > first)


def tail(frame: Frame, n_steps: int) -> Frame:
    """Return spikes and structural events of the last `n_steps` of a frame, but no samples.

    The counts stay those of the whole frame.

    Parameters
    ----------
    frame : Frame
    n_steps : int
        At least 1; a frame that is shorter is returned as it is.
    """
    start = frame.t_stop - n_steps
    if start <= frame.t_start:
        return frame
    first = np.searchsorted(frame.step, start)
    step, neuron = frame.step[first:], frame.neuron[first:]
    structure = frame.structure.between(start, frame.t_stop)
    return replace(frame, t_start=start, step=step, neuron=neuron, samples={}, structure=structure)
