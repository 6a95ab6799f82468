"""`World`: the ranks that hold one network together, as those see it who move arrays about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["ALONE", "Alone", "Places", "World", "first_rank_first"]


class World(Protocol):
    """All ranks; whatever is called here, every one of them calls in the same order."""

    @property
    def rank(self) -> int:
        """Number of this rank."""
        ...

    @property
    def n_ranks(self) -> int:
        """Number of ranks."""
        ...

    def gathered(self, part: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """Return the parts of all ranks, one behind the other along `axis`."""
        ...

    def on_first(self) -> World:
        """Return the same ranks, of which only the first gets what is gathered."""
        ...

    def total(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum over all ranks, element by element."""
        ...

    def before(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum over the ranks before this one, element by element."""
        ...

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any rank is set."""
        ...

    def meet(self) -> None:
        """Wait for all ranks and leave the cores to those that still compute."""
        ...

    def swapped(self, parts: list[NDArray[np.int32]]) -> list[NDArray[np.int32]]:
        """Send ``parts[r]`` to each rank r; return what each has sent here."""
        ...

    def calls(self) -> NDArray[np.int64]:
        """Return what compiled code needs to call MPI: `snnlab.cpu.exchange.CALLS`."""
        ...

    def refuses_gpus(self) -> str:
        """Return why MPI does not take memory of a GPU on this rank; empty if it does."""
        ...


@dataclass(frozen=True)
class Alone:
    """One process that holds the whole network."""

    rank: int = 0
    n_ranks: int = 1

    def gathered(self, part: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """Return the part: it is the whole."""
        return part

    def on_first(self) -> Alone:
        """Return itself."""
        return self

    def total(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the counts."""
        return counts

    def before(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return zeros."""
        return np.zeros_like(counts)

    def any(self, flag: bool) -> bool:
        """Return the flag."""
        return flag

    def meet(self) -> None:
        """Return at once."""

    def swapped(self, parts: list[NDArray[np.int32]]) -> list[NDArray[np.int32]]:
        """Return the parts."""
        return parts

    def calls(self) -> NDArray[np.int64]:
        """Return nothing: there is nobody to talk to."""
        return np.empty(0, np.int64)

    def refuses_gpus(self) -> str:
        """Return that there is nobody to talk to."""
        return "there are no other ranks"


ALONE = Alone()


@contextmanager
def first_rank_first(world: World) -> Iterator[None]:
    """Let the first rank compile what the others then find in the cache; all ranks call this."""
    if world.rank > 0:
        world.meet()
    try:
        yield
    finally:
        if world.rank == 0:
            world.meet()


@dataclass(frozen=True)
class Places:
    """Where the items of this rank stand in a list that all ranks together hold.

    The list ascends in a key; items with the same key are in the order of the ranks.

    Parameters
    ----------
    world : World
    at : (n,) int64
        Place of each item of this rank in the whole list.
    n_whole : int
        Length of the whole list.
    """

    world: World
    at: NDArray[np.int64]
    n_whole: int

    @classmethod
    def by_key(cls, world: World, key: NDArray[np.int64], n_keys: int) -> Places:
        """Find the places of items whose `key`, below `n_keys`, ascends."""
        if world.n_ranks == 1:
            return cls(world, np.arange(key.size), key.size)
        counts = np.bincount(key, minlength=n_keys).astype(np.int64)
        whole, before = world.total(counts), world.before(counts)
        first = np.cumsum(whole) - whole + before - (np.cumsum(counts) - counts)
        return cls(world, first[key] + np.arange(key.size), int(whole.sum()))

    def whole(self, part: NDArray[Any]) -> NDArray[Any]:
        """Return the whole list of what the ranks have in part."""
        if self.world.n_ranks == 1:
            return part
        gathered = self.world.gathered(part)
        result = np.empty_like(gathered)
        result[self._whole_at] = gathered
        return result

    @cached_property
    def _whole_at(self) -> NDArray[np.int64]:
        """Place of each item of all ranks, in their order; told once."""
        return self.world.gathered(self.at)
