"""Named arrays and a JSON header in one file that NumPy and every zip program can open.

The container is an uncompressed zip: ``header.json``, then one ``.npy`` for each array. Reading
runs nothing, trusts no size that the file claims, and allocates no more than the file holds.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from snnlab.build.memory import available_bytes
from snnlab.errors import FormatError, OutOfMemory
from snnlab.record.atomic import replacing

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_HEADER_BYTES", "read", "refuse", "write"]

MAX_HEADER_BYTES = 32 * 2**20
"""Longest header that is written or read."""

_HEADER = "header.json"
_BLOCK = 2**20
_LONGEST_PREFIX = 10_000
"""Bytes before the values in an ``.npy`` member, at most."""

_MOST_DIMENSIONS = 8
_TYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32",
    "float64",
)  # fmt: skip

_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, KeyError, TypeError,
    ValueError, RuntimeError, OverflowError,
)  # fmt: skip
"""What `zipfile` and `json` raise for bytes that nobody has written on purpose."""


def write(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write a file; what was at `path` is replaced only when all is written.

    Parameters
    ----------
    path : path
    header : mapping
        Plain data; the field ``arrays`` is added: name, dtype, shape and SHA-256 of each.
    arrays : mapping
        Name -> array of numbers or booleans.

    Raises
    ------
    FormatError
        A number in the header is not finite, the header is too long, or an array is of a type
        that files do not hold.
    OSError
        The disk is full or the folder cannot be written to.
    """
    plain = {name: _plain(name, array) for name, array in arrays.items()}
    text = _header_text({**header, "arrays": [_entry(n, a) for n, a in plain.items()]})
    with replacing(path) as partial, partial.open("wb") as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_HEADER, text)
            for i, array in enumerate(plain.values()):
                with archive.open(f"{i}.npy", "w", force_zip64=True) as member:
                    member.write(_npy_prefix(array))
                    member.write(_bytes_of(array))
        file.flush()
        os.fsync(file.fileno())


def _plain(name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array in the one form that files have: C order, little-endian."""
    if array.dtype.name not in _TYPES:
        raise FormatError(
            f"Array {name!r}", "must be of one of the types " + ", ".join(_TYPES),
            got=array.dtype.name,
        )  # fmt: skip
    return np.asarray(array, array.dtype.newbyteorder("<"), order="C")


def _header_text(header: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(header, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:
        raise FormatError("Header", "must have finite numbers only", got=str(error)) from error
    if len(text) > MAX_HEADER_BYTES:
        raise FormatError(
            "Header", f"must be at most {MAX_HEADER_BYTES} bytes long", got=f"{len(text)} bytes"
        )
    return text


def _entry(name: str, array: NDArray[Any]) -> dict[str, Any]:
    digest = hashlib.sha256(_bytes_of(array)).hexdigest()
    return {"name": name, "dtype": array.dtype.name, "shape": [*array.shape], "sha256": digest}


def _npy_prefix(array: NDArray[Any]) -> bytes:
    prefix = io.BytesIO()
    np.lib.format.write_array_header_1_0(prefix, np.lib.format.header_data_from_array_1_0(array))
    return prefix.getvalue()


def _bytes_of(array: NDArray[Any]) -> memoryview:
    return memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]


# --- reading ------------------------------------------------------------------------------------


def read(
    path: str | os.PathLike[str], *, kind: str, format: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the header and the arrays of a file that `write` wrote.

    Parameters
    ----------
    path : path
    kind : str
        What the field ``snnlab`` of the header has to be.
    format : int
        Newest version that is understood, in the field ``format``.

    Raises
    ------
    FormatError
        No such file, damaged, cut off, of another kind or newer; it says which, and what is wrong.
    OutOfMemory
        The arrays do not fit into the memory that is free; none was allocated.
    """
    if not Path(path).is_file():
        refuse(path, "must be a file that is there", remedy="Check the path.")
    with _damage_told(path), zipfile.ZipFile(path) as archive:
        members = _members(path, archive)
        header = _header(path, archive, members)
        _check_kind(path, header, kind, format)
        arrays = _arrays(path, archive, members, header)
    del header["arrays"]
    return header, arrays


def refuse(
    path: str | os.PathLike[str],
    expected: str,
    *,
    got: str = "",
    remedy: str = "Use an older file of the run.",
) -> NoReturn:
    """Raise the `FormatError` for a file."""
    got = "".join(c if c.isprintable() else "?" for c in got[:200])
    raise FormatError(f"File '{path}'", expected, got=got, remedy=remedy)


@contextmanager
def _damage_told(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except (FormatError, OutOfMemory):
        raise
    except _DAMAGE as error:
        raise FormatError(
            f"File '{path}'",
            "must be whole",
            got=f"{type(error).__name__}: {error}"[:200],
            remedy="It is cut off, damaged or of another kind; use an older file of the run.",
        ) from error


def _members(path: str | os.PathLike[str], archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The members by name, none longer than what the file holds."""
    infos = archive.infolist()
    members = {info.filename: info for info in infos}
    if len(members) != len(infos):
        refuse(path, "must not name a member twice", got=f"{len(infos)} members")
    if any(i.compress_type != zipfile.ZIP_STORED or i.flag_bits & 1 for i in infos):
        refuse(path, "must not be compressed or encrypted", got="a member that is")
    total, size = sum(info.file_size for info in infos), os.path.getsize(path)
    if total > size or any(info.compress_size != info.file_size for info in infos):
        refuse(path, f"must not claim more than its {size} bytes", got=f"{total} bytes")
    return members


def _header(
    path: str | os.PathLike[str], archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo]
) -> dict[str, Any]:
    if _HEADER not in members:
        refuse(
            path, "must be a file of snnlab", got=f"an archive without {_HEADER}",
            remedy="Check the path.",
        )  # fmt: skip
    if members[_HEADER].file_size > MAX_HEADER_BYTES:
        refuse(path, "must have a shorter header", got=f"{members[_HEADER].file_size} bytes")
    header = json.loads(archive.read(_HEADER))
    if not isinstance(header, dict):
        refuse(path, "must have a JSON object as header", got=type(header).__name__)
    return header


def _check_kind(
    path: str | os.PathLike[str], header: Mapping[str, Any], kind: str, newest: int
) -> None:
    if header.get("snnlab") != kind:
        refuse(
            path, f"must be a {kind} of snnlab", got=str(header.get("snnlab")),
            remedy="Check the path.",
        )  # fmt: skip
    version = header.get("format")
    if type(version) is not int or version < 1:
        refuse(path, "must say its format, a whole number", got=repr(version))
    if version > newest:
        refuse(
            path, f"must be of format {newest} or older", got=f"format {version}",
            remedy="A newer snnlab wrote it: upgrade this one.",
        )  # fmt: skip


def _arrays(
    path: str | os.PathLike[str],
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    header: Mapping[str, Any],
) -> dict[str, NDArray[Any]]:
    entries = header.get("arrays")
    if not isinstance(entries, list) or len(entries) != len(members) - 1:
        refuse(path, f"must list its {len(members) - 1} arrays", got=repr(entries)[:80])
    total, free = sum(info.file_size for info in members.values()), available_bytes()
    if total > free:
        raise OutOfMemory(
            f"File '{path}'", f"must fit into {free / 2**30:.3g} GiB of free memory",
            got=f"{total / 2**30:.3g} GiB",
        )  # fmt: skip
    arrays: dict[str, NDArray[Any]] = {}
    for i, entry in enumerate(entries):
        name = str(entry["name"])
        if name in arrays:
            refuse(path, "must not name an array twice", got=name)
        arrays[name] = _array(path, archive, members[f"{i}.npy"], entry)
    return arrays


def _array(
    path: str | os.PathLike[str],
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    entry: Mapping[str, Any],
) -> NDArray[Any]:
    name, shape = entry["name"], tuple(entry["shape"])
    if entry["dtype"] not in _TYPES:
        refuse(path, f"array {name!r} must be of one of the types " + ", ".join(_TYPES),
               got=str(entry["dtype"]))  # fmt: skip
    if len(shape) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        refuse(path, f"array {name!r} must have a shape of whole numbers", got=str(shape))
    dtype = np.dtype(entry["dtype"]).newbyteorder("<")
    n_bytes = math.prod(shape) * dtype.itemsize
    if not 0 <= info.file_size - n_bytes <= _LONGEST_PREFIX:
        refuse(
            path, f"array {name!r} of shape {shape} must take {n_bytes} bytes",
            got=f"{info.file_size} bytes",
        )  # fmt: skip
    values = np.empty(shape, dtype)
    with archive.open(info) as member:
        member.read(info.file_size - n_bytes)
        digest = _fill(_bytes_of(values), member)
    if digest != entry["sha256"]:
        refuse(path, f"array {name!r} must have the checksum {entry['sha256']}", got=digest)
    return values.astype(dtype.newbyteorder("="), copy=False)


def _fill(target: memoryview, member: Any) -> str:
    """Read a member to its end into `target`; return its SHA-256."""
    digest, at = hashlib.sha256(), 0
    while block := member.read(_BLOCK):  # up to the end, where zip's own checksum is compared
        target[at : at + len(block)] = block
        digest.update(block)
        at += len(block)
    return digest.hexdigest()
