"""Machine code on disk that no longer is what the source says.

Numba renews the code that it keeps for a function when the file of that function changes, and not
when a function changes that was compiled into it from another file. After an update in place, or
an edit, the old numbers would go on being computed without a word.
"""

from __future__ import annotations

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
    package = Path(snnlab.__file__).parent
    texts = ((path, path.read_text("utf-8")) for path in package.rglob("*.py"))
    sources = [path for path, text in texts if any(mark in text for mark in _MARKS)]
    newest = max(path.stat().st_mtime for path in sources)
    if newest > time.time():
        return 0  # a wrong clock would make everything stale, at every start
    kept = [path for f in _COMPILED for path in Path(str(f.stats.cache_path)).glob("*.nb[ci]")]
    stale = [path for path in kept if _is_older(path, newest)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _is_older(path: Path, newest: float) -> bool:
    """Whether it is there and was written before; another process may remove it at any time."""
    try:
        return path.stat().st_mtime < newest
    except FileNotFoundError:
        return False
