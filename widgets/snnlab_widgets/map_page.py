"""The page of a topographic map: watch it grow, look back, go back, lesion it, take it along."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from snnlab.plots.maps.live import MapView
from snnlab.plots.maps.sampler import sampler_of
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.camera import Camera
from snnlab_widgets.display import Display
from snnlab_widgets.map_branches import MapBranches
from snnlab_widgets.map_fields import MapFields
from snnlab_widgets.map_sheet import MapSheet
from snnlab_widgets.messages import Messages
from snnlab_widgets.onlooker import Onlooker
from snnlab_widgets.plot_panel import PlotPanel
from snnlab_widgets.timeline import Timeline
from snnlab_widgets.transport import Transport

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["SHARES", "MapPage"]

SHARES = {"sampler": 0.0175, "sheet": 0.005, "fields": 0.0075, "plot": 0.0075}
"""Share of a processor's time that each part may take while the network runs. With both plots that
is 4.5 %; the rest of 5 % is left for what the simulation's own thread does to be read."""

TEXTS = {
    "sigma_aff": "spread of afferents over time",
    "AD": "deviation over time",
    "turnover": "synapses that come and go, over time",
    "turnover_distance": "synapses that come and go, over distance",
    "map_mesh": "map as a mesh",
    "preferred_x": "preferred x",
    "preferred_y": "preferred y",
    "rate_map": "rates",
    "receptive_fields": "receptive fields",
    "connection_matrix": "connection matrix",
}
"""Kind of plot -> what it is called in the list."""

_open: dict[tuple[str, str], MapPage] = {}
"""Name of the session and projection -> its page."""


class MapPage(ipywidgets.Box):
    """One map on one page: transport, time, the sheet, its receptive fields, two plots, messages.

    Branches that are begun on it have pages of their own below, and a plot of all of them.

    There is one page for each map of a session: opening another closes the first. A page also
    ends with its session.

    Parameters
    ----------
    session : Session
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.
    folder : path, optional
        Where exports go; default: the working directory.
    on_drop : callable, optional
        Of a branch: called when its page asks to close it for good.

    Attributes
    ----------
    view : Viewpoint
        What is shown; ``page.view.look("20 s")`` does what the slider does.
    parts : dict
        ``transport``, ``timeline``, ``sheet``, ``fields``, ``plots``, ``other plots``,
        ``messages`` and ``branches``.

    Raises
    ------
    SpecError
        A session without a map, or a projection that is none.

    Examples
    --------
    ::

        session = snnlab.open("topographic_map")
        MapPage(session)
    """

    session: Session | None = None

    def __init__(
        self,
        session: Session,
        projection: str | None = None,
        *,
        folder: str | Path | None = None,
        on_drop: Callable[[], None] | None = None,
    ) -> None:
        sampler = sampler_of(session, projection)
        self._key = session.name, sampler.projection
        if self._key in _open:
            _open[self._key].close()
        _open[self._key] = self
        self.session = session
        self.view = Viewpoint(sampler)
        self._onlooker = Onlooker(on_error=session.messages.error)
        display = Display(session, self._onlooker, on_end=self.close)
        self._display = display
        self.parts = self._make_parts(session, None if folder is None else Path(folder), on_drop)
        for name in ("transport", "timeline", "messages", "branches"):
            self.parts[name].add_class("snnlab-wide")
        self._camera = Camera(session, "Topographic map", on_error=session.messages.error)
        super().__init__((*self.parts.values(), self._camera, self._onlooker))
        self.add_class("snnlab-lab")
        self.add_class("snnlab-map")
        self._schedule(display)

    def _make_parts(
        self, session: Session, folder: Path | None, on_drop: Callable[[], None] | None
    ) -> dict[str, Any]:
        view, report = self.view, session.messages.error

        def make(kind: str) -> MapView:
            return MapView(kind, session, viewpoint=view, is_narrow=True)

        branches = MapBranches(session, view.sampler, partial(_page_of_branch, view, folder))
        return {
            "transport": Transport(session),
            "timeline": Timeline(
                session, view, on_look=self._look, on_branch=branches.begin, on_drop=on_drop,
                folder=folder,
            ),
            "sheet": MapSheet(session, view),
            "fields": MapFields(view, on_error=report),
            "plots": PlotPanel(make, TEXTS, "sigma_aff", on_error=report),
            "other plots": PlotPanel(make, TEXTS, "turnover_distance", on_error=report),
            "messages": Messages(session.messages, on_error=report),
            "branches": branches,
        }  # fmt: skip

    def _schedule(self, display: Display) -> None:
        display.add(self.parts["transport"].refresh, 0.2)
        display.add(self.parts["timeline"].refresh, 0.2)
        display.add(self.view.sampler.sample, 0.2, share=SHARES["sampler"], is_unseen=True)
        display.add(self.parts["sheet"].refresh, 0.1, share=SHARES["sheet"])
        display.add(self.parts["fields"].refresh, 0.1, share=SHARES["fields"])
        display.add(self.parts["plots"].refresh, 0.5, share=SHARES["plot"])
        display.add(self.parts["other plots"].refresh, 0.5, share=SHARES["plot"])
        display.add(self.parts["branches"].refresh, 0.5, share=SHARES["plot"])
        display.add(self._camera.refresh, 0.5)
        display.start()

    def _look(self) -> None:
        """Show another time at once, without regard to what it costs: somebody asked for it."""
        self.parts["sheet"].refresh()
        self.parts["fields"].refresh()
        self._display.hurry()

    def _ipython_display_(self) -> None:
        self._camera.still.show(self)

    def close(self) -> None:
        """Take the page away and let go of the session, which goes on; closing twice is allowed."""
        if self.session is None:
            return
        if _open.get(self._key) is self:
            del _open[self._key]
        self._display.close()
        for part in (*self.parts.values(), self._camera, self._onlooker):
            part.close()
        self.session, self.parts = None, {}
        self.children = ()
        super().close()


def _page_of_branch(
    view: Viewpoint, folder: Path | None, branch: Session, on_drop: Callable[[], None]
) -> MapPage:
    """The page of the same map in a branch."""
    return MapPage(branch, view.sampler.projection, folder=folder, on_drop=on_drop)
