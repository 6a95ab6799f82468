"""How a rank died, as the launcher of MPI tells it."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

__all__ = ["Cause", "cause"]

_SIGNAL = re.compile(r"process rank (\d+) with PID \d+ on node \S+ exited on\s+signal (\d+)")
_OPEN_MPI_EXIT = re.compile(r"Process name: \[[^,\]]+,\s*(\d+)\]\s*Exit code:\s*(\d+)")
_MPICH = re.compile(
    r"RANK (\d+) PID \d+ RUNNING AT \S+\s*=\s*(?:EXIT CODE|KILLED BY SIGNAL): (\d+)"
)


@dataclass(frozen=True)
class Cause:
    """Which rank died first, and of what, in words."""

    rank: int
    words: str


def cause(output: str) -> Cause | None:
    """Return which rank died first, and how; None if the launcher does not say it.

    Parameters
    ----------
    output : str
        What mpiexec has written, of Open MPI or of MPICH.

    Examples
    --------
    >>> cause("prterun noticed that process rank 1 with PID 77 on node a exited on signal 9")
    Cause(rank=1, words='killed by SIGKILL')
    """
    if found := _SIGNAL.search(output):
        return Cause(int(found[1]), _of_signal(int(found[2])))
    if found := _OPEN_MPI_EXIT.search(output):
        return Cause(int(found[1]), f"ended with exit code {found[2]}")
    if found := _MPICH.search(output):
        return Cause(int(found[1]), _of_signal(int(found[2])))
    return None


def _of_signal(number: int) -> str:
    """A signal in words; MPICH tells exit codes in the same place."""
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with exit code {number}"
