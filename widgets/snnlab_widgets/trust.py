"""Prove that a run is the same everywhere, and find out what breaks its network: at a button."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.errors import SnnlabError
from snnlab.session.limit import SUBJECTS, Limit, Trial
from snnlab.session.proof import Line, Proof, Verdict
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["Trust"]


class Trust(Part):
    """The proof of a session, and the limits of its network, as a table that fills.

    Both work beside the run, which goes on; a later one takes the place of the one before.

    Parameters
    ----------
    session : Session

    Attributes
    ----------
    work : Proof, Limit or None
        What was asked for last.
    """

    _esm = script("canvas.js", "trust.js")
    shown: Any = traitlets.Dict().tag(sync=True)
    """``title``, ``summary``, ``advice``, ``is_busy``, and ``rows`` of ``place``, ``verdict``,
    ``text``, ``aside`` and ``progress``."""
    trouble = traitlets.Unicode("").tag(sync=True)
    """What has stopped the run; empty if it is well."""
    error = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__(on_error=self._refuse)
        self._session = session
        self._lock = threading.Lock()
        self.work: Proof | Limit | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show how far it is."""
        with self._lock:
            work, found = self.work, self._session.trouble
            self.trouble = "" if found is None else found.text
            if isinstance(work, Proof):
                self.shown = _of_proof(work)
            elif isinstance(work, Limit):
                self.shown = _of_limit(work)
            else:
                self.shown = {"title": "", "summary": "", "advice": "", "rows": [],
                              "is_busy": False}  # fmt: skip

    # --- asked for ------------------------------------------------------------------------------

    def do_prove(self) -> None:
        """Compute the last stretch of the run again on everything that is here."""
        self._begin(self._session.prove())

    def do_limit(self, subject: str) -> None:
        """Try out how much the network bears."""
        self._begin(self._session.limit(subject))

    def do_cancel(self) -> None:
        """End what was begun; what is done stays."""
        if self.work is not None:
            self.work.cancel()
        self.refresh()

    # --- inside ---------------------------------------------------------------------------------

    def close(self) -> None:
        """End what was begun, and the part."""
        if self.work is not None:
            self.work.cancel()
        super().close()

    def _begin(self, work: Proof | Limit) -> None:
        if self.work is not None:
            self.work.cancel()
        self.work, self.error = work, ""
        self.refresh()

    def _refuse(self, error: BaseException) -> None:
        if not isinstance(error, SnnlabError):
            self._session.messages.error(error)
        self.error = str(error)


def _of_proof(proof: Proof) -> dict[str, Any]:
    stretch = f"t = {proof.t_start:.10g} to {proof.t_stop:.10g} ms"
    return {
        "title": f"Proof: {stretch}, computed again beside the run",
        "summary": proof.summary,
        "advice": "",
        "is_busy": not proof.is_done,
        "rows": [_proof_row(line) for line in proof.lines],
    }


def _proof_row(line: Line) -> dict[str, Any]:
    aside = f"{line.seconds:.1f} s" if line.seconds else ""
    return {
        "place": line.place, "verdict": line.verdict.value, "text": line.text, "aside": aside,
        "progress": line.progress if line.verdict is Verdict.RUNNING else None,
    }  # fmt: skip


def _of_limit(limit: Limit) -> dict[str, Any]:
    broken = limit.broken
    summary = f"Trying copies beside the run, each for {limit.duration:g} ms."
    if limit.is_done:
        summary = "Nothing stopped it." if broken is None else f"Stopped at {limit.value(broken)}."
    return {
        "title": f"What it bears: {SUBJECTS[limit.subject]}",
        "summary": summary,
        "advice": limit.suggestion,
        "is_busy": not limit.is_done,
        "rows": [_limit_row(limit, trial) for trial in limit.trials],
    }


def _limit_row(limit: Limit, trial: Trial) -> dict[str, Any]:
    well = trial.error is None
    return {
        "place": limit.value(trial),
        "verdict": "went well" if well else "stopped",
        "text": f"for {trial.t:g} ms" if well else str(trial.error),
        "aside": f"{trial.rate:.3g} spikes/s" if trial.t else "not built",
        "progress": None,
    }
