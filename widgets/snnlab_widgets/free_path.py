"""Where a part of the page writes: a name that no file has, so that what was kept before stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

__all__ = ["free_path"]


def free_path(folder: str | Path | None, name: str, endings: Sequence[str]) -> Path:
    """Return the path of a session's next files, without what comes behind their common name.

    Parameters
    ----------
    folder : path or None
        None: the working directory.
    name : str
        Of the session, or of what is written: whatever cannot be part of a file's name is left out.
    endings : sequence of str
        What may come behind it: suffixes, ``"_raster.csv"``. None of these files is there.
    """
    where = Path.cwd() if folder is None else Path(folder).resolve()
    stem = re.sub(r"[^\w-]+", "_", name).strip("_") or "run"
    paths = (where / f"{stem}{'' if k == 1 else f'_{k}'}" for k in range(1, 10_000))
    return next(p for p in paths if not any(p.with_name(p.name + e).exists() for e in endings))
