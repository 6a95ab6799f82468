"""What an array of a checkpoint must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import StateError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_array"]


def check_array(
    arrays: Mapping[str, NDArray[Any]], name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    """Refuse a checkpoint that lacks an array, or has it with another shape or type.

    Raises
    ------
    StateError
    """
    found = arrays.get(name)
    if found is None or (found.shape, found.dtype) != (shape, dtype):
        raise StateError(
            f"Checkpoint array {name!r}",
            f"must be {dtype} of shape {shape}",
            got="nothing" if found is None else f"{found.dtype} of shape {found.shape}",
            remedy="Restore it in an engine of the precision that it was taken with: a run goes "
            "on bit for bit only there.",
        )
