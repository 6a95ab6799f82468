"""What was read and binned once is kept: a second start reads flat arrays."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from snnlab.errors import FormatError
from snnlab.learning.trials import Trials
from snnlab.learning.trials_file import load_trials, save_trials

__all__ = ["cached"]

_VERSION = 1
"""Of what readers make of files; another one leaves old caches alone."""


def cached(
    folder: Path, part: str, settings: Mapping[str, Any], make: Callable[[], Trials]
) -> Trials:
    """Return trials from the cache, or make them and keep them there.

    Parameters
    ----------
    folder : Path
        Cache of the data set.
    part : str
        ``"training"``, for example.
    settings : mapping
        All that the trials depend on, as plain data; the checksum of their file among them.
    make : callable
        Reads and bins the trials.

    Warns
    -----
    UserWarning
        They cannot be kept: the disk is full or the folder cannot be written to.
    """
    text = json.dumps({"version": _VERSION, **settings}, sort_keys=True)
    path = folder / f"{part}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.trials"
    kept = _kept(path)
    if kept is not None:
        return kept
    trials = make()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_trials(trials, path)
    except OSError as error:
        warnings.warn(
            f"'{path}' could not be written ({error.strerror}), so {trials.name} is read from its "
            "files again next time. Set SNNLAB_CACHE_DIR to a folder that has room.",
            stacklevel=4,
        )
    return trials


def _kept(path: Path) -> Trials | None:
    """Trials in a file; None if there is none, or it was damaged and has to be made again."""
    if not path.is_file():
        return None
    try:
        return load_trials(path)
    except FormatError:
        return None
