"""One run in a process of its own, held to its cores, with an end in any case."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from snnlab.bench.machine import available_cores, keep_to

__all__ = [
    "Outcome",
    "Usage",
    "busy_processes",
    "end_group",
    "held_to",
    "judged",
    "run_process",
    "usage_of",
]

BUSY = """import os, sys
while os.getppid() == int(sys.argv[1]):
    for _ in range(1_000_000):
        pass
"""
"""What else a notebook user's machine does, in its plainest form; it ends with who has asked."""

_STRETCH_S = 0.5
"""How long [s] a signal may wait to be heeded."""

_LAST_LINES = 3

_OUT_OF_MEMORY = ("MemoryError", "OutOfMemory", "bad_alloc", "Cannot allocate memory")


@dataclass(frozen=True)
class Usage:
    """What a process took, with all that it waited for.

    Parameters
    ----------
    wall : float [s]
    cpu : float [s]
    switches : float
        Involuntary context switches; NaN where the system does not tell.
    """

    wall: float
    cpu: float = float("nan")
    switches: float = float("nan")


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Parameters
    ----------
    status : str
        ``"ok"``, ``"failed"``, ``"timeout"`` or ``"oom"``.
    why : str
        What there is to say unless it is ok.
    figures : mapping
        What the run printed as JSON; empty if it did not.
    usage : Usage
    """

    status: str
    why: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)
    usage: Usage = Usage(0.0)


def run_process(
    command: Sequence[str | Path],
    *,
    timeout_s: float,
    cores: Sequence[int] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    started: Callable[[int], object] = lambda pid: None,
) -> Outcome:
    """Run a command that prints one JSON object on a line of its own.

    Parameters
    ----------
    command : sequence
        Program and arguments.
    timeout_s : float [s]
        After this time it is killed, with everything that it has started.
    cores : sequence of int, optional
        What it is held to; default: what this process may use.
    environment : mapping, optional
        All that it sees; default: that of this process.
    folder : Path, optional
        Where it runs.
    started : callable
        Called with its process id.

    Raises
    ------
    OSError
        There is no such program.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        killed = _oom_kills()
        began = time.perf_counter()
        with held_to(cores):
            process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                start_new_session=True, env=environment, cwd=folder,
            )  # fmt: skip
        try:
            started(process.pid)
            usage, is_late = _wait(process, timeout_s, began)
        except BaseException:  # Ctrl-C must not leave a simulator behind
            end_group(process.pid)
            process.wait()
            raise
        if is_late:
            return Outcome("timeout", f"not done after {timeout_s:g} s", usage=usage)
        is_memory = process.returncode == -signal.SIGKILL and _oom_kills() > killed
        return judged(process.returncode, _text(out), _text(err), usage, is_memory=is_memory)


@contextmanager
def held_to(cores: Sequence[int] | None) -> Iterator[None]:
    """Children of this thread start on these cores: what they are held to is inherited."""
    before = available_cores()
    if cores is not None:
        keep_to(cores)
    try:
        yield
    finally:
        keep_to(before)


def _wait(process: subprocess.Popen[bytes], limit: float, began: float) -> tuple[Usage, bool]:
    """Wait for the end, or bring it about; return what the process took."""
    late = threading.Event()

    def end() -> None:
        late.set()
        end_group(process.pid)

    timer = threading.Timer(limit, end)
    timer.daemon = True  # a signal between its start and what follows must not wait for it
    timer.start()
    try:
        return usage_of(process, began), late.is_set()
    finally:
        timer.cancel()


def usage_of(process: subprocess.Popen[bytes], began: float) -> Usage:
    """Wait for the end of a process; return what it took since it began."""
    if process.returncode is not None or not hasattr(os, "wait4"):
        process.wait()
        return Usage(time.perf_counter() - began)
    _wait_for_the_end(process.pid)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_nivcsw)


def _wait_for_the_end(pid: int) -> None:
    """Wait in short stretches: a signal just before a long one would be heeded only after it."""
    if not hasattr(os, "pidfd_open"):
        return
    ended = os.pidfd_open(pid)
    try:
        while not select.select([ended], [], [], _STRETCH_S)[0]:
            pass
    finally:
        os.close(ended)


def end_group(pid: int) -> None:
    """End a process that leads a group, and what it has started: compilers, simulators."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return  # it has ended by itself


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _oom_kills() -> int:
    """Processes that Linux has killed for want of memory."""
    counters = Path("/proc/vmstat")
    text = counters.read_text() if counters.is_file() else ""
    found = re.search(r"^oom_kill (\d+)$", text, re.MULTILINE)
    return int(found[1]) if found else 0


def judged(code: int, out: str, err: str, usage: Usage, *, is_memory: bool = False) -> Outcome:
    """Return how a process ended, from its exit code and what it printed."""
    if code:
        is_memory = is_memory or any(word in err for word in _OUT_OF_MEMORY)
        why = f"exit code {code}: {_last_words(err or out)}"
        return Outcome("oom" if is_memory else "failed", why, usage=usage)
    figures = _last_object(out)
    if figures is None:
        return Outcome("failed", f"printed no figures: {_last_words(out or err)}", usage=usage)
    return Outcome("ok", figures=figures, usage=usage)


def _last_object(text: str) -> dict[str, Any] | None:
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                figures: dict[str, Any] = json.loads(line, parse_constant=_refuse)
            except ValueError:
                return None
            return figures
    return None


def _refuse(constant: str) -> None:
    raise json.JSONDecodeError(f"{constant} is no figure", constant, 0)


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-_LAST_LINES:]) or "nothing was printed"


@contextmanager
def busy_processes(n: int, cores: Sequence[int] | None = None) -> Iterator[list[float]]:
    """Let other processes compute for the length of the block.

    Parameters
    ----------
    n : int
    cores : sequence of int, optional
        What they are held to; default: what this process may use.

    Yields
    ------
    list of float [s]
        After the block, the time of all processors that each of them took.
    """
    processes: list[subprocess.Popen[bytes]] = []
    used: list[float] = []
    began = time.perf_counter()
    try:
        with held_to(cores):
            for _ in range(n):
                command = [sys.executable, "-c", BUSY, str(os.getpid())]
                processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
        yield used
    finally:
        for process in processes:
            process.kill()
            used.append(usage_of(process, began).cpu)
