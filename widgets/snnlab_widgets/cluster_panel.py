"""The ranks of a session on one panel: what each does, what it died of; start, stop, restart."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab import launch
from snnlab.errors import SnnlabError, SpecError
from snnlab.session.state import SessionState
from snnlab_widgets.display import Display
from snnlab_widgets.part import Part, script
from snnlab_widgets.rank_rows import balance, rank_rows, window
from snnlab_widgets.rank_table import rank_table

if TYPE_CHECKING:
    from snnlab.frames.rank_status import RankStatus
    from snnlab.session import Session

__all__ = ["MOST_RANKS", "ClusterPanel"]

REFRESH_S = 0.25
"""Time between two looks; ranks report twice a second."""

MOST_RANKS = 1024
"""Ranks that the panel starts at most."""

_ON = {"cpu": "", "cuda": " on cuda"}
"""Device of each rank -> how a session names it, see `snnlab.session.Session.move`."""

_open: dict[str, ClusterPanel] = {}
"""Name of the session -> its panel."""


class ClusterPanel(Part):
    """A line for each rank: where it is, what it holds, how busy it is, what it died of.

    Its buttons spread the session over a number of ranks, take it back into this process, and
    start ranks again after one has died; the run goes on, with the same spikes. There is one panel
    for each name of a session: opening another closes the first. It ends with its session.

    Parameters
    ----------
    session : Session
        On any device: a session of one process can be spread from here.

    Examples
    --------
    ::

        session = snnlab.open("brunel", ranks=2)
        ClusterPanel(session)
    """

    _esm = script("canvas.js", "cluster_panel.js")
    rows: Any = traitlets.List().tag(sync=True)
    """See `snnlab_widgets.rank_rows.rank_rows`."""
    status = traitlets.Dict().tag(sync=True)
    """``state, n, device, no_gpu, doing, error, balance, window, can_start, can_stop,
    can_restart``."""

    def __init__(self, session: Session) -> None:
        if session.name in _open:
            _open[session.name].close()
        self._session: Session | None = session
        self._doing = ""
        self._no_gpu = _words(launch.no_gpu())
        self._error: BaseException | None = None
        self._asked: Future[None] | None = None
        super().__init__(on_error=self._refuse)
        display = Display(session, on_end=self.close)
        self._stop: Callable[[], None] = display.close
        _open[session.name] = self
        self.refresh()
        display.add(self.refresh, REFRESH_S)
        display.start()

    def refresh(self) -> None:
        """Show what the ranks are doing now."""
        session = self._session
        if session is None:
            return
        ranks, state = session.ranks, session.state
        self.rows = rank_rows(ranks, state.value)
        is_free = not self._doing and state is not SessionState.CLOSED
        self.status = {
            "state": state.value,
            "n": len(ranks),
            "device": "cuda" if any(rank.device != "cpu" for rank in ranks) else "cpu",
            "no_gpu": self._no_gpu,
            "doing": self._doing,
            "error": self._trouble(session, ranks),
            "balance": balance(ranks),
            "window": window(ranks),
            "can_start": is_free and session.can_move,
            "can_stop": is_free and session.can_move and bool(ranks),
            "can_restart": is_free and bool(ranks),
        }

    def do_start(self, n: int, device: str = "cpu") -> None:
        """Go on on `n` ranks, from where the run is now; on ``"cuda"`` each has a GPU."""
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= MOST_RANKS:
            raise SpecError(
                "ranks", f"must be a whole number from 1 to {MOST_RANKS}", got=repr(n)
            )  # fmt: skip
        if device not in _ON:
            raise SpecError("device", f"must be one of {', '.join(_ON)}", got=repr(device))
        where = f"{n} ranks{_ON[device]}"
        self._ask(f"starting {where}", lambda session: session.ask_move(where))

    def do_stop(self) -> None:
        """End the ranks; the run goes on in this process."""
        self._ask("going on in one process", lambda session: session.ask_move("cpu"))

    def do_restart(self) -> None:
        """Start the ranks again; after a death, from the last kept checkpoint."""
        self._ask("starting the ranks again", lambda session: session.ask_restart_ranks())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The panel; and what it shows now as a table, for pages that have no widgets."""
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        return {**data, "text/html": rank_table(self.rows)}, metadata

    def close(self) -> None:
        """Take the panel away; the session goes on. Closing twice is allowed."""
        session, self._session = self._session, None
        if session is None:
            return
        if _open.get(session.name) is self:
            del _open[session.name]
        self._stop()
        super().close()

    def _ask(self, doing: str, ask: Callable[[Session], Future[None]]) -> None:
        """Ask the session for something that takes seconds, and say so until it is done."""
        if self._session is None or self._doing:
            return
        self._error = None
        asked = ask(self._session)
        self._doing = doing
        self.refresh()
        asked.add_done_callback(self._done)

    def _done(self, asked: Future[None]) -> None:
        self._doing = ""
        error = CancelledError() if asked.cancelled() else asked.exception()
        if error is not None and not asked.cancelled():
            self._refuse(error)
        else:
            self.refresh()

    def _refuse(self, error: BaseException) -> None:
        self._error = error
        if self._session is not None:
            self._session.messages.error(error, "Cluster panel")
        self.refresh()

    def _trouble(self, session: Session, ranks: tuple[RankStatus, ...]) -> dict[str, str]:
        """What is wrong, if anything: title, text and, where it helps, what a restart does."""
        if self._doing:
            return {}
        error = session.error if session.error is not None else self._error
        if error is None:
            return {}
        can_restart = session.error is not None and bool(ranks)
        return {
            "title": _title(error),
            "text": _remedy(error),
            "restart": _promise(session) if can_restart else "",
        }


def _words(error: SnnlabError | None) -> str:
    """What is missing and what to do about it; nothing where nothing is."""
    return "" if error is None else f"{_title(error)}. {error.remedy}"


def _title(error: BaseException) -> str:
    if not isinstance(error, SnnlabError):
        return f"{type(error).__name__}: {error}"
    return f"{error.where}: {error.got or error.expected}"


def _remedy(error: BaseException) -> str:
    return error.remedy if isinstance(error, SnnlabError) else ""


def _promise(session: Session) -> str:
    """What a restart does, in one sentence."""
    kept = session.checkpoints.nearest(session.step, len(session.edits))
    since = (session.step - kept.step) * session.dt
    again = f" and computes the {since:.1f} ms since then once more" if since else ", which is now"
    return (
        f"Goes back to the checkpoint at t = {kept.step * session.dt:.1f} ms{again}: "
        "nothing is lost."
    )
