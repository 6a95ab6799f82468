"""Pictures of a page's plots, taken when its run pauses and now and then: see `Still`."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from snnlab.session.state import SessionState
from snnlab_widgets.part import Part, script
from snnlab_widgets.still import Still, figure

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["Camera"]

WHILE_RUNNING_S = 30.0
"""Wall-clock time between two pictures of a run that goes on."""

PATIENCE_S = 5.0
"""How long a picture may take; a hidden page takes none."""


class Camera(Part):
    """An invisible part of a page that has the browser take pictures of the page's plots.

    Parameters
    ----------
    session : Session
        Whose page it is.
    title : str
        What the picture shows, in a few words.
    legend : callable, optional
        Returns what the colours in it stand for: (name, colour).
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Attributes
    ----------
    still : Still
        Where the pictures go.
    """

    _esm = script("camera.js")

    def __init__(
        self,
        session: Session,
        title: str,
        *,
        legend: Callable[[], Sequence[tuple[str, str]]] = tuple,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        super().__init__(on_error=on_error)
        self._session: Session | None = session
        self._title = title
        self._legend = legend
        self._is_open = self._is_answered = False
        self._asked_at = -math.inf
        self._taken: tuple[int, bool] | None = None
        self.still = Still(figure(None, *_caption(session, title)))

    def refresh(self) -> None:
        """Ask for a picture if the last one is of another state."""
        if self._session is None or not self._is_open:
            return
        step, is_running = state = _state(self._session)
        now = time.monotonic()
        pause = WHILE_RUNNING_S if is_running else 0.0 if self._is_answered else PATIENCE_S
        if state != self._taken and now - self._asked_at > pause:
            self._asked_at, self._is_answered = now, False
            self.send({"k": step})

    def do_ready(self) -> None:
        """Take note of a page that has opened."""
        self._is_open = self._is_answered = True

    def do_nothing(self) -> None:
        """Take note that nobody sees the page."""

    def do_picture(self, k: int, buffers: list[memoryview]) -> None:
        """Keep the picture of step `k`."""
        if self._session is None:
            return
        self._taken, self._is_answered = (int(k), _state(self._session)[1]), True
        caption = _caption(self._session, self._title)
        self.still.keep(figure(bytes(buffers[0]), *caption, legend=self._legend()))

    def close(self) -> None:
        """Let go of the session; what is left stays."""
        self._session = None
        super().close()


def _state(session: Session) -> tuple[int, bool]:
    """Step, and whether the session runs."""
    return session.step, session.state is SessionState.RUNNING


def _caption(session: Session, title: str) -> tuple[str, str]:
    n = f"{session.network.n_neurons:,}".replace(",", "\u202f")
    return (
        f"{title} of {session.name!r}: {n} neurons, t = {session.t:g} ms",
        f"Seed {session.network.seed}, {len(session.edits)} edits. Run the cell for the live page.",
    )
