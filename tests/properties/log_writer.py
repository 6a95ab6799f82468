"""Runs sessions on disk and kills each without warning; a program of its own.

For every line ``PATH SECONDS [held]`` on its input it forks a writer, lets it run that long, kills
it, and says when. The writer says what it has done so far. ``held`` breaks the writer on purpose.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable

import numba

from snnlab.cpu.engine import CpuEngine
from snnlab.model.edits import SetParameter
from snnlab.record.log.file import GrowingFile
from snnlab.session import Session
from tests.networks import balanced

numba.config.THREADING_LAYER = "workqueue"  # the others do not outlive a fork


def hold_back() -> None:
    """Break the writer on purpose: it keeps what it should have written for three seconds."""
    append, held, since = GrowingFile.append, [], [time.monotonic()]

    def late(self: GrowingFile, data: bytes) -> None:
        held.append(data)
        if time.monotonic() - since[0] > 3.0:
            append(self, b"".join(held))
            held.clear()
            since[0] = time.monotonic()

    GrowingFile.append = late


def say(*words: object) -> None:
    """Write a line in one piece."""
    os.write(sys.stdout.fileno(), (" ".join(map(str, words)) + "\n").encode())


def write(path: str, *, is_held: bool) -> None:
    """Run, and make an edit every 50 ms."""
    with Session(CpuEngine(balanced(400), threads=1), record=path) as session:
        session.run()
        for k in itertools.count():
            if is_held and k == 5:
                hold_back()
            say("step", session.step, time.monotonic())
            applied = session.set("g", 4 + k % 3).result(60)
            say("edit", applied.step, applied.edit.value)
            time.sleep(0.05)


def kill_one(after_s: float, work: Callable[[], None]) -> None:
    """Fork a process that works, and kill it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    time.sleep(after_s)
    at = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    say("killed" if os.WIFSIGNALED(status) else "ended", at, "")


def main() -> None:
    """Load the compiled engine once, so that a fork works at once."""
    network = balanced(400)
    engine = CpuEngine(network, threads=1)
    engine.advance(10)
    engine.apply(SetParameter("", "g", 4.0).apply(network))
    say("ready")
    for line in sys.stdin:
        path, after_s, *how = line.split()
        kill_one(float(after_s), lambda path=path, how=how: write(path, is_held=how == ["held"]))


if __name__ == "__main__":
    main()
