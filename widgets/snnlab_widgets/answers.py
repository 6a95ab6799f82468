"""Which requests of each open page have been answered.

A page sends edits faster than they take effect. What comes back meanwhile is older than what its
user sees under the hand, and must not replace it.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

__all__ = ["Answers"]


class Answers:
    """Counts, for every page, up to which of its requests all are done; any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, deque[tuple[int, Future[Any] | None]]] = {}
        self._answered: dict[str, int] = {}

    def expect(self, page: str, request: int, done: Future[Any] | None) -> None:
        """Take note of a request.

        Parameters
        ----------
        page : str
            Whose it is.
        request : int
            Its number; those of one page ascend.
        done : Future, optional
            Done when the request has taken effect; None if it was refused.
        """
        with self._lock:
            self._open.setdefault(page, deque()).append((request, done))

    def answered(self) -> dict[str, int]:
        """Return page -> number of the last request before which none is open."""
        with self._lock:
            for page, requests in self._open.items():
                while requests and (requests[0][1] is None or requests[0][1].done()):
                    self._answered[page], _ = requests.popleft()
            return dict(self._answered)
