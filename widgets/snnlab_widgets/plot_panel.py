"""A HoloViews plot of a map in a page, and the choice of which."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
from IPython.display import display

from snnlab.plots.maps.live import MapView
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.pacer import Pacer

__all__ = ["PlotPanel"]

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


class PlotPanel(ipywidgets.VBox):
    """A plot that shows what a viewpoint sees, at the pace at which the browser draws it.

    Parameters
    ----------
    view : Viewpoint
    kind : str
        A name in `MAP_KINDS`.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Attributes
    ----------
    view : MapView
        ``view.plot`` is the DynamicMap.
    """

    def __init__(
        self,
        view: Viewpoint,
        kind: str,
        *,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        self._viewpoint = view
        self._lock = threading.Lock()
        self.pacer = Pacer(on_error=on_error)
        options = [(text, name) for name, text in TEXTS.items()]
        self.choice = ipywidgets.Dropdown(
            options=options, value=kind, layout=ipywidgets.Layout(width="auto")
        )
        self.choice.add_class("snnlab-choice")
        self.output = ipywidgets.Output()
        self.view = self._made(kind)
        self._show()
        self.choice.observe(self._changed, "value")
        # The line of the pacer is above: a plot that is seen in part is drawn.
        super().__init__((self.choice, self.pacer, self.output))
        self.add_class("snnlab-plot")

    def refresh(self) -> bool:
        """Draw what is new if somebody looks and has seen what was drawn before."""
        with self._lock:
            is_drawn = self.pacer.is_free and self.view.refresh()
            if is_drawn:
                self.pacer.mark()
            return is_drawn

    def close(self) -> None:
        """Take the plot away; closing twice is allowed."""
        for part in (self.choice, self.output, self.pacer):
            part.close()
        self.children = ()
        super().close()

    def _changed(self, change: dict[str, Any]) -> None:
        with self._lock:
            self.view = self._made(change["new"])
            self.output.clear_output()
            self._show()

    def _made(self, kind: str) -> MapView:
        session = self._viewpoint.sampler.session
        return MapView(kind, session, viewpoint=self._viewpoint, is_narrow=True)

    def _show(self) -> None:
        with self.output:
            display(self.view.plot)  # type: ignore[no-untyped-call]
