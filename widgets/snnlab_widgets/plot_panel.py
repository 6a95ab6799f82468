"""A live HoloViews plot in a page, and the choice of which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import ipywidgets

from snnlab_widgets.pacer import Pacer

__all__ = ["LiveView", "PlotPanel"]


class LiveView(Protocol):
    """A plot that is drawn again when there is something new."""

    plot: Any
    """The DynamicMap."""

    def refresh(self) -> bool:
        """Draw what is new; returns whether there was anything."""
        ...


class PlotPanel(ipywidgets.VBox):
    """A plot that follows a run, at the pace at which the browser draws it.

    Parameters
    ----------
    make : callable
        Makes the live plot of a kind: a `MapView` or a `BranchView`.
    texts : mapping
        Kind of plot -> what it is called in the list.
    kind : str
        The one to begin with.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.

    Attributes
    ----------
    view : LiveView
        ``view.plot`` is the DynamicMap.
    """

    def __init__(
        self,
        make: Callable[[str], LiveView],
        texts: Mapping[str, str],
        kind: str,
        *,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        self._make = make
        self._lock = threading.Lock()
        self.pacer = Pacer(on_error=on_error)
        options = [(text, name) for name, text in texts.items()]
        self.choice = ipywidgets.Dropdown(
            options=options, value=kind, layout=ipywidgets.Layout(width="auto")
        )
        self.choice.add_class("snnlab-choice")
        self.output = ipywidgets.Output()
        self.view = self._make(kind)
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
            self.view = self._make(change["new"])
            self._show()

    def _show(self) -> None:
        """Show the plot; from any thread, so not by what the kernel captures."""
        self.output.outputs = ()
        self.output.append_display_data(self.view.plot)
