"""Errors that answer five questions: where, expected, got, in which context, what to try.

Every class carries these answers as attributes, so that the message log can lay them out
and a test can check them without parsing prose.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

__all__ = [
    "BuildError",
    "ClusterError",
    "DataUnavailable",
    "DeviceUnavailable",
    "FormatError",
    "InternalError",
    "NumericalInstability",
    "OutOfMemory",
    "RankDied",
    "RankFailed",
    "RankTimeout",
    "RewiringWarning",
    "RuleError",
    "SnnlabError",
    "SnnlabWarning",
    "SpecError",
    "StateError",
    "StorageError",
    "UnitError",
    "nearest",
    "unknown_name",
]


class SnnlabError(Exception):
    """Base of all errors that snnlab raises on purpose.

    Parameters
    ----------
    where : str
        The thing that is wrong, as the user would write it: ``"LIFExp.tau_m"``.
    expected : str
        What would have been right, as a phrase: ``"must be > 0 ms"``.
    got : str
        The offending value with its unit; empty when there is none.
    context : str
        Where in the network or the run: ``"Population 'exc', edit 12 at t = 350.0 ms"``.
    remedy : str
        What to try next, as a sentence.
    """

    def __init__(
        self, where: str, expected: str, *, got: str = "", context: str = "", remedy: str = ""
    ) -> None:
        self.where = where
        self.expected = expected
        self.got = got
        self.context = context
        self.remedy = remedy
        super().__init__(where, expected, got, context, remedy)

    def __str__(self) -> str:
        got = f" (got {self.got})" if self.got else ""
        lines = [f"{self.where}: {self.expected}{got}."]
        lines += [line for line in (self.context, self.remedy) if line]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        answers = (self.where, self.expected, self.got, self.context, self.remedy)
        return _from_elsewhere, (type(self), *answers), self.__dict__


def _from_elsewhere(
    kind: type[SnnlabError], where: str, expected: str, got: str, context: str, remedy: str
) -> SnnlabError:
    """An error of another process."""
    return kind(where, expected, got=got, context=context, remedy=remedy)


class SpecError(SnnlabError, ValueError):
    """A description (network, parameter, rule, stimulus) that cannot be meant."""


class UnitError(SpecError):
    """A quantity in the wrong unit."""


class RuleError(SpecError):
    """A construct that the rule language does not have; carries file, line and a caret."""


class BuildError(SnnlabError, ValueError):
    """A valid description that cannot be turned into arrays."""


class OutOfMemory(SnnlabError, MemoryError):
    """The network needs more memory than there is; raised before anything is allocated."""


class DeviceUnavailable(SnnlabError, RuntimeError):
    """The device that was asked for is not there."""


class DataUnavailable(SnnlabError, RuntimeError):
    """A data set that is neither on this machine nor to be had from where it is published."""


class NumericalInstability(SnnlabError, ArithmeticError):
    """A state variable left the finite numbers."""


class StateError(SnnlabError, RuntimeError):
    """The call does not fit the state of the object (closed, not built, nothing to undo)."""


class FormatError(SnnlabError, ValueError):
    """A file that does not hold what its name promises."""


class StorageError(SnnlabError, RuntimeError):
    """A disk that does not take what has to be written: full, read-only, in use, or broken."""


class ClusterError(SnnlabError, RuntimeError):
    """Ranks that cannot be started, reached or used."""


class RankFailed(ClusterError):
    """A call raised an error on a rank; a note has the traceback from there."""


class RankDied(ClusterError):
    """A rank is gone, and what it held with it."""


class RankTimeout(ClusterError, TimeoutError):
    """Ranks have not answered in the time that was given to them."""


class InternalError(SnnlabError, RuntimeError):
    """A bug in snnlab itself. Please report it with the message."""


class SnnlabWarning(UserWarning):
    """Base of the warnings that have a name, by which they can be silenced or made errors."""


class RewiringWarning(SnnlabWarning):
    """So many synapses are replaced while a network learns that it unlearns with them."""


def nearest(name: str, valid: Iterable[str], n: int = 3) -> list[str]:
    """Return the up to `n` valid names that look most like `name`, best first."""
    by_lower: dict[str, str] = {}
    for v in valid:
        by_lower.setdefault(v.lower(), v)
    found = difflib.get_close_matches(name.lower(), by_lower, n=n, cutoff=0.4)
    return [by_lower[f] for f in found]


def unknown_name(kind: str, name: str, valid: Iterable[str], *, context: str = "") -> SpecError:
    """Build the error for a name that does not exist, offering the nearest ones.

    Parameters
    ----------
    kind : str
        What was named, e.g. ``"parameter of LIFExp"``.
    name : str
        The name that is not there.
    valid : iterable of str
        All names that are there.
    context : str
        Passed on to the error.
    """
    names = sorted(valid)
    close = nearest(name, names)
    if close:
        remedy = "Did you mean " + ", ".join(repr(c) for c in close) + "?"
    else:
        remedy = "Valid names: " + (", ".join(names) if names else "none") + "."
    return SpecError(
        kind, "must be an existing name", got=repr(name), context=context, remedy=remedy
    )
