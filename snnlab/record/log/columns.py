"""Arrays in the body of a record: in the smallest type that holds them, padded to the alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.record.log.framing import ALIGNMENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["REAL", "UNSIGNED", "allowed", "packed", "padded", "smallest"]

UNSIGNED = ("|u1", "<u2", "<u4", "<u8")
REAL = ("<f4", "<f8")
"""Types that a file may name."""


def smallest(largest: int) -> str:
    """Return the smallest unsigned type that holds `largest`."""
    return np.min_scalar_type(max(largest, 0)).newbyteorder("<").str


def packed(array: NDArray[Any], dtype: str) -> bytes:
    """Return an array as bytes of this type, padded."""
    data = np.ascontiguousarray(array, dtype).tobytes()
    return data + bytes(-len(data) % ALIGNMENT)


def padded(dtype: str, n: int) -> int:
    """Return the bytes that `packed` makes of `n` items."""
    return -(-n * int(dtype[2:]) // ALIGNMENT) * ALIGNMENT


def allowed(name: Any, types: tuple[str, ...]) -> str:
    """Refuse what is not in the list: a file must not choose any other type of Python or NumPy.

    Raises
    ------
    ValueError
        Another name.
    """
    return types[types.index(name)]
