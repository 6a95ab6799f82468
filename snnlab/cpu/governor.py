"""How many threads are worth it right now.

Two threads that meet at a barrier after every chunk lose everything when another program (a
browser, a second kernel) wants one of the cores. The partitions do not depend on the number of
threads, so the engine may change it between two calls; the spikes stay the same.
"""

from __future__ import annotations

__all__ = ["Governor"]

_SHORTEST_PAUSE = 3
_LONGEST_PAUSE = 256
"""Calls between two trials of the other choice: from few, when it won, to many."""

_CLEARLY = 0.85
_AT_ALL = 0.97
"""The other choice must cost less than this fraction: to do with fewer threads, and to return."""

_SURPRISE = 1.5
"""A cost that is this many times higher or lower than usual: somebody came or left."""

_CALL_SECONDS = 0.05
_TRIAL_SECONDS = 0.010
_RETURN_SECONDS = 0.003
"""Wall-clock time of a call, at the usual cost: with the present choice; with fewer threads; with
all of them. Threads that compete for a core can be ten times as slow, so that one is short."""

_FEWEST_STEPS = 50

_MUCH_WAITING = 0.1
"""Part of their time that threads wait for each other, from which on fewer are worth a trial."""

_MEMORY = 0.7
"""Weight of the past in the moving average of the cost."""


class Governor:
    """Chooses between all threads and one, by what each step has cost.

    Parameters
    ----------
    threads : int
        Number of threads when nothing else runs.
    """

    def __init__(self, threads: int) -> None:
        self._current = threads
        self._other = 1
        self._cost: float | None = None
        self._pause = _SHORTEST_PAUSE
        self._waited = 0.0
        self._since = 0
        self._is_surprised = True  # a machine that is busy from the start is noticed at once

    @property
    def threads(self) -> int:
        """Number of threads of the next call."""
        return self._other if self._is_trial() else self._current

    def _is_trial(self) -> bool:
        pause = _SHORTEST_PAUSE if self._is_surprised else self._pause
        is_worth_it = self._other > self._current or self._waited > _MUCH_WAITING
        return is_worth_it and self._since >= pause and self._other != self._current

    @property
    def steps(self) -> int:
        """Steps after which a call should return: soon enough to notice that things changed."""
        if self._cost is None:
            return _FEWEST_STEPS
        returns = self._other > self._current
        trial_s = _RETURN_SECONDS if returns else _TRIAL_SECONDS
        seconds = trial_s if self._is_trial() else _CALL_SECONDS
        return max(int(seconds / self._cost), _FEWEST_STEPS)

    def observe(self, steps: int, seconds: float, waited: float) -> None:
        """Take note of what the last call cost.

        Parameters
        ----------
        steps : int
            Steps of the call; calls without steps are ignored.
        seconds : float [s]
            Its wall-clock time.
        waited : float
            What part of it the threads waited for each other.
        """
        if steps <= 0:
            return
        if self._is_trial():
            self._judge(seconds / steps)
        else:
            self._follow(seconds / steps)
            self._waited = _MEMORY * self._waited + (1.0 - _MEMORY) * waited

    def _follow(self, cost: float) -> None:
        usual = cost if self._cost is None else self._cost
        if not usual / _SURPRISE <= cost <= usual * _SURPRISE:
            self._is_surprised = True
        self._cost = _MEMORY * usual + (1.0 - _MEMORY) * cost
        self._since += 1

    def _judge(self, cost: float) -> None:
        """Keep the choice that was tried, or try it again later."""
        enough = _AT_ALL if self._other > self._current else _CLEARLY
        if self._cost is not None and cost < enough * self._cost:
            self._current, self._other = self._other, self._current
            self._cost = cost
            self._pause = _SHORTEST_PAUSE
        else:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._since = 0
        self._is_surprised = False
