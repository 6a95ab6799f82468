"""What a record says, once more at the end of its file, in a form that is read at once.

Sixty variables of NetCDF take tens of milliseconds to open, and most of that is HDF5. So behind the
end of what HDF5 and NetCDF see of a file there is a copy of the root data as compressed JSON, then
the hash of everything before it. If that hash agrees, no byte of the file is other than it was
written, and the copy is believed; else the variables are read, and judged by their own hash.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from snnlab.bench.quick_read import Columns

__all__ = ["is_sealed", "read_sealed", "seal", "unsealed"]

MAGIC = b"SNNSEAL1"
_HASH, _LENGTH = 32, 8
_TAIL = _HASH + _LENGTH + len(MAGIC)

_KINDS = {"f": np.float64, "i": np.int64, "O": object}


def seal(content: bytes, data: Columns) -> bytes:
    """Return the content of a file with a copy of its data, and the hash of both, behind it.

    Parameters
    ----------
    content : bytes
        A whole file without a seal.
    data : Columns
        What stands in it.
    """
    told = {
        "variables": {
            name: [list(v.dims), v.dtype.kind, list(v.shape), v.values.ravel().tolist(), v.attrs]
            for name, v in data.variables.items()
        },
        "attrs": data.attrs,
    }
    payload = zlib.compress(json.dumps(told, separators=(",", ":")).encode())
    whole = content + payload + len(payload).to_bytes(_LENGTH, "little")
    return whole + hashlib.sha256(whole).digest() + MAGIC


def is_sealed(content: bytes) -> bool:
    """Return whether a file has a seal, be it one that agrees or not."""
    return content.endswith(MAGIC)


def unsealed(content: bytes) -> bytes:
    """Return the content of a file without the seal that it may have."""
    if not is_sealed(content):
        return content
    return content[: len(content) - _TAIL - _length(content)]


def read_sealed(path: Path) -> Columns | None:
    """Return the root data of a record from its seal; None where it has none that agrees.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        There is no such file.
    """
    content = path.read_bytes()
    if not is_sealed(content):
        return None
    hashed, end = memoryview(content)[: -_HASH - len(MAGIC)], len(content) - _TAIL
    if hashlib.sha256(hashed).digest() != content[-_HASH - len(MAGIC) : -len(MAGIC)]:
        return None
    told = json.loads(zlib.decompress(hashed[end - _length(content) : end]))
    return Columns(
        {name: _variable(*one) for name, one in told["variables"].items()}, told["attrs"]
    )


def _variable(
    dims: list[str], kind: str, shape: list[int], values: list[Any], attrs: dict[str, str]
) -> xr.Variable:
    array = np.array(values, dtype=_KINDS[kind]).reshape(shape)
    return xr.Variable(tuple(dims), array, attrs, fastpath=True)


def _length(content: bytes) -> int:
    """Of the copy [byte]."""
    end = len(content) - _TAIL
    return int.from_bytes(content[end : end + _LENGTH], "little")
