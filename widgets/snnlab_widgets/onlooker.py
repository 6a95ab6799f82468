"""Whether somebody sees a page: only then is anything computed for it, or sent to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from snnlab_widgets.part import Part, script

__all__ = ["PATIENCE_S", "Onlooker"]

PATIENCE_S = 25.0
"""Time after which a view that says nothing is thought to be gone: a lid was closed, a line cut."""


class Onlooker(Part):
    """An invisible part of a page that lies under all others and says whether it is on screen.

    A page may have several views: one notebook in two windows.

    Parameters
    ----------
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    now : callable, optional
        Returns the time [s].

    Attributes
    ----------
    on_look : callable
        Called when somebody looks again, on the thread of the browser's message.
    """

    _esm = script("onlooker.js")

    def __init__(
        self,
        *,
        on_error: Callable[[Exception], object] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(on_error=on_error)
        self.on_look: Callable[[], object] = _nothing
        self._now = now
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    @property
    def is_there(self) -> bool:
        """Whether somebody looks."""
        with self._lock:
            return any(until > self._now() for until in list(self._until.values()))

    def do_look(self, view: str, looks: bool) -> None:
        """Take note that a view is seen, or no longer."""
        was_there = self.is_there
        with self._lock:
            if looks:
                self._until[view] = self._now() + PATIENCE_S
            else:
                self._until.pop(view, None)
        if self.is_there and not was_there:
            self.on_look()

    def close(self) -> None:
        """Let go of who waits for onlookers."""
        self.on_look = _nothing
        super().close()


def _nothing() -> None:
    """What happens where nobody waits for onlookers."""
