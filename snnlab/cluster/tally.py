"""`Tally`: adds up what each rank has done, and reports it twice a second."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

from snnlab.frames.frame import Frame
from snnlab.frames.rank_status import RankLoad

__all__ = ["WINDOW_S", "Tally"]

WINDOW_S = 0.5
"""Wall-clock time that a report covers, at least."""

_GAP_S = 1.0
"""After a longer pause a new report begins: the time between belongs to no load."""


class Tally:
    """Gathers the frames of all ranks; for one writer and any number of readers of `loads`.

    Parameters
    ----------
    n_ranks : int
    clock : callable
        Tells the wall-clock time [s].

    Attributes
    ----------
    loads : tuple of RankLoad
        The last report, one of each rank; empty before the first.
    """

    def __init__(self, n_ranks: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self.loads: tuple[RankLoad, ...] = ()
        self._clock = clock
        self._memory: Sequence[int] = ()
        self._n_ranks = n_ranks
        self._is_whole = False
        self._last = clock()
        self._begin(self._last)

    def _begin(self, now: float) -> None:
        self._began = now
        self._duration = 0.0
        self._seconds: list[Counter[str]] = [Counter() for _ in range(self._n_ranks)]
        self._spikes = [0] * self._n_ranks

    @property
    def wants_memory(self) -> bool:
        """Whether a report is due, so that it is worth looking how much memory is taken."""
        return not self._memory or self._clock() - self._began >= WINDOW_S

    def add(self, frames: Sequence[Frame], memory: Sequence[int | None]) -> None:
        """Take what ranks have done.

        Parameters
        ----------
        frames : sequence of Frame
            One of each rank, of the same steps.
        memory : sequence of int, optional [bytes]
            Of each process; None where nobody has looked.
        """
        now = self._clock()
        began = now - max(frame.wall_s for frame in frames)
        if began - self._last > _GAP_S:
            self._begin(began)
        self._last = now
        self._memory = [size for size in memory if size is not None] or self._memory
        self._duration += frames[0].duration
        for rank, frame in enumerate(frames):
            self._spikes[rank] += frame.n_spikes
            self._seconds[rank].update(frame.timings)
        is_over = now - self._began >= WINDOW_S
        if is_over or not self._is_whole:  # a short run is reported as far as it goes
            self.loads = self._loads(now)
        if is_over:
            self._is_whole = True
            self._begin(now)

    def _loads(self, now: float) -> tuple[RankLoad, ...]:
        return tuple(
            RankLoad(now - self._began, dict(seconds), n_spikes, self._duration, size)
            for seconds, n_spikes, size in zip(
                self._seconds, self._spikes, self._memory, strict=True
            )
        )
