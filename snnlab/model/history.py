"""The list of edits that led here, with undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, field

from snnlab.errors import StateError
from snnlab.model.edits import Edit

__all__ = ["Applied", "History"]


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
    """

    edit: Edit
    inverse: Edit
    step: int


@dataclass
class History:
    """What was done (`log`, never shortened) and what can be undone or redone.

    `log` holds every edit in the order in which it took effect, undos included, so replaying it
    from the start reproduces the run. Not thread-safe: the simulation thread owns it.
    """

    log: list[Applied] = field(default_factory=list)
    _done: list[Applied] = field(default_factory=list)
    _undone: list[Applied] = field(default_factory=list)

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
        self.log.append(Applied(last.inverse, last.edit, step))

    def redone(self, step: int) -> None:
        """Take note that the edit undone last was redone at `step`."""
        last = self._undone.pop()
        self._done.append(last)
        self.log.append(Applied(last.edit, last.inverse, step))

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to redo."""
        return bool(self._undone)
