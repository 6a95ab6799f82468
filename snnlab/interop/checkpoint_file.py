"""Checkpoints as files: the state of a run, and all that led to it, to go on from anywhere.

A file holds the network as it is and as it was at the start, every edit with its step, and the
arrays of the engine. Opening one runs nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from snnlab.engine import Checkpoint
from snnlab.errors import FormatError, SnnlabError
from snnlab.interop import native_json
from snnlab.model.history import HOW, Applied, History
from snnlab.model.network import Network
from snnlab.record import array_file, provenance

__all__ = ["FORMAT", "SUFFIX", "edits_from_data", "edits_to_data", "load_checkpoint",
           "save_checkpoint"]  # fmt: skip

FORMAT = 1
"""Version of the layout, in the field `format` of the header."""

SUFFIX = ".checkpoint"
"""How the name of a file ends, so that `snnlab.open` knows it."""

_LAST_STEP = 2**62


def save_checkpoint(
    checkpoint: Checkpoint, path: str | os.PathLike[str], *, device: str = "cpu"
) -> None:
    """Write a checkpoint; what was at `path` is replaced only when all is on the disk.

    Parameters
    ----------
    checkpoint : Checkpoint
    path : path
        Ends in ``.checkpoint``.
    device : str
        What computed it; for the record.

    Raises
    ------
    FormatError
        Another suffix, or a network that files have no form for.
    OSError
        The disk is full or the folder cannot be written to.
    """
    check_suffix(path)
    start = checkpoint.start
    header = {
        "snnlab": "checkpoint",
        "format": FORMAT,
        "step": checkpoint.step,
        "network": _network_data(checkpoint.network),
        "start": None if start is None else _network_data(start),
        "edits": edits_to_data(checkpoint.edits),
        "provenance": provenance.origin(device),
    }
    array_file.write(path, header, checkpoint.arrays)


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Return the checkpoint in a file.

    Parameters
    ----------
    path : path
        What `save_checkpoint` wrote.

    Raises
    ------
    FormatError
        No such file, damaged, of another kind or newer, or its network cannot be meant, or its
        neuron models are not defined here.
    OutOfMemory
        The arrays do not fit into the memory that is free.
    """
    header, arrays = array_file.read(path, kind="checkpoint", format=FORMAT)
    try:
        return _checkpoint(path, header, arrays)
    except FormatError as error:
        raise _within(error, path) from error


def check_suffix(path: str | os.PathLike[str]) -> None:
    """Refuse a path that `snnlab.open` would not know as a checkpoint's."""
    if not os.fspath(path).endswith(SUFFIX):
        array_file.refuse(
            path, f"must end in {SUFFIX}", got=repr(os.path.splitext(path)[1]),
            remedy=f"Write for example {os.path.basename(path) + SUFFIX!r}.",
        )  # fmt: skip


def _checkpoint(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, Any]
) -> Checkpoint:
    step = header.get("step")
    if type(step) is not int or not 0 <= step < _LAST_STEP:
        array_file.refuse(path, "must have a step that is a whole number >= 0", got=repr(step))
    network = _network(header.get("network", {}))
    bare = Checkpoint(step, network, arrays)
    if header.get("start") is None:
        return bare
    start = _network(header["start"])
    edits, after = edits_from_data(header.get("edits"), start)
    if (edits[-1].step if edits else 0) > step or after != network:
        array_file.refuse(path, "must have the network that its edits lead to", got="another one")
    return replace(bare, start=start, edits=edits)


def _network_data(network: Network) -> Any:
    """A network as plain data; one that would be too long to be read again is refused now."""
    return json.loads(native_json.dumps(network))


def _network(data: Any) -> Network:
    """The network that plain data of a file describe, which must not be too long either."""
    return native_json.loads(json.dumps(data))


def _within(error: FormatError, path: str | os.PathLike[str]) -> FormatError:
    place = f"File '{path}'."
    if place.startswith(error.where):
        return error
    context = f"{error.context} {place}".strip()
    return FormatError(
        error.where, error.expected, got=error.got, context=context, remedy=error.remedy
    )


# --- edits --------------------------------------------------------------------------------------


def edits_to_data(edits: Iterable[Applied]) -> list[dict[str, Any]]:
    """Return edits as plain data: step, edit, and how it came about where it was not just made."""
    return [
        {"step": a.step, "edit": native_json.edit_to_dict(a.edit)}
        | ({} if a.how == "made" else {"how": a.how})
        for a in edits
    ]


def edits_from_data(data: Any, start: Network) -> tuple[tuple[Applied, ...], Network]:
    """Return the edits that `edits_to_data` made `data` of, and the network they lead to.

    Parameters
    ----------
    data : list of dict
    start : Network
        The network before the first of them.

    Raises
    ------
    FormatError
        Not such a list, or an edit that cannot be made where it stands.
    """
    if not isinstance(data, list):
        raise FormatError("edits", "must be a list", got=type(data).__name__)
    history, network, last_step = History(), start, 0
    for i, entry in enumerate(data):
        try:
            network = _follow(history, entry, network, last_step)
        except SnnlabError as error:
            raise FormatError(
                f"edits[{i}]", "must be an edit that can be made there", got=str(error)[:300]
            ) from error
        last_step = history.log[-1].step
    return tuple(history.log), network


def _follow(history: History, entry: Any, network: Network, last_step: int) -> Network:
    """Make one edit as it was made; what was undone is known without the file."""
    fields = entry if isinstance(entry, dict) else {}
    step, how = fields.get("step"), fields.get("how", "made")
    if type(step) is not int or not last_step <= step < _LAST_STEP or how not in HOW:
        raise FormatError(
            "edit", f"must have a step >= {last_step} and be one of {', '.join(HOW)}",
            got=repr(entry)[:80],
        )  # fmt: skip
    if how == "undone":
        history.undo_edit()
        history.undone(step)
    else:
        edit = native_json.edit_from_dict(fields.get("edit", {}))
        history.follow(Applied(edit, edit.inverse(network), step, how))
    return history.log[-1].edit.apply(network)
