"""Machine code on disk that no longer is what the source says.

Numba renews the code that it keeps for a function when the file of that function changes, and not
when a function changes that was compiled into it from another file. After an update in place, or
an edit, the old numbers would go on being computed without a word.
"""

from __future__ import annotations

import math
import time
from pathlib import Path

import snnlab
from snnlab.arrays.synapse_order import list_places
from snnlab.build.random import random_words
from snnlab.cpu.loop import run

__all__ = ["remove_stale_code"]

_COMPILED = (random_words, list_places, run)
"""One function of each folder that keeps machine code: they know where."""

_MARKS = ("njit", "@compiled")
"""What a file has in it that says what is compiled."""


def remove_stale_code() -> int:
    """Remove kept machine code that is older than any compiled function of snnlab.

    Returns
    -------
    int
        Number of files removed.
    """
    kept = [path for f in _COMPILED for path in Path(str(f.stats.cache_path)).glob("*.nb[ci]")]
    oldest = min((_written(path) for path in kept), default=math.inf)
    changed = [path for path in Path(snnlab.__file__).parent.rglob("*.py")
               if path.stat().st_mtime > oldest]  # fmt: skip
    newest = max((path.stat().st_mtime for path in changed if _is_compiled(path)), default=0.0)
    if newest > time.time():
        return 0  # a wrong clock would make everything stale, at every start
    stale = [path for path in kept if _written(path) < newest]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _is_compiled(path: Path) -> bool:
    text = path.read_text("utf-8")
    return any(mark in text for mark in _MARKS)


def _written(path: Path) -> float:
    """When it was written; another process may remove it at any time: then it is not stale."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf
