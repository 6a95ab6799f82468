"""Threads that share work whose result does not depend on who does which part."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from snnlab.errors import SpecError

__all__ = ["Crew"]


class Crew:
    """Some threads, the caller's among them.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int) -> None:
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise SpecError(
                "threads", "must be a whole number >= 1", got=repr(threads),
                remedy="One thread for each core is usual.",
            )  # fmt: skip
        self.threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def share(self, n: int, work: Callable[[int, int], None]) -> None:
        """Call ``work(first, last)`` for ranges that together are ``0 ... n - 1``, one a thread."""
        bounds = [n * k // self.threads for k in range(self.threads + 1)]
        parts = [(a, b) for a, b in itertools.pairwise(bounds) if b > a]
        if len(parts) < 2:
            for part in parts:
                work(*part)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads - 1, thread_name_prefix="snnlab-learning")
        others = [self._pool.submit(work, *part) for part in parts[1:]]
        work(*parts[0])
        for other in others:
            other.result()

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
