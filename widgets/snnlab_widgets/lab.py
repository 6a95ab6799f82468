"""The whole page: one session on one screen, nothing modal."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets

from snnlab.plots.palette import colours
from snnlab_widgets.branching import Branching
from snnlab_widgets.breakpoints import Breakpoints
from snnlab_widgets.camera import Camera
from snnlab_widgets.display import TICK_S, Display
from snnlab_widgets.edit_text import edit_text
from snnlab_widgets.figure_maker import FigureMaker
from snnlab_widgets.inspector import Inspector
from snnlab_widgets.messages import Messages
from snnlab_widgets.network_editor import NetworkEditor
from snnlab_widgets.onlooker import Onlooker
from snnlab_widgets.raster import Mark, Raster
from snnlab_widgets.selection import Selection
from snnlab_widgets.statistics import Statistics
from snnlab_widgets.transport import Transport
from snnlab_widgets.trust import Trust
from snnlab_widgets.weights import Weights

if TYPE_CHECKING:
    from snnlab.model.history import Applied
    from snnlab.session import Session

__all__ = ["Lab", "lab"]

MOST_MARKS = 20
"""Edits that are marked in the raster, at most."""

_open: dict[str, Lab] = {}
"""Name of the session -> its page."""


class Lab(ipywidgets.Box):
    """One session on one page: network, raster and rates, inspector, statistics, history.

    There is one page for each name of a session: opening another closes the first, so running a
    cell again leaves nothing behind. A page also ends with its session.

    Parameters
    ----------
    session : Session
        What is shown and steered. Everything shown lives in it; the page can be made anew at any
        time without losing anything.
    *panels : Widget
        Stand below the messages, such as ``ClusterPanel(session)`` or a `BenchPanel`; they end with
        the page.

    Attributes
    ----------
    parts : dict
        ``transport``, ``network``, ``raster``, ``inspector``, ``statistics``, ``selection``,
        ``figure``, ``history``, ``weights``, ``breakpoints``, ``trust`` and ``messages``.

    Examples
    --------
    ::

        session = snnlab.open("brunel", N=2500)
        Lab(session)
    """

    def __init__(self, session: Session, *panels: ipywidgets.DOMWidget) -> None:
        if session.name in _open:
            _open[session.name].close()
        _open[session.name] = self
        self.session: Session | None = session
        self._populations = _sizes(session)
        self._onlooker = Onlooker(on_error=session.messages.error)
        display = Display(session, self._onlooker, on_end=self.close)
        self._stop: Callable[[], None] = display.close
        self.parts = self._make_parts(session, display)
        for name, part in self.parts.items():
            part.add_class(f"snnlab-at-{name}")
        self._camera = Camera(
            session, "Raster and rates", legend=self._legend, on_error=session.messages.error
        )
        self._panels = panels
        for panel in panels:
            panel.add_class("snnlab-at-panel")
        super().__init__((*self.parts.values(), *panels, self._camera, self._onlooker))
        self.add_class("snnlab-lab")
        self.add_class("snnlab-workbench")
        self._schedule(session, display)

    def _make_parts(self, session: Session, display: Display) -> dict[str, Any]:
        recent, log = display.recent, session.messages
        network = session.network
        inspector = Inspector(session)
        poke = partial(_poke, session)
        selection = Selection(network, recent, on_poke=poke, on_error=log.error)
        transport = Transport(session)
        raster = Raster(
            network, recent, marks=lambda: _marks(session), on_select=selection.select,
            on_poke=poke, on_error=log.error,
        )  # fmt: skip
        raster.aside = transport.aside
        traitlets.dlink((selection, "selection"), (raster, "selection"))
        return {
            "transport": transport,
            "network": NetworkEditor(session, on_select=inspector.do_select),
            "raster": raster,
            "inspector": inspector,
            "statistics": Statistics(
                network, recent, trouble=lambda: session.trouble, on_error=log.error
            ),
            "selection": selection,
            "figure": FigureMaker(session, selection=lambda: selection.selection),
            "history": Branching(session),
            "weights": Weights(session, on_error=log.error),
            "breakpoints": Breakpoints(session),
            "trust": Trust(session),
            "messages": Messages(log, on_error=log.error),
        }

    def _schedule(self, session: Session, display: Display) -> None:
        """Parts that cost more are refreshed less often; the raster sets the pace."""
        display.add(lambda: self._follow(session), TICK_S)
        display.add(self.parts["raster"].refresh, TICK_S)
        display.add(self.parts["transport"].follow, 0.045, share=0.01)
        display.add(self.parts["inspector"].refresh, 0.2)
        display.add(self.parts["network"].refresh, 0.2)
        display.add(self.parts["history"].refresh, 0.5, share=0.005)
        display.add(self.parts["weights"].refresh, 0.2, share=0.015)
        display.add(self.parts["breakpoints"].refresh, 0.5)
        display.add(self.parts["trust"].refresh, 0.2)
        display.add(self.parts["statistics"].refresh, 0.5)
        display.add(self.parts["selection"].refresh, 0.5)
        display.add(self._camera.refresh, 0.5)
        display.start()

    def _ipython_display_(self) -> None:
        self._camera.still.show(self)

    def close(self) -> None:
        """Take the page away and let go of the session, which goes on; closing twice is allowed."""
        if self.session is None:
            return
        if _open.get(self.session.name) is self:
            del _open[self.session.name]
        self._stop()
        for part in (*self.parts.values(), *self._panels, self._camera, self._onlooker):
            part.close()
        self.session, self.parts, self._panels, self._stop = None, {}, (), _nothing
        self.children = ()
        super().close()

    def _legend(self) -> list[tuple[str, str]]:
        names = [name for name, _ in self._populations]
        return list(zip(names, colours(len(names)), strict=True))

    def _follow(self, session: Session) -> None:
        """Lay out anew where populations came, went or changed their size."""
        if _sizes(session) != self._populations:
            self._populations = _sizes(session)
            self.parts["raster"].show(session.network)
            self.parts["statistics"].show(session.network)
            self.parts["selection"].show(session.network)


def _nothing() -> None:
    """What is left to stop when a page has been closed."""


def _marks(session: Session) -> list[Mark]:
    """Return (step, text) of the last edits of the run."""
    return [(applied.step, edit_text(applied.edit)) for applied in session.edits[-MOST_MARKS:]]


def _poke(session: Session, first: int, last: int) -> None:
    """Poke the neurons `first` to `last` of the network, population by population."""
    network = session.network
    for population in network.populations:
        start = network.first_id(population.name)
        chosen = range(max(first - start, 0), min(last - start + 1, population.size))
        if chosen:
            asked = session.poke(population.name, chosen)
            asked.add_done_callback(partial(_tell, session))


def _tell(session: Session, asked: Future[Applied]) -> None:
    """Say what became of a wish that nobody waits for."""
    error = None if asked.cancelled() else asked.exception()
    if isinstance(error, Exception):
        session.messages.error(error)


def _sizes(session: Session) -> list[tuple[str, int]]:
    return [(p.name, p.size) for p in session.network.populations]


def lab(session: Session) -> Lab:
    """Return the page of a session: the one that is open already, or a new one.

    Parameters
    ----------
    session : Session
    """
    is_open = session.name in _open and _open[session.name].session is session
    return _open[session.name] if is_open else Lab(session)
