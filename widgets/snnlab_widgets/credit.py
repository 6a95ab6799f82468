"""How much may be sent: little ahead of what the browser has painted, and what a line bears."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["BYTES_PER_S", "QUICK_S", "STRIDE", "Credit"]

STRIDE = 10
"""Messages for one answer of a browser that paints soon."""

QUICK_S = 0.25
"""An answer that takes longer comes from a browser, or along a line, that cannot keep up."""


BYTES_PER_S = 0.9e6
"""Of a picture, at most. A line from far away bears 1 MB/s, and there is more on a page."""

_AHEAD_S = 0.1
"""What is on the line may take so long before more is sent, so that it is never idle."""


class Credit:
    """Counts messages and asks, with some of them, for an answer once they have been painted.

    Nothing more may be sent while an answer is awaited and `limit` messages are under way. An
    answer costs the page more than a picture: JupyterLab shows the kernel as busy and as idle
    again. So one answer stands for `STRIDE` messages as long as answers come soon, else for each.
    Large messages have breaks between them, as long as a line takes for them.

    Parameters
    ----------
    now : callable, optional
        Returns the time [s].
    bytes_per_s : float
        What the line bears.

    Attributes
    ----------
    sent : int
        Number of the last message.
    """

    def __init__(
        self, now: Callable[[], float] = time.monotonic, *, bytes_per_s: float = BYTES_PER_S
    ) -> None:
        self.bytes_per_s = bytes_per_s
        self._now = now
        self._lock = threading.Lock()
        self._stride = 1
        self.sent = self._painted = self._asked = 0
        self._asked_at = 0.0
        self._free_at = float("-inf")

    @property
    def limit(self) -> int:
        """Messages that may be under way; as many as are asked about would leave the line idle."""
        return 2 * self._stride

    @property
    def is_left(self) -> bool:
        """Whether one more message may be sent."""
        with self._lock:
            is_near = not self._is_awaited or self.sent - self._painted < self.limit
            return is_near and self._now() + _AHEAD_S >= self._free_at

    @property
    def _is_awaited(self) -> bool:
        return self._asked > self._painted

    def spend(self, n_bytes: int = 0) -> tuple[int, bool]:
        """Return the number of the next message, of `n_bytes`, and whether to ask for an answer."""
        with self._lock:
            self.sent += 1
            self._free_at = max(self._now(), self._free_at) + n_bytes / self.bytes_per_s
            asks = not self._is_awaited and self.sent - self._asked >= self._stride
            if asks:
                self._asked, self._asked_at = self.sent, self._now()
            return self.sent, asks

    def painted(self, k: int) -> None:
        """Take note of an answer: all up to message `k` were painted."""
        with self._lock:
            was_awaited = self._is_awaited
            self._painted = max(self._painted, min(k, self.sent))
            if was_awaited and not self._is_awaited:
                is_quick = self._now() - self._asked_at < QUICK_S
                self._stride = STRIDE if is_quick else 1

    def renew(self) -> None:
        """Begin anew, since a view has opened: it has nothing to paint."""
        with self._lock:
            self._stride = 1
            self._painted = self._asked = self.sent
            self._free_at = float("-inf")
