"""Edits of a run that is repeated: each is made again at its step."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from snnlab.model.history import Applied

__all__ = ["Replay"]


class Replay:
    """What is still to be made of a run; only the simulation thread calls it."""

    def __init__(self) -> None:
        self._coming: deque[Applied] = deque()

    def __len__(self) -> int:
        return len(self._coming)

    def begin(self, edits: Iterable[Applied]) -> None:
        """Have these edits made, which are in order."""
        self._coming = deque(edits)

    def due(self, step: int) -> Applied | None:
        """Take the next edit if it is due at `step`."""
        is_due = bool(self._coming) and self._coming[0].step <= step
        return self._coming.popleft() if is_due else None

    def room(self, step: int) -> int | None:
        """Return the number of steps until the next edit; None if there is none."""
        return max(0, self._coming[0].step - step) if self._coming else None

    def drop(self) -> int:
        """Forget what is still to come; return how many edits that were."""
        n = len(self._coming)
        self._coming.clear()
        return n
