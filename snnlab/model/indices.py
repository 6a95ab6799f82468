"""Neurons of a population as ranges of indices: short in files, whatever they came as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from numbers import Integral
from typing import Any

from snnlab.errors import SpecError

__all__ = ["Ranges", "as_ranges", "count", "covered", "members", "without"]

Ranges = tuple[tuple[int, int], ...]
"""``(start, stop)`` pairs, ascending, with gaps between them; no stop is included."""


def as_ranges(given: Any, where: str) -> Ranges:
    """Return indices as ranges.

    Parameters
    ----------
    given : int, or iterable or array of int and of (start, stop) pairs
        In any order; what comes twice counts once.
    where : str
        How an error calls them.

    Raises
    ------
    SpecError
        Something that is neither a whole number >= 0 nor a pair of such.

    Examples
    --------
    >>> as_ranges([7, 3, 1, 2], "neurons")
    ((1, 4), (7, 8))
    >>> as_ranges([(0, 40), 40], "neurons")
    ((0, 41),)
    """
    if isinstance(given, range) and given.step == 1 and given.start >= 0:
        return covered([(given.start, given.stop)])
    plain = given.tolist() if hasattr(given, "tolist") else given  # arrays
    listed = plain if _is_list(plain) else [plain]
    return covered(_pair(item, where) for item in listed)


def _is_list(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _pair(item: Any, where: str) -> tuple[int, int]:
    ends = tuple(item) if _is_list(item) else (item,)
    are_whole = all(isinstance(end, Integral) and not isinstance(end, bool) for end in ends)
    if not (are_whole and len(ends) in (1, 2) and min(ends) >= 0):
        raise SpecError(
            where, "must be whole numbers >= 0, or (start, stop) pairs of them", got=repr(item),
            remedy="Write for example 3, [1, 5], range(40) or [(0, 40), (100, 120)].",
        )  # fmt: skip
    return int(ends[0]), int(ends[1] if len(ends) == 2 else ends[0] + 1)


def covered(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """Return the ranges of all indices that are in any of the (start, stop) pairs."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted(pair for pair in pairs if pair[0] < pair[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return tuple(found)


def without(ranges: Ranges, others: Ranges) -> Ranges:
    """Return the ranges of what is in `ranges` and not in `others`."""
    edges = [0, *(edge for pair in others for edge in pair)]
    gaps = list(pairwise(edges))[::2]
    left = [
        (max(start, first), min(stop, last))
        for start, stop in ranges
        for first, last in (*gaps, (edges[-1], stop))
    ]
    return covered(left)


def count(ranges: Ranges) -> int:
    """Return how many indices there are."""
    return sum(stop - start for start, stop in ranges)


def members(ranges: Ranges) -> Iterator[int]:
    """Yield all indices, ascending."""
    for start, stop in ranges:
        yield from range(start, stop)
