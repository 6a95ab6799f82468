"""Something large that several threads need one after another, and then nobody any more."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Generic, TypeVar

__all__ = ["Lent"]

T = TypeVar("T")


class Lent(Generic[T]):
    """Made when it is first entered, dropped when everybody has left.

    Parameters
    ----------
    make : callable
        Returns it.
    n_uses : int
        How often it is entered in all.
    """

    def __init__(self, make: Callable[[], T], n_uses: int) -> None:
        self._make, self._left = make, n_uses
        self._made: T | None = None
        self._lock = Lock()

    def __enter__(self) -> T:
        with self._lock:  # others wait until it is made
            if self._made is None:
                self._made = self._make()
            return self._made

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        with self._lock:
            self._left -= 1
            if self._left <= 0:
                self._made = None
