"""Comparing reals bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def assert_equal_bits(got: NDArray[Any], expected: NDArray[Any]) -> None:
    """Fail where bits differ; the bits of what is not a number depend on the processor."""
    assert got.shape == expected.shape
    assert got.dtype == expected.dtype
    different = _bits(got) != _bits(expected)
    if different.any():
        where = np.argwhere(different)
        first = tuple(where[0])
        raise AssertionError(
            f"{len(where)} of {got.size} differ, the first at {first}: "
            f"{got[first]!r} instead of {expected[first]!r}"
        )


def _bits(x: NDArray[Any]) -> NDArray[Any]:
    return np.where(np.isnan(x), x.dtype.type(np.nan), x).view(f"u{x.dtype.itemsize}")
