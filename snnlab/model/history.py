"""The list of edits that led here, with undo and redo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from snnlab.errors import StateError
from snnlab.model.edits import Edit

__all__ = ["HOW", "Applied", "History"]

HOW = ("made", "undone", "redone")
"""How an edit came about: by itself, as the inverse of the last one, or once more."""


@dataclass(frozen=True)
class Applied:
    """An edit that took effect.

    Parameters
    ----------
    edit : Edit
        What was changed.
    inverse : Edit
        What leads back.
    step : int
        Time step at which it took effect.
    how : str
        One of `HOW`.
    """

    edit: Edit
    inverse: Edit
    step: int
    how: str = "made"


@dataclass
class History:
    """What was done (`log`) and what can be undone or redone.

    `log` holds every edit in the order in which it took effect, undos included, so replaying it
    from the start reproduces the run. Only `rewind` shortens it. Not thread-safe: the simulation
    thread owns it.
    """

    log: list[Applied] = field(default_factory=list)
    _done: list[Applied] = field(default_factory=list)
    _undone: list[Applied] = field(default_factory=list)

    @classmethod
    def of(cls, log: Iterable[Applied]) -> History:
        """Return the history that led to `log`."""
        history = cls()
        for applied in log:
            history.follow(applied)
        return history

    def follow(self, applied: Applied) -> None:
        """Take note of an edit of another history, in whatever way it came about there.

        Raises
        ------
        StateError
            It undoes something that is not there.
        """
        if applied.how == "undone":
            self.undo_edit()
            self._undone.append(self._done.pop())
        elif applied.how == "redone":
            # What a rewind dropped from the log can be redone too: then it begins here.
            is_known = bool(self._undone) and self._undone[-1].edit == applied.edit
            self._done.append(self._undone.pop() if is_known else applied)
        else:
            self._done.append(applied)
            self._undone.clear()
        self.log.append(applied)

    def add(self, applied: Applied) -> None:
        """Take note of a new edit; what was undone before can no longer be redone."""
        self.log.append(applied)
        self._done.append(applied)
        self._undone.clear()

    def undo_edit(self) -> Edit:
        """Return the edit that undoes the last one.

        Raises
        ------
        StateError
            There is nothing to undo.
        """
        if not self._done:
            raise StateError("Session.undo", "needs an edit to undo", got="an empty history")
        return self._done[-1].inverse

    def redo_edit(self) -> Edit:
        """Return the edit that was undone last.

        Raises
        ------
        StateError
            There is nothing to redo.
        """
        if not self._undone:
            raise StateError("Session.redo", "needs an edit that was undone", got="none")
        return self._undone[-1].edit

    def undone(self, step: int) -> None:
        """Take note that the last edit was undone at `step`."""
        last = self._done.pop()
        self._undone.append(last)
        self.log.append(Applied(last.inverse, last.edit, step, "undone"))

    def redone(self, step: int) -> None:
        """Take note that the edit undone last was redone at `step`."""
        last = self._undone.pop()
        applied = Applied(last.edit, last.inverse, step, "redone")
        is_in_log = any(last is earlier for earlier in self.log)
        self._done.append(last if is_in_log else applied)
        self.log.append(applied)

    def rewind(self, n: int) -> None:
        """Go back to the first `n` edits of the log; what is dropped can be redone, in order.

        Parameters
        ----------
        n : int
            At most the length of `log`.
        """
        earlier = History.of(self.log[:n])
        kept = {id(applied) for applied in earlier._done}
        # The next to be redone is last; what could be redone already comes after what is dropped.
        later = [*self._undone, *reversed(self._done)]
        self._undone = [applied for applied in later if id(applied) not in kept]
        self._done = earlier._done
        self.log = earlier.log

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to redo."""
        return bool(self._undone)
