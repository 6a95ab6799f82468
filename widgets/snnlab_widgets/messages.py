"""The message log: what happened, when, and for an error where, why and what to try."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import traitlets

from snnlab.errors import NumericalInstability, SnnlabError
from snnlab.session.messages import Message, MessageLog
from snnlab_widgets.part import Part, script

__all__ = ["Messages", "entry"]

MOST = 100
"""Messages that are kept on the page."""

_FIELDS = ("expected", "got", "context", "remedy")


class Messages(Part):
    """The messages of a session, newest first. It follows the log until it is closed.

    Parameters
    ----------
    log : MessageLog
        What is shown.
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    _esm = script("canvas.js", "messages.js")
    entries: Any = traitlets.List().tag(sync=True)
    """Each ``{"time", "level", "text"}`` and, for an error, its fields; all plain text.

    ``"trouble"`` is there where the simulation itself is not well.
    """

    def __init__(
        self, log: MessageLog, *, on_error: Callable[[Exception], object] | None = None
    ) -> None:
        super().__init__(on_error=on_error)
        self._log = log
        self._stop = log.listen(self._follow)
        self._follow()

    def close(self) -> None:
        """Take the widget off the page and stop following the log."""
        self._stop()
        super().close()

    def _follow(self, _new: Message | None = None) -> None:
        self.entries = [entry(message) for message in self._log][-MOST:]


def entry(message: Message) -> dict[str, Any]:
    """Return one line of the log; the fields of snnlab's own errors are kept apart."""
    line = {
        "time": time.strftime("%H:%M:%S", time.localtime(message.time)),
        "level": message.level,
        "text": message.text,
    }
    error = message.error
    if not isinstance(error, SnnlabError):
        return line
    fields = {name: getattr(error, name) for name in _FIELDS if getattr(error, name)}
    doing = message.text.removesuffix(str(error))
    if isinstance(error, NumericalInstability):
        fields["trouble"] = "yes"
    return {**line, "text": f"{doing}{error.where}", **fields}
