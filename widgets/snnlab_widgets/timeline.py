"""The time of a run as a slider: look back, rewind to there, write all of it to a file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.errors import unknown_name
from snnlab.plots.maps.holomap import save_holomap
from snnlab.plots.maps.movie import save_movie
from snnlab.plots.maps.sampler import MapSampler
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.free_path import free_path
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["FORMATS", "Timeline"]

FORMATS = {
    "mp4": "movie (.mp4)",
    "gif": "movie (.gif)",
    "html": "page with a slider (.html)",
}
"""Suffix of a file -> what it is."""

FPS = 12.0

HTML_MOMENTS = 40
"""Moments of a page with a slider, at most; each takes some time and some 50 kB."""


class Timeline(Part):
    """The slider over all times that a sampler has kept; its right end follows the run.

    Parameters
    ----------
    session : Session
        What goes back.
    view : Viewpoint
        What is moved.
    on_look : callable
        Called after another time was chosen.
    on_branch : callable
        Called with the time [ms] at which another run is to go on; None: now.
    on_drop : callable, optional
        Of a branch: called when it is to be closed.
    folder : path, optional
        Where exports go; default: the working directory.

    Attributes
    ----------
    written : Path or None
        The last file that was exported.
    """

    _esm = script("canvas.js", "timeline.js")
    status = traitlets.Dict().tag(sync=True)
    """First and last time that can be shown, the one that is [ms], how many there are, ..."""
    note: Any = traitlets.Dict({"text": "", "is_error": False}).tag(sync=True)
    progress: Any = traitlets.Float(None, allow_none=True).tag(sync=True)
    """Share of an export that is done; None: there is none under way."""
    formats: Any = traitlets.List().tag(sync=True)
    origin: Any = traitlets.Dict().tag(sync=True)
    """Of a branch: its ``name``, the time ``t`` [ms] at which it began, whether it ``can_drop``."""

    def __init__(
        self,
        session: Session,
        view: Viewpoint,
        *,
        on_look: Callable[[], object],
        on_branch: Callable[[float | None], object],
        on_drop: Callable[[], object] | None = None,
        folder: Path | None = None,
    ) -> None:
        super().__init__(on_error=self._refuse, formats=_offered())
        self._lock = threading.Lock()
        self._session, self._view, self._on_look = session, view, on_look
        self._folder, self._on_branch, self._on_drop = folder, on_branch, on_drop
        if session.forked_at is not None:
            can_drop = on_drop is not None
            self.origin = {"name": session.name, "t": session.forked_at, "can_drop": can_drop}
        self._way_back: Future[None] | None = None
        self._exporting: threading.Thread | None = None
        self.written: Path | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show what can be looked at now."""
        with self._lock:  # what was found out first must not be told last
            self.status = self._status()

    def _status(self) -> dict[str, Any]:
        times = self._view.sampler.film.times
        self._view.follow()
        is_going_back = self._way_back is not None and not self._way_back.done()
        return {
            "first": float(times[0]) if times.size else 0.0,
            "last": float(times[-1]) if times.size else 0.0,
            "n": int(times.size),
            "t": self._view.state.t,
            "is_live": self._view.is_live,
            "can_rewind": not self._view.is_live and not is_going_back,
        }

    def do_look(self, t: float | None) -> None:
        """Show the time `t` [ms], or follow the run."""
        self._view.look(t)
        self._say("")
        self.refresh()
        self._on_look()

    def do_rewind(self) -> None:
        """Let the run go back to the time that is shown; nothing waits for it."""
        t = self._view.state.t
        self._say(f"Going back to t = {t / 1000:g} s \N{HORIZONTAL ELLIPSIS}")
        self._way_back = self._session.ask_rewind(t)
        self._way_back.add_done_callback(self._arrived)
        self.refresh()

    def do_branch(self) -> None:
        """Let another run go on from the time that is shown; nothing waits for it."""
        self._on_branch(None if self._view.is_live else self._view.state.t)

    def do_drop(self) -> None:
        """Close this branch."""
        if self._on_drop is not None:
            self._on_drop()

    def _arrived(self, asked: Future[None]) -> None:
        error = None if asked.cancelled() else asked.exception()
        if error is not None:
            self._refuse(error)
            return
        self._view.look(None)
        self._say(f"The run is back at t = {self._session.t / 1000:g} s. Press Run to go on.")

    def do_export(self, format: str) -> None:
        """Write the development to a file, on a thread of its own."""
        if format not in FORMATS:
            raise unknown_name("export", format, FORMATS)
        if self._exporting is not None and self._exporting.is_alive():
            return
        free = free_path(self._folder, self._session.name, [f".{format}"])
        path = free.with_name(f"{free.name}.{format}")
        self.progress = 0.0
        self._say("Writing \N{HORIZONTAL ELLIPSIS}")
        self._exporting = threading.Thread(
            target=self._export, args=(path,), name="snnlab export", daemon=True
        )
        self._exporting.start()

    def wait(self, timeout: float) -> bool:
        """Wait until an export is done, `timeout` [s] at most; returns whether it is."""
        if self._exporting is not None:
            self._exporting.join(timeout)
        return self._exporting is None or not self._exporting.is_alive()

    def _export(self, path: Path) -> None:
        sampler = self._view.sampler
        try:
            n = self._write(sampler, path)
        except Exception as error:  # there is nobody above who could see it
            self.progress = None
            self._refuse(error)
            return
        self.progress = None
        self.written = path
        size = path.stat().st_size / 1e6
        text = f"Wrote {path.name} ({n} moments, {size:.2g} MB) to {path.parent}."
        self._session.messages.info(text)
        self._say(text)

    def _write(self, sampler: MapSampler, path: Path) -> int:
        if path.suffix == ".html":
            return save_holomap(sampler, path, "receptive_fields", most=HTML_MOMENTS)
        states = sampler.film.states()
        save_movie(states, path, fps=FPS, on_frame=self._on_frame)
        return len(states)

    def _on_frame(self, done: int, n: int) -> None:
        self.progress = done / n

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self.note = {"text": text, "is_error": is_error}

    def _refuse(self, error: BaseException) -> None:
        self._session.messages.error(error)
        self._say(str(error), is_error=True)


def _offered() -> list[list[str]]:
    """Suffix and text of every export; first what works without another package."""
    offered = [[suffix, text] for suffix, text in FORMATS.items()]
    if find_spec("av") is not None:
        return offered
    return [*offered[1:], ["mp4", f"{FORMATS['mp4']}, needs PyAV"]]
