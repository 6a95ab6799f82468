"""Many records read at once, by as many processes as one has for it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.machine import available_cores
from snnlab.bench.record import read_columns

__all__ = ["processes_for", "read_many"]

WORTH_IT = 1000
"""Records for which a process takes longer than for its start."""


def processes_for(n_records: int) -> int:
    """Return how many processes are worth starting to read records: one for each core, or one."""
    return max(1, min(len(available_cores()), n_records // WORTH_IT))


def read_many(paths: Sequence[Path], *, processes: int = 1) -> xr.Dataset:
    """Read and check records, and combine them.

    Parameters
    ----------
    paths : sequence of Path
    processes : int
        Of which this one is the first. The others are started anew and import the main module of
        this one, so that a script which asks for more than one needs ``if __name__ ==
        "__main__":``.

    Raises
    ------
    FormatError
        One of the files is no record, or its content is not what was written.

    Returns
    -------
    Dataset
        The same, however many processes there are.
    """
    shares = [list(paths[k::processes]) for k in range(processes)]
    if processes == 1:
        return _read(shares[0])
    with ProcessPoolExecutor(processes - 1, mp_context=get_context("spawn")) as pool:
        others = [pool.submit(_read, share) for share in shares[1:]]
        parts = [_read(shares[0])]
        parts += [other.result() for other in others]
    return combine(parts)


def _read(paths: Sequence[Path]) -> xr.Dataset:
    return combine([read_columns(path) for path in paths])
