"""The message log: what a session has to say, and every error that would otherwise be silent."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from snnlab.errors import SnnlabError

__all__ = ["Message", "MessageLog"]

Listener = Callable[["Message"], None]


@dataclass(frozen=True)
class Message:
    """One line of the log.

    Parameters
    ----------
    time : float [s]
        When, in seconds since 1970.
    level : str
        ``"info"``, ``"warning"`` or ``"error"``.
    text : str
        What happened and, where it helps, what to do.
    error : BaseException, optional
        The error; a `SnnlabError` carries where, expected, got and remedy as attributes.
    """

    time: float
    level: str
    text: str
    error: BaseException | None = field(default=None, compare=False)


class MessageLog:
    """A bounded list of messages, for any number of threads.

    Parameters
    ----------
    max_messages : int
        The oldest ones are forgotten beyond this.
    """

    def __init__(self, max_messages: int = 1000) -> None:
        self._messages: deque[Message] = deque(maxlen=max_messages)
        self._listeners: list[Listener] = []
        self._lock = threading.Lock()

    def info(self, text: str) -> Message:
        """Add something worth knowing."""
        return self._add("info", text)

    def warning(self, text: str, error: BaseException | None = None) -> Message:
        """Add something that the user may want to act on; `error` says it field by field."""
        return self._add("warning", text, error)

    def error(self, error: BaseException, context: str = "") -> Message:
        """Add an error.

        Parameters
        ----------
        error : BaseException
        context : str
            What was being done, e.g. ``"Edit of g"``; stands before the error's own words.
        """
        own_words = isinstance(error, SnnlabError)
        words = str(error) if own_words else f"{type(error).__name__}: {error}"
        return self._add("error", f"{context}: {words}" if context else words, error)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every new message, on the thread that adds it.

        Returns
        -------
        callable
            Ends it; calling twice is allowed.
        """
        with self._lock:
            self._listeners.append(listener)
        return lambda: self._forget(listener)

    def __iter__(self) -> Iterator[Message]:
        """Iterate over a copy, oldest first."""
        with self._lock:
            return iter(tuple(self._messages))

    def __len__(self) -> int:
        return len(self._messages)

    def _add(self, level: str, text: str, error: BaseException | None = None) -> Message:
        message = Message(time.time(), level, text, error)
        with self._lock:
            self._messages.append(message)
            listeners = tuple(self._listeners)
        for listener in listeners:
            self._tell(listener, message)
        return message

    def _tell(self, listener: Listener, message: Message) -> None:
        try:
            listener(message)
        except Exception as error:
            # Forget it first: the message about its failure must not come back to it.
            self._forget(listener)
            self.error(error, "A listener of the message log failed and was removed")

    def _forget(self, listener: Listener) -> None:
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
