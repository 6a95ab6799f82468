"""Branches of a map that were begun on its page: all of them in one plot, and a page of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import ipywidgets

from snnlab.plots.maps.branches import BranchView
from snnlab.plots.maps.sampler import MapSampler
from snnlab_widgets.held_branches import HeldBranches
from snnlab_widgets.plot_panel import PlotPanel

if TYPE_CHECKING:
    from snnlab.session import Session
    from snnlab_widgets.map_page import MapPage

__all__ = ["BRANCH_TEXTS", "MapBranches"]

BRANCH_TEXTS = {
    "sigma_aff": "branches: spread of afferents over time",
    "AD": "branches: deviation over time",
    "map_mesh": "branches: maps as meshes",
}
"""Kind of plot -> what it is called in the list."""


class MapBranches(ipywidgets.VBox):
    """The branches of one run, below its page; without one there is nothing to see.

    They are put aside when the page ends: ``session.reopen(name)`` makes them again.

    Parameters
    ----------
    session : Session
    sampler : MapSampler
        Reads the map of the run that they are branches of.
    make_page : callable
        Makes the page of a branch; gets also what closes it.
    """

    def __init__(
        self,
        session: Session,
        sampler: MapSampler,
        make_page: Callable[[Session, Callable[[], None]], MapPage],
    ) -> None:
        self._session, self._sampler, self._make_page = session, sampler, make_page
        self._held = HeldBranches(session)
        self._pages: dict[str, MapPage] = {}
        self._plot: PlotPanel | None = None
        self._lock = threading.Lock()
        super().__init__()

    @property
    def pages(self) -> tuple[MapPage, ...]:
        """The pages of the branches that are open."""
        return tuple(self._pages.values())

    def begin(self, t: float | None) -> None:
        """Begin a branch at a time [ms] of the run, or now; nothing waits for it."""
        threading.Thread(target=self._begin, args=(t,), name="snnlab branch", daemon=True).start()

    def refresh(self) -> None:
        """Draw what is new, and take away the pages of branches that were closed elsewhere."""
        with self._lock:
            gone = [name for name, page in self._pages.items() if page.session is None]
            if gone:
                self._pages = {n: page for n, page in self._pages.items() if n not in gone}
                self._arrange()
            if self._plot is not None:
                self._plot.refresh()

    def close(self) -> None:
        """Put the branches aside and take everything away; closing twice is allowed."""
        self._held.put_aside()
        with self._lock:
            for page in self._pages.values():
                page.close()
            self._pages = {}
            self._arrange()
        super().close()

    def _begin(self, t: float | None) -> None:
        try:
            branch = self._held.begin(at=t)
            branch.speed = self._session.speed
            with self._lock:
                self._pages[branch.name] = self._make_page(branch, partial(self._drop, branch.name))
                self._arrange()
        except Exception as error:  # there is nobody above who could see it
            self._session.messages.error(error, "There is no branch")

    def _drop(self, name: str) -> None:
        self._held.drop(name)
        with self._lock:
            self._pages.pop(name).close()
            self._arrange()

    def _arrange(self) -> None:
        """Show one plot of all branches, and their pages below it."""
        if self._plot is not None:
            self._plot.close()
            self._plot = None
        if self._pages:
            samplers = [self._sampler, *(page.view.sampler for page in self.pages)]
            self._plot = PlotPanel(
                lambda kind: BranchView(kind, *samplers), BRANCH_TEXTS, "sigma_aff",
                on_error=self._session.messages.error,
            )  # fmt: skip
        self.children = (*([self._plot] if self._plot else []), *self.pages)
