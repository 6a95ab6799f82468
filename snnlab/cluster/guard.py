"""A process that ends ranks and their controller, also when nobody is left to tell it to.

It waits for the end of its input, which comes when it is told to end, and when the process that
started it is gone, however that ended. All processes of a cluster carry its name in their
environment, so that none is overlooked, whoever started it.

This file is run as a program by its path: it imports nothing of snnlab.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import psutil

__all__ = ["CLUSTER", "Guard", "end", "main", "processes"]

CLUSTER = "IPP_CLUSTER_ID"
"""Variable that ipyparallel sets in all processes of a cluster."""

GRACE = 1.5
"""How long [s] processes that were asked to end may take before they are killed."""

_PATIENCE = 10.0
"""How long [s] it tries."""

_LOOK = 0.5
"""How often [s] the guard looks whether the process that started it is still its parent."""


class Guard:
    """The guard of one cluster, as the process that starts it sees it.

    Parameters
    ----------
    cluster_id : str
        Name of the cluster.
    folders : iterable of Path
        Folders with files that carry this name, which are removed in the end.
    """

    def __init__(self, cluster_id: str, folders: Iterable[Path]) -> None:
        # Unaffected by variables for Python, by an interrupt of the terminal, and by the end of
        # the session that it was started in.
        command = [sys.executable, "-I", __file__, cluster_id, *map(str, folders)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, text=True, start_new_session=True
        )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def run_at_the_end(self, command: list[str]) -> None:
        """Let it run a command in the end, such as ``["scancel", "17"]``."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()

    def end(self, timeout: float = 10.0) -> bool:
        """End all processes of the cluster; return whether it was done within `timeout` [s]."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            return self._process.wait(timeout) == 0
        except subprocess.TimeoutExpired:
            return False


def processes(cluster_id: str) -> list[psutil.Process]:
    """Return the living processes of a cluster on this host."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(CLUSTER) == cluster_id and _is_alive(process):
                found.append(process)
    return found


def end(cluster_id: str, grace: float = GRACE) -> bool:
    """End the processes of a cluster; return whether none is left.

    Those that started the others are asked to end them, which they do in order; whoever is left
    after that is killed.

    Parameters
    ----------
    cluster_id : str
    grace : float [s]
        How long they may take when they are asked.
    """
    found = processes(cluster_id)
    pids = {process.pid for process in found}
    starters = [process for process in found if _parent(process) not in pids]
    for process in starters:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _wait_for_the_end_of(starters, grace)
    deadline = time.monotonic() + _PATIENCE
    # Looked for again, since a process may have started another one meanwhile.
    while (found := processes(cluster_id)) and time.monotonic() < deadline:
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        _wait_for_the_end_of(found, 1.0)
    return not found


def main(cluster_id: str, *folders: str) -> int:
    """Wait for the end of the input or of the parent, then clean up; return the exit code."""
    parent = os.getppid()
    commands = []
    while os.getppid() == parent:
        ready, _, _ = select.select([sys.stdin], [], [], _LOOK)
        if not ready:
            continue
        line = sys.stdin.readline()
        if not line:
            break
        commands.append(json.loads(line))
    for command in commands:
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, timeout=_PATIENCE)
    is_done = end(cluster_id)
    for folder in folders:
        remove_files(cluster_id, Path(folder))
    return 0 if is_done else 1


def remove_files(cluster_id: str, folder: Path) -> None:
    """Remove what carries the name of the cluster: connection files with keys, logs."""
    for path in folder.glob(f"*{cluster_id}*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _is_alive(process: psutil.Process) -> bool:
    """Whether it still does anything: one that nobody has asked for its exit code does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _wait_for_the_end_of(found: list[psutil.Process], timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline and any(map(_is_alive, found)):
        time.sleep(0.02)


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
