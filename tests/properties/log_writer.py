"""A process that runs a session on disk until it is killed; it says what it has done so far."""

from __future__ import annotations

import itertools
import sys
import time

from snnlab.cpu.engine import CpuEngine
from snnlab.record.log.file import GrowingFile
from snnlab.session import Session
from tests.networks import balanced


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


def main(path: str, *, holds_back: bool) -> None:
    """Run, and make an edit every 50 ms."""
    with Session(CpuEngine(balanced(400), threads=1), record=path) as session:
        session.run()
        for k in itertools.count():
            if holds_back and k == 5:
                hold_back()
            sys.stdout.write(f"step {session.step} {time.monotonic()}\n")
            sys.stdout.flush()
            applied = session.set("g", 4 + k % 3).result(60)
            sys.stdout.write(f"edit {applied.step} {applied.edit.value}\n")
            sys.stdout.flush()
            time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1], holds_back="--hold-back" in sys.argv)
