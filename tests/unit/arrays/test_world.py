"""Lists that ranks hold together: each rank knows where its part stands in the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.arrays.world import ALONE, Alone, Places


class Rank(Alone):
    """One of several ranks whose counts are known beforehand."""

    def __init__(self, rank: int, counts: list[NDArray[np.int64]]) -> None:
        super().__init__(rank, len(counts))
        object.__setattr__(self, "_counts", counts)

    def total(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum of all."""
        return np.asarray(sum(self._of_all()), np.int64)

    def before(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum of those of lower ranks."""
        return np.asarray(sum(self._of_all()[: self.rank], np.zeros_like(counts)), np.int64)

    def _of_all(self) -> Any:
        return self.__dict__["_counts"]


@pytest.mark.parametrize("seed", range(5))
def test_parts_fill_the_whole_in_order_of_key_then_rank(seed: int) -> None:
    generator = np.random.default_rng(seed)
    keys = [np.sort(generator.integers(0, 7, n)) for n in (9, 0, 14)]
    counts = [np.bincount(key, minlength=7) for key in keys]
    places = [Places.by_key(Rank(r, counts), key, 7) for r, key in enumerate(keys)]
    joined = np.concatenate(keys)
    wanted = np.empty(joined.size, np.int64)
    wanted[np.argsort(joined, kind="stable")] = np.arange(joined.size)
    np.testing.assert_array_equal(np.concatenate([p.at for p in places]), wanted)
    assert {p.n_whole for p in places} == {joined.size}


def test_one_process_has_the_whole() -> None:
    places = Places.by_key(ALONE, np.array([0, 0, 3]), 4)
    np.testing.assert_array_equal(places.at, [0, 1, 2])
    part = np.array([1.0, 2.0, 3.0])
    assert places.whole(part) is part
