"""Trials as files: arrays without pickle, each with its checksum; opening one runs nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from snnlab.errors import FormatError, SpecError
from snnlab.learning.trials import Trials
from snnlab.record import array_file

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FORMAT", "load_trials", "save_trials"]

FORMAT = 1
"""Version of the layout, in the field `format` of the header."""

_ARRAYS = ("channel", "step", "offsets")
_OPTIONAL = ("labels", "group")
_FIELDS = ("n_channels", "n_steps", "dt", "name", "attribution")


def save_trials(trials: Trials, path: str | os.PathLike[str]) -> None:
    """Write trials; what was at `path` is replaced only when all is on the disk.

    Parameters
    ----------
    trials : Trials
    path : path

    Raises
    ------
    OSError
        The disk is full or the folder cannot be written to.
    """
    header: dict[str, Any] = {"snnlab": "trials", "format": FORMAT, "classes": [*trials.classes]}
    header |= {name: getattr(trials, name) for name in _FIELDS}
    arrays: dict[str, NDArray[np.integer[Any]]] = {name: getattr(trials, name) for name in _ARRAYS}
    for name in _OPTIONAL:
        if getattr(trials, name) is not None:
            arrays[name] = getattr(trials, name)
    array_file.write(path, header, arrays)


def load_trials(path: str | os.PathLike[str]) -> Trials:
    """Return the trials in a file.

    Parameters
    ----------
    path : path
        What `save_trials` wrote.

    Raises
    ------
    FormatError
        No such file, damaged, of another kind or newer, or what it holds cannot be trials.
    """
    header, arrays = array_file.read(path, kind="trials", format=FORMAT)
    fields = {name: header.get(name) for name in _FIELDS}
    classes = header.get("classes")
    if not isinstance(classes, list) or not set(_ARRAYS) <= set(arrays):
        raise FormatError(
            f"File '{path}'", "must have classes and the arrays " + ", ".join(_ARRAYS),
            got=", ".join(arrays),
        )  # fmt: skip
    try:
        return Trials(**{"labels": None, "classes": tuple(classes)} | fields | arrays)
    except (SpecError, TypeError) as error:
        raise FormatError(f"File '{path}'", "must hold trials", got=str(error)) from error
