"""How many steps at a time, how fast, and how long it will take."""

from __future__ import annotations

from collections import deque

__all__ = ["ChunkLength", "Speedometer", "Throttle"]


class ChunkLength:
    """Steps per call of the engine, so that one call takes about `wall_s`.

    Short enough for pauses and edits to be felt at once, long enough to cost nothing. The spikes do
    not depend on it.

    Parameters
    ----------
    wall_s : float [s]
        Wall-clock time that a call should take.
    """

    def __init__(self, wall_s: float = 0.015) -> None:
        self.wall_s = wall_s
        self.steps = 1

    def measured(self, n_steps: int, wall_s: float) -> None:
        """Learn from a call that advanced `n_steps` in `wall_s` [s].

        Growth is at most fourfold a call: the first one may include a compilation. A call that was
        shorter than planned says nothing, unless it took too long.
        """
        if n_steps < self.steps and wall_s < self.wall_s:
            return
        fitting = int(n_steps * self.wall_s / max(wall_s, 1e-9))
        self.steps = max(1, min(fitting, 4 * self.steps))


class Throttle:
    """Holds a run to a model time per wall-clock time.

    Parameters
    ----------
    dt : float [ms]
        Time step.
    """

    MOST_BEHIND_S = 0.1
    """A simulation that cannot keep up does not sprint later to make up for more than this."""

    TICK_S = 0.02
    """Steps are handed out in portions of this length."""

    def __init__(self, dt: float) -> None:
        self._dt_s = dt * 1e-3
        self._speed: float | None = None
        self._start: tuple[float, int] = (0.0, 0)

    @property
    def speed(self) -> float | None:
        """Model time / wall-clock time; None: as fast as possible."""
        return self._speed

    def restart(self, now: float, step: int, speed: float | None) -> None:
        """Count from here: at the start of a run and when the speed changes."""
        self._start = (now, step)
        self._speed = speed

    def allowed(self, now: float, step: int) -> int | None:
        """Return how many steps may be made now: 0 or a portion; None: any number."""
        if self._speed is None:
            return None
        due = self._due(now) - step
        if due > self._portion + self.MOST_BEHIND_S * self._speed / self._dt_s:
            self._start = (now - self._seconds(self._portion), step)
            return self._portion
        return due if due >= self._portion else 0

    def wait_s(self, now: float, step: int) -> float:
        """Return the time [s] until the next portion of steps is due."""
        if self._speed is None:
            return 0.0
        start, first_step = self._start
        return max(0.0, start + self._seconds(step + self._portion - first_step) - now)

    @property
    def _portion(self) -> int:
        return max(1, int(self.TICK_S * (self._speed or 0.0) / self._dt_s))

    def _seconds(self, n_steps: int) -> float:
        return n_steps * self._dt_s / (self._speed or 1.0)

    def _due(self, now: float) -> int:
        start, first_step = self._start
        return first_step + int((now - start) / self._seconds(1) + 1e-9)


class Speedometer:
    """Measures the real-time factor over the last second or so.

    Parameters
    ----------
    dt : float [ms]
        Time step.
    window_s : float [s]
        Wall-clock time over which is averaged.
    """

    def __init__(self, dt: float, window_s: float = 1.0) -> None:
        self._dt_s = dt * 1e-3
        self._window_s = window_s
        self._marks: deque[tuple[float, int]] = deque()
        self.real_time_factor: float | None = None

    def start(self, now: float, step: int) -> None:
        """Begin a run; the pause before it does not count."""
        self._marks.clear()
        self._marks.append((now, step))

    def passed(self, now: float, step: int) -> None:
        """Take note that `step` was reached at `now` [s]."""
        self._marks.append((now, step))
        while len(self._marks) > 2 and now - self._marks[1][0] > self._window_s:
            self._marks.popleft()
        first_time, first_step = self._marks[0]
        if step > first_step:
            model_s = (step - first_step) * self._dt_s
            self.real_time_factor = (now - first_time) / model_s
