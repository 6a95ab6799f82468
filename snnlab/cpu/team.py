"""`Team`: the threads of one engine, which start when they are needed and end with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from snnlab.cpu.barrier import make_barrier
from snnlab.errors import StateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Team"]

Result = TypeVar("Result")

_START_S = 10.0
"""Longest time [s] that new threads may take to start."""


class Team:
    """Runs one compiled function on several threads at once, the caller's among them.

    The threads are the system's own, not those of a scheduler, so that all of them run at the same
    time and may wait for each other at `barrier`.

    Parameters
    ----------
    threads : int
        The most that are ever used.

    Attributes
    ----------
    barrier : (n,) int64
        See `snnlab.cpu.barrier`.
    """

    def __init__(self, threads: int) -> None:
        self.barrier: NDArray[np.int64] = make_barrier()
        self._others = threads - 1
        self._pool: ThreadPoolExecutor | None = None

    def run(self, n: int, member: Callable[[int], Result]) -> Result:
        """Call ``member(0) ... member(n - 1)``, each on a thread; return what the first returns.

        Parameters
        ----------
        n : int
            At most the number of threads of the team.
        member : callable
            Leaves the interpreter free while it runs.
        """
        pool = self._started() if n > 1 else None
        others = [pool.submit(member, k) for k in range(1, n)] if pool else []
        result = member(0)
        for other in others:
            other.result()
        return result

    def _started(self) -> ThreadPoolExecutor:
        """The other threads, all of them there: one that is missing would be waited for."""
        if self._pool is None:
            pool = ThreadPoolExecutor(self._others, thread_name_prefix="snnlab")
            gate = threading.Barrier(self._others, timeout=_START_S)
            try:
                for started in [pool.submit(gate.wait) for _ in range(self._others)]:
                    started.result()
            except (RuntimeError, threading.BrokenBarrierError) as error:
                gate.abort()
                pool.shutdown(wait=False, cancel_futures=True)
                raise StateError(
                    "threads", f"must be {self._others + 1} that start", got=str(error),
                    remedy="Close other programs, or open the network with threads=1.",
                ) from error  # fmt: skip
            self._pool = pool
        return self._pool

    def close(self) -> None:
        """Let the other threads end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None
