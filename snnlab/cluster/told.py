"""`Told`: arrays that the first rank has, and tells the others one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cluster.mpi_world import MpiWorld
from snnlab.cluster.outline import Outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Told"]


class Told(Mapping[str, "NDArray[Any]"]):
    """The arrays of the first rank, for all of them, which ask for the same ones in the same order.

    A rank holds one of them at a time, beside what it keeps of it.

    Parameters
    ----------
    world : MpiWorld
    arrays : mapping, optional
        On the first rank.
    outline : Outline
        On all.
    """

    def __init__(
        self, world: MpiWorld, arrays: Mapping[str, NDArray[Any]] | None, outline: Outline
    ) -> None:
        self._world, self._arrays, self._outline = world, arrays, outline
        self._last: tuple[str, NDArray[Any]] | None = None

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return an array; all ranks ask for it."""
        shape, dtype = self._outline[name]
        if self._last is None or self._last[0] != name:
            own = None if self._arrays is None else self._arrays[name]
            self._last = name, self._world.told(own, shape, np.dtype(dtype))
        return self._last[1]

    def __iter__(self) -> Iterator[str]:
        """The names; nobody is asked."""
        return iter(self._outline)

    def __len__(self) -> int:
        """How many there are; nobody is asked."""
        return len(self._outline)

    def __contains__(self, name: object) -> bool:
        """Whether there is such an array; nobody is asked."""
        return name in self._outline
