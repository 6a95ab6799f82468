"""What a saved notebook shows of a page where no widget can: an output below it, kept up to date.

It holds text and pictures only, so it is there on a page without a kernel, on nbviewer, and in an
export. In a notebook whose page is alive it is hidden.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import publish_display_data
from ipywidgets import Box

__all__ = ["Still", "figure"]


class Still:
    """The output that is left of one widget.

    Parameters
    ----------
    text : str
        HTML that is shown until there is something better.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_shown = False

    @property
    def _transient(self) -> dict[str, str]:
        return {"display_id": f"snnlab-still-{id(self)}"}

    def show(self, widget: Box) -> None:
        """Show a widget as an output of the running cell, and below it what is left of it."""
        publish_display_data(widget._repr_mimebundle_())  # type: ignore[no-untyped-call]
        self._publish(is_update=False)
        self._is_shown = True

    def keep(self, text: str) -> None:
        """Leave this HTML from now on, in all cells that show the widget; from any thread."""
        if text == self._text:
            return
        self._text = text
        if self._is_shown:
            self._publish(is_update=True)

    def _publish(self, *, is_update: bool) -> None:
        if not InteractiveShell.initialized():
            return
        data = {"text/html": f'<div class="snnlab-still">{self._text}</div>'}
        publish_display_data(data, transient=self._transient, update=is_update)  # type: ignore[no-untyped-call]


def figure(png: bytes | None, *caption: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """Return HTML of a picture and lines of text under it.

    Parameters
    ----------
    png : bytes, optional
        The picture as a file.
    *caption : str
        Plain text; the first line is set in bold.
    legend : sequence of (name, colour)
        What the colours in the picture stand for.
    """
    picture = ""
    if png is not None:
        data = base64.b64encode(png).decode("ascii")
        picture = (
            f'<img style="max-width:100%" alt="{html.escape(caption[0])}" '
            f'src="data:image/png;base64,{data}">'
        )
    first, *others = (html.escape(line) for line in caption)
    keys = [
        f'<span style="color:{html.escape(colour)}">\u25a0</span>&nbsp;{html.escape(name)}'
        for name, colour in legend
    ]
    lines = "<br>".join([f"<b>{first}</b>", *([" &ensp; ".join(keys)] if keys else []), *others])
    return f"<figure>{picture}<figcaption>{lines}</figcaption></figure>"
