"""`Outline`: which arrays there are, told before the arrays themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Outline", "outline_of"]

Outline = dict[str, tuple[tuple[int, ...], str]]
"""Name of an array -> its shape and type."""


def outline_of(arrays: Mapping[str, NDArray[Any]]) -> Outline:
    """Return which arrays there are."""
    return {name: (array.shape, array.dtype.str) for name, array in arrays.items()}
