"""What runs on a rank: a function of an installed module, found by its name."""

from __future__ import annotations

import importlib
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from snnlab import errors
from snnlab.errors import RankFailed, SnnlabError, SpecError

__all__ = ["Failure", "name_of", "perform"]


@dataclass(frozen=True)
class Failure:
    """An error that a function raised on a rank, as plain text that travels.

    Parameters
    ----------
    kind : str
        Name of its class.
    message : str
        What it said.
    answers : dict of str
        Where, expected, got, context and remedy of an error of snnlab; empty for others.
    trace : str
        Traceback on the rank.
    """

    kind: str
    message: str
    answers: dict[str, str]
    trace: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Write down an error where it was raised."""
        answers = (
            {name: str(getattr(error, name)) for name in _ANSWERS}
            if isinstance(error, SnnlabError)
            else {}
        )
        trace = "".join(traceback.format_exception(error))
        return cls(type(error).__name__, str(error), answers, trace)

    def error(self, where: str, also: str = "") -> SnnlabError:
        """Make an error to raise here: of its own class if that is one of snnlab's.

        Parameters
        ----------
        where : str
            The rank, in words.
        also : str
            What else there is to say, as a sentence.
        """
        own = getattr(errors, self.kind, None) if self.answers else None
        if isinstance(own, type) and issubclass(own, SnnlabError):
            context = " ".join(filter(None, (self.answers["context"], f"Raised on {where}.", also)))
            error: SnnlabError = own(
                self.answers["where"], self.answers["expected"], got=self.answers["got"],
                context=context, remedy=self.answers["remedy"],
            )  # fmt: skip
        else:
            error = RankFailed(
                where, "must not raise an error", got=f"{self.kind}: {self.message}", context=also,
                remedy="The note below has the traceback from there.",
            )  # fmt: skip
        error.add_note(f"On {where}:\n{self.trace}")
        return error


_ANSWERS = ("where", "expected", "got", "context", "remedy")


def perform(name: str, *args: Any) -> Any:
    """Call a function on a rank; return what it returns, or the `Failure` it ends in.

    Parameters
    ----------
    name : str
        ``"module:function"``.
    *args
        Its arguments.
    """
    try:
        module, _, path = name.partition(":")
        with _uninterrupted():
            function: Any = importlib.import_module(module)
        for part in path.split("."):
            function = getattr(function, part)
        return function(*args)
    except BaseException as error:  # an interrupt too is an answer
        return Failure.of(error)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let an interrupt wait: what has been imported by half cannot be imported any more."""
    if threading.current_thread() is not threading.main_thread():
        yield  # interrupts come to the main thread
        return
    caught: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        signal.raise_signal(signal.SIGINT)  # now


def name_of(function: Callable[..., Any]) -> str:
    """Return the name by which a rank finds a function: ``"module:function"``.

    Parameters
    ----------
    function : callable
        Of a module that the ranks can import.

    Raises
    ------
    SpecError
        It has no such name.
    """
    module = getattr(function, "__module__", None) or ""
    path = getattr(function, "__qualname__", "")
    if module in ("", "__main__") or not path or "<" in path:
        raise SpecError(
            "the function", "must stand in a module that the ranks can import",
            got=f"{module or 'no module'}: {path or repr(function)}",
            remedy="Move it into a file of its own; %px runs code of a cell on the engines.",
        )  # fmt: skip
    return f"{module}:{path}"
