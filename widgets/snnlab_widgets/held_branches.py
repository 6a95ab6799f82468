"""The branches that a page has begun: they are open as long as the page is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snnlab.errors import SnnlabError, unknown_name
from snnlab.session.state import SessionState

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["HeldBranches"]


class HeldBranches:
    """Begins branches of a session, and puts them aside when the page ends.

    After that the session knows of them, as of those in the file that it was opened from, and makes
    them again when they are asked for.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: dict[str, Session] = {}

    def begin(self, name: str = "", at: float | None = None) -> Session:
        """Return a new branch; building it takes its time.

        Parameters
        ----------
        name : str
            What it is to be called, if no other is called so; empty: by its time.
        at : float [ms], optional
            Time of the run at which it begins; default: now.
        """
        session = self._session
        taken = {b.name for b in session.branches} | {session.name, *session.closed_branches}
        word = name.strip() or f"branch at {session.t if at is None else at:g} ms"
        names = (word, *(f"{word} {k}" for k in range(2, len(taken) + 3)))
        return self._hold(session.branch(name=next(n for n in names if n not in taken), at=at))

    def reopen(self, name: str) -> Session:
        """Return a branch that was put aside, or that a file told of."""
        return self._hold(self._session.reopen(name))

    def find(self, name: str) -> Session:
        """Return a branch that is open.

        Raises
        ------
        SpecError
            There is none with this name.
        """
        found = {b.name: b for b in self._session.branches}
        if name not in found:
            raise unknown_name("branch", name, found)
        return found[name]

    def drop(self, name: str) -> None:
        """Close a branch, and forget it."""
        if name in self._session.closed_branches:
            self._session.forks.drop(name)
        else:
            self.find(name).close()
        self._held.pop(name, None)

    def put_aside(self) -> None:
        """Close the branches that were begun or reopened here; the session can reopen them."""
        for branch in self._held.values():
            self._put_aside(branch)
        self._held = {}

    def _hold(self, branch: Session) -> Session:
        self._held[branch.name] = branch
        return branch

    def _put_aside(self, branch: Session) -> None:
        closed = SessionState.CLOSED
        try:
            if branch.state is not closed and self._session.state is not closed:
                self._session.put_aside(branch)
        except SnnlabError as error:
            self._session.messages.error(error, f"Branch {branch.name!r} is not kept")
        branch.close()
