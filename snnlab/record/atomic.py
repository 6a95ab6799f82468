"""Files that are either the old ones or the new ones, never half of each."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a path to write to; when the block ends, what was written takes the place of `path`.

    Parameters
    ----------
    path : path
        A file or a directory, there or not.

    Yields
    ------
    Path
        A sibling that does not exist yet, with the same suffix. It is removed if the block fails
        or is interrupted; `path` is then as it was.

    Notes
    -----
    A file is replaced in one step. A directory that is there already is moved aside first, as no
    system can exchange two directories in one portable call.
    """
    target = Path(path)
    partial = _sibling(target, "partial")
    try:
        yield partial
        _replace(partial, target)
    finally:
        _remove(partial)


def _sibling(path: Path, word: str) -> Path:
    return path.with_name(f".{path.stem}.{uuid.uuid4().hex[:12]}.{word}{path.suffix}")


def _replace(new: Path, target: Path) -> None:
    if not target.is_dir():
        os.replace(new, target)
        return
    old = _sibling(target, "old")
    target.rename(old)
    new.rename(target)
    _remove(old)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
