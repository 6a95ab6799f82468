"""The idx format of MNIST and its followers."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from snnlab.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["read_idx"]

_UINT8 = 0x08


def read_idx(path: Path, n_dimensions: int) -> NDArray[np.uint8]:
    """Return the array in a compressed idx file of bytes.

    Parameters
    ----------
    path : Path
        Compressed with gzip. Two zero bytes, 8 for bytes, the number of dimensions; each dimension
        as a big-endian uint32; the values.
    n_dimensions : int
        That it has to have.

    Returns
    -------
    array of uint8

    Raises
    ------
    FormatError
        It is not compressed, cut off, or holds something else.
    """
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(
            f"File '{path}'", "must be a whole file compressed with gzip",
            got=f"{type(error).__name__}: {error}", remedy="Remove it, and get it again.",
        ) from error  # fmt: skip
    start = 4 + 4 * n_dimensions
    if len(data) < start or data[:4] != bytes([0, 0, _UINT8, n_dimensions]):
        raise FormatError(
            f"File '{path}'", f"must start as an idx file of bytes in {n_dimensions} dimensions",
            got=data[:4].hex(" ") or "nothing", remedy="Check which file it is.",
        )  # fmt: skip
    shape = struct.unpack(f">{n_dimensions}I", data[4:start])
    n_values = math.prod(shape)
    if len(data) != start + n_values:
        raise FormatError(
            f"File '{path}'", f"must have {n_values} values for its shape {shape}",
            got=f"{len(data) - start}", remedy="Remove it, and get it again.",
        )  # fmt: skip
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
