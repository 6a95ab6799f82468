"""A HoloViews plot that follows a session, at the pace at which the browser draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
from IPython.display import display

from snnlab_widgets.camera import Camera
from snnlab_widgets.display import Display
from snnlab_widgets.onlooker import Onlooker
from snnlab_widgets.pacer import Pacer

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["Live"]

FOLLOW_S = 0.1
"""Time between two looks at whether a plot that keeps a history has to read something."""

_open: dict[tuple[str, str, str | None], Live] = {}
"""Name of the session, kind of plot and projection -> what shows it."""


class Live(ipywidgets.VBox):
    """A live HoloViews plot.

    Nothing is drawn while nobody looks, and never more than the browser has painted: HoloViews
    takes data faster than a browser draws them, and would fall minutes behind. Like `Lab`, a plot
    of the same kind and session takes the place of the one before it.

    Parameters
    ----------
    session : Session
        What is followed.
    kind : str
        ``"rates"``, ``"raster"`` or ``"trace"``; of a map between two sheets of neurons
        ``"receptive_fields"``, ``"map_mesh"``, ``"preferred_x"``, ``"preferred_y"``,
        ``"rate_map"``, ``"connection_matrix"``, ``"sigma_aff"``, ``"AD"``, ``"turnover"`` or
        ``"turnover_distance"``.
    projection : str, optional
        Which map; default: the first projection between two grids that is rewired.

    Attributes
    ----------
    view : LiveView or MapView
        ``view.plot`` is the DynamicMap, for ``.opts`` and the like.
    """

    def __init__(
        self, session: Session, kind: str = "rates", projection: str | None = None
    ) -> None:
        from snnlab.plots.live import view_of

        self._key = session.name, kind, projection
        if self._key in _open:
            _open[self._key].close()
        self._onlooker = Onlooker(on_error=session.messages.error)
        self._display = Display(session, self._onlooker, on_end=self.close)
        self.view = view_of(kind, session, self._display.recent, projection)
        self.pacer = Pacer(on_error=session.messages.error)
        output = ipywidgets.Output()
        with output:
            display(self.view.plot)  # type: ignore[no-untyped-call]
        title = kind.replace("_", " ").capitalize()
        self._camera = Camera(session, title, on_error=session.messages.error)
        self._parts: tuple[ipywidgets.Widget, ...] = (
            output, self.pacer, self._camera, self._onlooker
        )  # fmt: skip
        super().__init__(self._parts)
        self.add_class("snnlab-live")
        _open[self._key] = self
        self._display.add(self.view.follow, FOLLOW_S, is_unseen=True)
        self._display.add(self.refresh, self.view.kind.interval_s)
        self._display.add(self._camera.refresh, 0.5)
        self._display.start()

    def refresh(self) -> None:
        """Draw what is new if somebody looks and has seen what was drawn before."""
        if self.pacer.is_free and self.view.refresh():
            self.pacer.mark()

    def _ipython_display_(self) -> None:
        self._camera.still.show(self)

    def close(self) -> None:
        """Stop following and take the plot away; the session goes on."""
        if _open.get(self._key) is self:
            del _open[self._key]
        self._display.close()
        for part in self._parts:
            part.close()
        self.children = ()
        super().close()
