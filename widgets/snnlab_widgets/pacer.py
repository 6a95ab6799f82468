"""Back-pressure for plots that cannot say themselves when they were painted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from snnlab_widgets.part import Part, script

__all__ = ["Pacer"]


class Pacer(Part):
    """A widget of one invisible line that answers after everything sent before it was painted.

    Messages to one page arrive in order, so the answer to a message that was sent behind a plot's
    data proves that the data have been handled. It answers only while it can be seen. Place it
    next to the plot.

    Parameters
    ----------
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Examples
    --------
    >>> pacer = Pacer()
    >>> pacer.is_free  # nobody watches yet
    False
    """

    _esm = script("pacer.js")

    def __init__(
        self, *, on_error: Callable[[Exception], object] | None = None, **traits: Any
    ) -> None:
        super().__init__(on_error=on_error, **traits)
        self._changed = threading.Condition()
        self._is_open = False
        self._sent = self._painted = 0

    @property
    def is_free(self) -> bool:
        """Whether somebody watches and has painted all that was sent."""
        with self._changed:
            return self._is_open and self._sent == self._painted

    def mark(self) -> None:
        """Ask the page to say when what was sent up to now has been painted."""
        with self._changed:
            self._sent += 1
            k = self._sent
        self.send({"k": k})

    def wait(self, timeout: float) -> bool:
        """Wait until all that was sent has been painted.

        Parameters
        ----------
        timeout : float [s]
            How long; without a browser there is never an answer.

        Returns
        -------
        bool
            Whether it was painted in time.
        """
        with self._changed:
            return self._changed.wait_for(
                lambda: self._is_open and self._sent == self._painted, timeout
            )

    def do_ready(self) -> None:
        """Take note of a view that has opened."""
        with self._changed:
            self._is_open = True
            self._painted = self._sent
            self._changed.notify_all()

    def do_painted(self, k: int) -> None:
        """Take note of what the page has painted."""
        with self._changed:
            self._painted = max(self._painted, min(int(k), self._sent))
            self._changed.notify_all()
