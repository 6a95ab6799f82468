"""The states that a run can go back to, kept in memory: recent ones densely, old ones sparsely."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from snnlab.engine import Checkpoint, Engine

__all__ = ["Checkpoints", "beginning", "default_limit"]

_MOST_BYTES = 2**29
_LARGEST_SHARE = 0.1

MOST_KEPT = 128
"""Checkpoints at most; with the gaps growing with age that covers any run."""


def default_limit() -> int:
    """Return 512 MiB, or a tenth of the memory that is free here if that is less [bytes]."""
    from snnlab.build.memory import available_bytes

    return min(_MOST_BYTES, int(_LARGEST_SHARE * available_bytes()))


def beginning(engine: Engine, origin: Checkpoint | None) -> Checkpoint:
    """Return the earliest state that a session of `engine` can go back to.

    Parameters
    ----------
    engine : Engine
    origin : Checkpoint, optional
        What the engine was restored from.

    Returns
    -------
    Checkpoint
        The start of the run, which takes no memory, wherever it is known; otherwise where the
        engine is now.
    """
    start = origin.start if origin is not None else engine.network if engine.step == 0 else None
    if start is not None:
        return Checkpoint(0, start, {}, start)
    found = origin or engine.checkpoint()
    return Checkpoint(found.step, found.network, found.arrays)


class Checkpoints:
    """Checkpoints of one run, oldest first; for one writer and any number of readers.

    Parameters
    ----------
    first : Checkpoint
        The beginning; never forgotten.
    limit_bytes : int
        Bytes of all others together; may be changed at any time. 0 keeps none: going back then
        means to simulate everything again from the beginning.

    Attributes
    ----------
    dense_steps : int
        Over so many steps before the newest they are kept equally close; before that, the older
        the sparser.
    """

    def __init__(self, first: Checkpoint, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.dense_steps = 1
        self._lock = threading.Lock()
        self._first = first
        self._later: list[Checkpoint] = []

    def __iter__(self) -> Iterator[Checkpoint]:
        """Iterate over a copy, the beginning first."""
        with self._lock:
            return iter((self._first, *self._later))

    def __len__(self) -> int:
        return 1 + len(self._later)

    @property
    def first(self) -> Checkpoint:
        """The beginning: nothing before it can be reached."""
        return self._first

    @property
    def n_bytes(self) -> int:
        """Bytes of all arrays that are kept, without those of the beginning."""
        with self._lock:
            return self._sum()

    def add(self, checkpoint: Checkpoint) -> None:
        """Keep the newest; forget what is missed least if there are too many."""
        with self._lock:
            self._later.append(checkpoint)
            while self._later and (self._sum() > self.limit_bytes or len(self) > MOST_KEPT):
                del self._later[self._least_missed()]

    def begin(self, first: Checkpoint) -> None:
        """Forget everything: a new run begins."""
        with self._lock:
            self._first, self._later = first, []

    def forget_after(self, step: int, n_edits: int) -> None:
        """Forget what lies after a moment that the run went back to."""
        with self._lock:
            self._later = [c for c in self._later if (c.step, len(c.edits)) <= (step, n_edits)]

    def nearest(self, step: int, n_edits: int) -> Checkpoint:
        """Return the last one at or before a moment, which must not be before the beginning."""
        earlier = [c for c in self if (c.step, len(c.edits)) <= (step, n_edits)]
        return max(earlier, key=lambda c: (c.step, len(c.edits)))

    def _sum(self) -> int:
        return sum(checkpoint.n_bytes for checkpoint in self._later)

    def _least_missed(self) -> int:
        """Index of the one that leaves the smallest gap for its age; the newest goes last."""
        steps = [self._first.step, *(c.step for c in self._later)]
        if len(steps) == 2:
            return 0

        def gap_for_age(i: int) -> float:
            age = steps[-1] - steps[i + 1] + 1
            return (steps[i + 2] - steps[i]) / max(age, self.dense_steps)

        return min(range(len(self._later) - 1), key=gap_for_age)
