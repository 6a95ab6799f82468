"""What was done, what can be undone, and the branches of a run: beside the plots, as a list."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from snnlab.analysis.difference import first_difference
from snnlab.errors import SnnlabError, unknown_name
from snnlab.plots.activity import Activity
from snnlab.plots.palette import colours
from snnlab.plots.source import activity_of
from snnlab.session.state import SessionState
from snnlab_widgets.edit_text import edit_text
from snnlab_widgets.free_path import free_path
from snnlab_widgets.held_branches import HeldBranches
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["KINDS", "Branching", "comparison_of"]

MOST = 200
"""Edits that are listed, the last ones."""

BINS = 150
"""Points of a curve that is compared."""

KINDS = {
    "share": ("session file", ".json"),
    "script": ("Python script", ".py"),
    "methods": ("methods section", ".md"),
}
"""What can be kept of a run -> what it is, and its suffix."""


class Branching(Part):
    """The history of a session with undo and redo, its branches, and the ways to keep a run.

    Branches made here are open as long as the page is; after that the session knows of them, as of
    those in the file that it was opened from, and makes them again when they are asked for.

    Parameters
    ----------
    session : Session
    folder : path, optional
        Where files go; default: the working directory.
    """

    _esm = script("canvas.js", "branching.js")
    history: Any = traitlets.Dict().tag(sync=True)
    """``entries``: ``{"n", "t", "text", "how"}``; ``can_undo``, ``can_redo``."""
    branches: Any = traitlets.List().tag(sync=True)
    comparison: Any = traitlets.Dict().tag(sync=True)
    """Curves of this run and of one branch; empty if nothing is compared."""
    note: Any = traitlets.Dict({"text": "", "is_error": False}).tag(sync=True)

    def __init__(self, session: Session, *, folder: str | Path | None = None) -> None:
        super().__init__(on_error=self._refuse)
        self._session = session
        self._folder = None if folder is None else Path(folder)
        self._held = HeldBranches(session)
        self._compared = ""
        self._lock = threading.Lock()
        self.refresh()

    def refresh(self) -> None:
        """Show what was done since the last time."""
        with self._lock:
            history, session = self._session.history, self._session
            log = list(history.log)[-MOST:]
            first = len(history.log) - len(log)
            entries = [
                {"n": first + k, "t": applied.step * session.dt, "how": applied.how,
                 "text": edit_text(applied.edit)}
                for k, applied in enumerate(log, 1)
            ]  # fmt: skip
            self.history = {
                "entries": entries, "can_undo": history.can_undo, "can_redo": history.can_redo,
            }  # fmt: skip
            self.branches = [
                {"name": b.name, "from": b.forked_at, "t": b.t, "state": b.state.value,
                 "n_edits": len(b.edits), "is_compared": b.name == self._compared}
                for b in session.branches
            ] + [
                {"name": f.name, "from": f.step * session.dt, "t": f.run.step * session.dt,
                 "state": "not open", "n_edits": len(f.run.edits), "is_compared": False}
                for f in session.forks
            ]  # fmt: skip
            self._compare()

    # --- asked for ------------------------------------------------------------------------------

    def do_undo(self) -> None:
        """Take back the last edit."""
        self._session.undo().add_done_callback(self._done)

    def do_redo(self) -> None:
        """Make again what was undone last."""
        self._session.redo().add_done_callback(self._done)

    def do_rewind(self, t: float) -> None:
        """Go back to a time [ms]; later edits can be made again with redo."""
        self._session.ask_rewind(float(t)).add_done_callback(self._done)

    def do_branch(self, name: str) -> None:
        """Begin a branch here, now."""
        self._in_background(lambda: self._show(self._held.begin(name)))

    def do_try(self, branch: str, target: str, name: str, text: str) -> None:
        """Give a number of a branch another value."""
        if self._reopens(branch, lambda: self.do_try(branch, target, name, text)):
            return
        value = _number(text)
        self._held.find(branch).set(*([target] if target else []), name, value)
        self.refresh()

    def do_catch_up(self, branch: str) -> None:
        """Let a branch run until the time of this session, and lay both over one another."""
        if self._reopens(branch, lambda: self.do_catch_up(branch)):
            return
        other = self._held.find(branch)
        if other.state is not SessionState.RUNNING and other.t < self._session.t:
            other.run_until(self._session.t)
        self._compared = branch
        self.refresh()

    def do_compare(self, branch: str) -> None:
        """Lay a branch over this run, or take it away."""
        if self._reopens(branch, lambda: self.do_compare(branch)):
            return
        self._held.find(branch)
        self._compared = "" if self._compared == branch else branch
        self.refresh()

    def do_drop(self, branch: str) -> None:
        """Close a branch, and forget it."""
        self._held.drop(branch)
        self.refresh()

    def do_keep(self, kind: str) -> None:
        """Write the run so far to a file."""
        if kind not in KINDS:
            raise unknown_name("form to keep a run in", kind, KINDS)
        self._in_background(lambda: self._keep(kind))

    def do_copy(self) -> None:
        """Send the methods section to the page, which puts it on the clipboard."""
        self._in_background(lambda: self.send({"do": "copy", "text": self._session.methods()}))

    # --- inside ---------------------------------------------------------------------------------

    def close(self) -> None:
        """Put the branches aside that were made here, and close the part."""
        self._held.put_aside()
        super().close()

    def _reopens(self, name: str, then: Callable[[], None]) -> bool:
        """Whether a branch has to be made again first; what was asked of it is done afterwards."""
        if name not in self._session.closed_branches:
            return False

        def reopen() -> None:
            self._show(self._held.reopen(name))
            then()

        self._in_background(reopen)
        return True

    def _show(self, branch: Session) -> None:
        self._say(f"{branch.name!r} begins at t = {branch.t:g} ms.")
        self.refresh()

    def _keep(self, kind: str) -> None:
        what, suffix = KINDS[kind]
        free = free_path(self._folder, self._session.name, [suffix])
        path = free.with_name(free.name + suffix)
        getattr(self._session, kind)(path)
        self._say(f"Wrote the {what}: {path.name} ({path.stat().st_size / 1024:.2g} KiB).")

    def _compare(self) -> None:
        found = [b for b in self._session.branches if b.name == self._compared]
        self.comparison = comparison_of(self._session, found[0]) if found else {}

    def _in_background(self, action: Callable[[], None]) -> None:
        """Building a branch takes its time; the page goes on."""

        def run() -> None:
            try:
                action()
            except Exception as error:  # there is nobody above who could see it
                self._refuse(error)

        threading.Thread(target=run, name="snnlab branch", daemon=True).start()

    def _done(self, asked: Future[Any]) -> None:
        error = None if asked.cancelled() else asked.exception()
        if error is not None:
            self._refuse(error)
        else:
            self._say("")
            self.refresh()

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self.note = {"text": text, "is_error": is_error}

    def _refuse(self, error: BaseException) -> None:
        if not isinstance(error, SnnlabError):
            self._session.messages.error(error)
        self._say(str(error), is_error=True)


def comparison_of(session: Session, branch: Session) -> dict[str, Any]:
    """Return the mean rates of a run and of a branch of it since they parted.

    Returns
    -------
    dict
        ``t_start, t_stop`` [ms], ``curves``: ``name, colour, colour_dark, t, rate`` [ms, spikes/s];
        ``parts_at`` [ms]: the first spike that only one of them has, or None.
    """
    runs = [activity_of(each) for each in (session, branch)]
    start = max(run.t_start for run in runs)
    if branch.forked_at is not None:
        start = max(start, branch.forked_at)
    stop = max(start + session.dt, *(run.t_stop for run in runs))
    bin_ms = max(session.dt, (stop - start) / BINS, 1.0)
    light, dark = colours(2), colours(2, dark=True)
    curves = []
    for k, (each, run) in enumerate(zip((session, branch), runs, strict=True)):
        t, rate = _rate(run, start, min(stop, run.t_stop), bin_ms)
        curves.append({"name": each.name, "colour": light[k], "colour_dark": dark[k],
                       "t": t, "rate": rate})  # fmt: skip
    return {"t_start": start, "t_stop": stop, "curves": curves, "parts_at": _parts_at(runs, start)}


def _rate(run: Activity, start: float, stop: float, bin_ms: float) -> tuple[list[float], ...]:
    n_bins = int((stop - start) / bin_ms)
    if n_bins < 1:
        return [], []
    edges = start + bin_ms * np.arange(n_bins + 1)
    counts, _ = np.histogram(run.frame.times, edges)
    rates = counts / max(run.n_neurons, 1) / bin_ms * 1000.0
    return (edges[:-1] + bin_ms / 2).round(3).tolist(), rates.round(3).tolist()


def _parts_at(runs: list[Activity], start: float) -> float | None:
    stop = min(run.t_stop for run in runs)
    if stop <= start:
        return None
    cut = [run.window(start, stop).frame for run in runs]
    step = first_difference(*((frame.step, frame.neuron) for frame in cut))
    return None if step is None else (step + 1) * cut[0].dt


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
