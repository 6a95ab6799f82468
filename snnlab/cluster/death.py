"""How a rank died, as the launcher of MPI tells it, or as its process does."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Cause", "cause", "end_of", "first_of"]

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


def end_of(pid: int) -> str | None:
    """Return how a process ended whose exit code its parent has not yet taken; None if unknown.

    A launcher that gets no time on a busy machine leaves a dead process like this until it does.

    Parameters
    ----------
    pid : int
        A process of this host.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # its exit code is taken, or this system does not tell it
        return None
    state, *_, status = text.rpartition(")")[2].split()
    if state != "Z":
        return None
    if os.WIFSIGNALED(int(status)):
        return _of_signal(os.WTERMSIG(int(status)))
    return f"ended with exit code {os.WEXITSTATUS(int(status))}"


def first_of(ends: Mapping[int, str | None], *, is_certain: bool) -> Cause | None:
    """Return which rank died first, of those that are gone.

    Parameters
    ----------
    ends : mapping
        Rank -> how its process ended, None if unknown; see `end_of`.
    is_certain : bool
        Whether to say nothing rather than to guess: the first of several dead is not known, nor is
        one that was asked to end, since a launcher asks those that are left.

    Examples
    --------
    >>> first_of({0: "killed by SIGTERM", 2: "killed by SIGKILL"}, is_certain=False)
    Cause(rank=2, words='killed by SIGKILL')
    """
    known = [Cause(rank, words) for rank, words in ends.items() if words is not None]
    if not known or (is_certain and (len(ends) > 1 or known[0].words == _ASKED_TO_END)):
        return None
    return min(known, key=lambda each: (each.words == _ASKED_TO_END, each.rank))


_ASKED_TO_END = f"killed by {signal.SIGTERM.name}"


def _of_signal(number: int) -> str:
    """A signal in words; MPICH tells exit codes in the same place."""
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with exit code {number}"
