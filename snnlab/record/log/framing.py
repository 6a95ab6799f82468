"""Records one after the other in a file, each with its number, its length and its checksums.

A file is `MAGIC` and then records. A record is a header of 40 bytes, a small JSON object that says
what it is (`meta`) and a body of raw little-endian arrays. The header's checksum vouches for the
lengths, so that a damaged record is never mistaken for a long one; that of the meta lets a reader
index a file without reading the bodies; that of the body is checked whenever the body is read.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Protocol

__all__ = [
    "ALIGNMENT",
    "FORMAT",
    "HEADER_BYTES",
    "MAGIC",
    "MAGIC_STEM",
    "Damage",
    "Damaged",
    "Kind",
    "Record",
    "Source",
    "body_of",
    "encode",
    "record_at",
]

FORMAT = 1
"""Version of the layout; the last four digits of `MAGIC`."""

MAGIC_STEM = b"\x89snnlog\r\n\x1a\n"
"""As in PNG: a transfer that changes line ends or drops the eighth bit destroys it at once."""

MAGIC = MAGIC_STEM + b"%04d\n" % FORMAT

ALIGNMENT = 8

_MARK = b"snnR"
_HEADER = struct.Struct("<4sHHQQIIII")
HEADER_BYTES = _HEADER.size
_VOUCHED = HEADER_BYTES - 4
"""Bytes of the header that its own checksum covers."""

_AHEAD = 512
"""Bytes that are read at once: header and meta of most records."""


class Kind(IntEnum):
    """What a record tells."""

    SECTION = 1
    FRAME = 2
    EDIT = 3
    REFUSAL = 4
    MESSAGE = 5
    END = 6
    REWIND = 7
    SYNAPSES = 8


class Source(Protocol):
    """Bytes at any place of a file."""

    def read_at(self, offset: int, n_bytes: int) -> bytes:
        """Return up to `n_bytes` from `offset` on; fewer at the end of the file."""
        ...


@dataclass(frozen=True)
class Damage:
    """Where a log ends because what follows cannot be trusted.

    Parameters
    ----------
    offset : int [bytes]
        Where the first damaged record begins.
    record : int
        Its number, counted from 0; all records before it are sound.
    n_bytes : int
        Bytes from there to the end of the file.
    reason : str
        What is wrong with it.
    """

    offset: int
    record: int
    n_bytes: int
    reason: str

    def __str__(self) -> str:
        return (
            f"record {self.record} at byte {self.offset} {self.reason}; "
            f"{self.n_bytes} bytes from there on are not read"
        )


class Damaged(Exception):
    """What is wrong with a record; only for this package, which makes a `Damage` of it."""


class Record(NamedTuple):
    """A record whose header and meta are sound.

    Parameters
    ----------
    number : int
    kind : Kind
    offset : int [bytes]
        Where its header begins.
    meta : dict
    body : int [bytes]
        Where its body begins.
    n_bytes : int
        Length of the body.
    crc : int
        Checksum that the body must have.
    """

    number: int
    kind: Kind
    offset: int
    meta: dict[str, Any]
    body: int
    n_bytes: int
    crc: int

    @property
    def end(self) -> int:
        """Where the next record begins [bytes]."""
        return self.body + self.n_bytes


def encode(kind: Kind, number: int, meta: dict[str, Any], parts: Sequence[bytes] = ()) -> bytes:
    """Return a whole record.

    Parameters
    ----------
    kind : Kind
    number : int
        How many records stand before it in the file.
    meta : dict
        JSON data with finite numbers.
    parts : sequence of bytes
        The body in pieces, each a multiple of `ALIGNMENT` long.
    """
    text = json.dumps(meta, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    # Blanks may follow JSON: arrays in the body stay aligned.
    text += b" " * (-len(text) % ALIGNMENT)
    crc, n_bytes = 0, 0
    for part in parts:
        crc, n_bytes = zlib.crc32(part, crc), n_bytes + len(part)
    vouched = _HEADER.pack(_MARK, kind, 0, number, n_bytes, len(text), zlib.crc32(text), crc, 0)
    vouched = vouched[:_VOUCHED]
    return b"".join([vouched, zlib.crc32(vouched).to_bytes(4, "little"), text, *parts])


def record_at(source: Source, offset: int, size: int, number: int) -> Record:
    """Return the record at `offset`; its body is not read.

    Parameters
    ----------
    source : Source
    offset : int [bytes]
    size : int [bytes]
        Length of the file; nothing beyond is asked for, whatever the header says.
    number : int
        Number that the record must have.

    Raises
    ------
    Damaged
        It is not there as a whole, or not sound.
    """
    start = source.read_at(offset, min(_AHEAD, size - offset))
    if len(start) < HEADER_BYTES:
        raise Damaged("ends within its header")
    mark, kind, _, found, n_bytes, n_meta, meta_crc, crc, own = _HEADER.unpack_from(start)
    if mark != _MARK or zlib.crc32(start[:_VOUCHED]) != own:
        raise Damaged("has a header with a wrong checksum")
    if found != number:
        raise Damaged(f"says that it is record {found}")
    body = offset + HEADER_BYTES + n_meta
    if body + n_bytes > size:
        raise Damaged(f"is {body + n_bytes - size} bytes too short")
    text = start[HEADER_BYTES : HEADER_BYTES + n_meta]
    if len(text) < n_meta:
        text = source.read_at(offset + HEADER_BYTES, n_meta)
    if zlib.crc32(text) != meta_crc:
        raise Damaged("has a description with a wrong checksum")
    return Record(number, *_understood(kind, offset, text), body, n_bytes, crc)


def _understood(kind: int, offset: int, text: bytes) -> tuple[Kind, int, dict[str, Any]]:
    try:
        meta = json.loads(text)
        known = Kind(kind)
    except (ValueError, RecursionError) as error:
        raise Damaged(f"cannot be understood ({str(error)[:60]})") from error
    if not isinstance(meta, dict):
        raise Damaged("cannot be understood (its description is no object)")
    return known, offset, meta


def body_of(source: Source, record: Record) -> bytes:
    """Return the body of a record.

    Raises
    ------
    Damaged
        Its checksum is wrong.
    """
    body = source.read_at(record.body, record.n_bytes)
    if len(body) != record.n_bytes or zlib.crc32(body) != record.crc:
        raise Damaged("has data with a wrong checksum")
    return body
