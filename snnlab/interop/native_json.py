"""snnlab's own files: a `Network` as JSON that people can read, compare and write by hand.

Opening a file runs nothing and allocates nothing of the network's size: a `Network` is a
description. What is not exactly in the published schema is refused.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from snnlab.errors import FormatError, SpecError
from snnlab.interop import parts
from snnlab.interop.parts import FORMAT
from snnlab.interop.schema import check, schema
from snnlab.model.edits import Edit
from snnlab.model.network import Network

__all__ = [
    "FORMAT",
    "MAX_BYTES",
    "dumps",
    "edit_from_dict",
    "edit_to_dict",
    "from_dict",
    "load",
    "loads",
    "parse",
    "read",
    "save",
    "schema",
    "to_dict",
]

Value = TypeVar("Value")

MAX_BYTES = 1024**2
"""Longest file that is read: it takes about a second. The cortical microcircuit needs 29 000."""


def to_dict(network: Network) -> dict[str, Any]:
    """Return a network as plain data.

    Parameters
    ----------
    network : Network

    Returns
    -------
    dict
        Dicts, lists, strings, numbers and booleans only.
    """
    return dict(parts.to_data(network))


def from_dict(data: Mapping[str, Any]) -> Network:
    """Return the network that `to_dict` made `data` of.

    Parameters
    ----------
    data : mapping
        A network as plain data, from wherever it came.

    Raises
    ------
    FormatError
        `data` does not follow the schema, names a neuron model that is not defined, or describes
        a network that cannot be meant.
    """
    check(data, "network")
    return _built(parts.network, data)


def _built(make: Callable[[Mapping[str, Any]], Value], data: Mapping[str, Any]) -> Value:
    """What `make` builds; what cannot be meant is a fault of the data here."""
    try:
        return make(data)
    except SpecError as error:
        raise FormatError(
            error.where, error.expected, got=error.got, context=error.context, remedy=error.remedy
        ) from error
    except OverflowError as error:
        raise FormatError("network", "must have numbers below 1e300", got=str(error)) from error


def edit_to_dict(edit: Edit) -> dict[str, Any]:
    """Return an edit as plain data, for logs and files.

    Raises
    ------
    FormatError
        The edit holds a value that files have no form for.
    """
    return dict(parts.to_data(edit))


def edit_from_dict(data: Mapping[str, Any]) -> Edit:
    """Return the edit that `edit_to_dict` made `data` of.

    Raises
    ------
    FormatError
        `data` does not follow the schema, or an added population's model is not defined.
    """
    check(data, "edit")
    edit: Edit = _built(parts.from_data, data)
    return edit


def dumps(network: Network) -> str:
    """Return a network as JSON text, indented for people.

    Raises
    ------
    FormatError
        A number is not finite, or the text would be too long to be read again.
    """
    try:
        text = json.dumps(to_dict(network), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    except ValueError as error:
        raise FormatError("Network", "must have finite numbers only", got=str(error)) from error
    if len(text.encode()) > MAX_BYTES:
        raise _too_long(len(text.encode()))
    return text


def loads(text: str | bytes) -> Network:
    """Return the network that JSON text describes.

    Raises
    ------
    FormatError
        Not JSON, too long or too deep, or not a network.
    """
    data = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    return from_dict(parse(data))


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a file; a file that was there stays whole if this fails.

    Parameters
    ----------
    network : Network
    path : path
        Usually ends in ``.json``.
    """
    from snnlab.record.atomic import replacing

    with replacing(path) as partial:
        partial.write_text(dumps(network), encoding="utf-8")


def load(path: str | os.PathLike[str]) -> Network:
    """Return the network in a file.

    Parameters
    ----------
    path : path
        A file that `save` wrote, or one that follows the schema.

    Raises
    ------
    FormatError
        There is no such file, or it does not hold a network; says where and what was expected.
    """
    path = Path(path)
    try:
        return loads(read(path))
    except FormatError as error:
        context = " ".join(part for part in (error.context, f"File '{path}'.") if part)
        raise FormatError(
            error.where, error.expected, got=error.got, context=context, remedy=error.remedy
        ) from error


def read(path: Path) -> bytes:
    """Return the bytes of a file, and not more than one beyond the limit.

    Raises
    ------
    FormatError
        There is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise FormatError(
            "network file",
            "must be a file that can be read",
            got=error.strerror or str(error),
            remedy="Check the path.",
        ) from error


def _too_long(n_bytes: int) -> FormatError:
    return FormatError(
        "network file",
        f"must have at most {MAX_BYTES} bytes",
        got=f"{n_bytes} or more",
        remedy="A network is a description; keep long spike trains in a file of their own.",
    )


def parse(text: bytes) -> Any:
    """Return JSON text as plain data.

    Raises
    ------
    FormatError
        Too long, not JSON, a number that is not finite, or a field that is named twice.
    """
    if len(text) > MAX_BYTES:
        raise _too_long(len(text))
    try:
        return json.loads(
            text.decode("utf-8"),
            parse_float=_finite,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_duplicates,
        )
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError(
            "network file",
            "must be JSON text in UTF-8",
            got=str(error)[:120],
            remedy="Save the network again, or open the file in an editor that checks JSON.",
        ) from error


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse_constant(text)
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise FormatError("network file", "must have finite numbers only", got=text[:40])


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON leaves open which of two equal names counts; here neither does."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise FormatError("network file", "must name a field once", got=f"{name[:40]!r} twice")
        found[name] = value
    return found
