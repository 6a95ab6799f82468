"""Doing something now and then, so seldom that it costs little."""

from __future__ import annotations

__all__ = ["Interval"]


class Interval:
    """Lets something happen now and then, so that it takes a small share of the time.

    Parameters
    ----------
    every_s : float [s]
        Running time between two times, at least.
    largest_share : float
        Of the running time.
    """

    def __init__(self, every_s: float, largest_share: float) -> None:
        self._every_s = every_s
        self._largest_share = largest_share
        self._wait_s = every_s
        self._ran_s = 0.0
        self._last_s: float | None = None

    def ran(self, wall_s: float) -> bool:
        """Take note of running time [s]; return whether it is time."""
        self._ran_s += wall_s
        return self._ran_s >= self._wait_s

    def took(self, wall_s: float) -> None:
        """Take note of how long it took [s].

        What took long once may have loaded code, or have waited for a core: it puts off the next
        time by as long, and only what takes long again puts it off by its share.
        """
        last, self._last_s, self._ran_s = self._last_s, wall_s, 0.0
        usual = wall_s * self._largest_share if last is None else min(last, wall_s)
        self._wait_s = max(self._every_s, usual / self._largest_share)
