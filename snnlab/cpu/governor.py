"""How many threads are worth it right now.

Two threads that meet at a barrier after every chunk lose everything when another program (a
browser, a second kernel) wants one of the cores. The partitions do not depend on the number of
threads, so the engine may change it between two calls; the spikes stay the same.
"""

from __future__ import annotations

__all__ = ["Governor"]

_FIRST_TRIAL = 6
_LONGEST_PAUSE = 256
"""Calls between two trials of the other choice: from few, when it won, to many."""

_CLEARLY = 0.85
"""The other choice must cost less than this fraction."""

_CALL_SECONDS = 0.05
_FEWEST_STEPS = 50

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
        self._pause = _FIRST_TRIAL
        self._until_trial = _FIRST_TRIAL

    @property
    def threads(self) -> int:
        """Number of threads of the next call."""
        return self._other if self._is_trial() else self._current

    def _is_trial(self) -> bool:
        return self._until_trial == 0 and self._other != self._current

    @property
    def steps(self) -> int:
        """Steps after which a call should return: soon enough to notice that things changed."""
        if self._cost is None:
            return _FEWEST_STEPS
        return max(int(_CALL_SECONDS / self._cost), _FEWEST_STEPS)

    def observe(self, steps: int, seconds: float) -> None:
        """Take note of what the last call cost.

        Parameters
        ----------
        steps : int
            Steps of the call; calls without steps are ignored.
        seconds : float [s]
            Its wall-clock time.
        """
        if steps <= 0:
            return
        cost = seconds / steps
        if not self._is_trial():
            old = cost if self._cost is None else self._cost
            self._cost = _MEMORY * old + (1.0 - _MEMORY) * cost
            self._until_trial = max(self._until_trial - 1, 0)
            return
        if self._cost is not None and cost < _CLEARLY * self._cost:
            self._current, self._other = self._other, self._current
            self._cost = cost
            self._pause = _FIRST_TRIAL
        else:
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._until_trial = self._pause
