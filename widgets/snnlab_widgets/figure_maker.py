"""A figure for a paper at a button: of the selection, or of what came last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.errors import SnnlabError
from snnlab.plots.paper import SUFFIXES, figure
from snnlab_widgets.free_path import free_path
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["FigureMaker"]

ENDINGS = (*SUFFIXES, ".nc", "_raster.csv")
"""Of the files that a figure may consist of."""

LAST_MS = 1000.0
"""Model time that is drawn where nothing is selected."""


class FigureMaker(Part):
    """Writes figures of a session with their numbers, and shows the last one.

    Parameters
    ----------
    session : Session
    selection : callable
        Returns what is selected: ``first``, ``last``, ``t_start``, ``t_stop``; or nothing.
    folder : path, optional
        Where files go; default: the working directory.
    """

    _esm = script("canvas.js", "figure_maker.js")
    picture = traitlets.Unicode("").tag(sync=True)
    """The last figure, as SVG."""
    note: Any = traitlets.Dict({"text": "", "is_error": False}).tag(sync=True)
    is_busy = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        session: Session,
        *,
        selection: Callable[[], Mapping[str, float]] = dict,
        folder: str | Path | None = None,
    ) -> None:
        super().__init__(on_error=self._refuse)
        self._session = session
        self._selection = selection
        self._folder = folder

    def do_make(self, suffix: str, data: str) -> None:
        """Write a figure ending in ``.svg`` or ``.png``, with its numbers as ``.nc`` or ``.csv``.

        It works on a thread of its own, so that the page goes on.
        """
        if self.is_busy:
            return
        self.is_busy = True
        arguments = (str(suffix), str(data), dict(self._selection()))
        threading.Thread(target=self._make, args=arguments, name="snnlab figure").start()

    def do_hide(self) -> None:
        """Take the last figure off the page."""
        self.picture = ""

    def _make(self, suffix: str, data: str, chosen: dict[str, float]) -> None:
        try:
            t_stop = chosen.get("t_stop", self._session.t)
            made = figure(
                self._session, chosen.get("t_start", max(0.0, t_stop - LAST_MS)), t_stop,
                neurons=(int(chosen["first"]), int(chosen["last"])) if chosen else None,
            )  # fmt: skip
            free = free_path(self._folder, f"{self._session.name}_figure", ENDINGS)
            written = made.save(free.with_name(free.name + suffix), data=data)
            names = ", ".join(path.name for path in written)
            self.note = {"text": f"Wrote {names}: {made.title}.", "is_error": False}
            self.picture = made.svg()
        except Exception as error:  # there is nobody above who could see it
            self._refuse(error)
        finally:
            self.is_busy = False

    def _refuse(self, error: BaseException) -> None:
        if not isinstance(error, SnnlabError):
            self._session.messages.error(error)
        self.note = {"text": str(error), "is_error": True}
