"""A process that may only write files of a certain length, which it then raises."""

from __future__ import annotations

import resource
import sys

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import StorageError
from snnlab.session import Session
from tests.networks import balanced

MOST_BYTES = 2_000_000  # several frames, however fast the machine is


def main(path: str) -> None:
    """Run against the limit three times, then without one; print what was said and all spikes."""
    with Session(CpuEngine(balanced(400), threads=1), record=path) as session:
        for k in (1, 2, 3):
            resource.setrlimit(resource.RLIMIT_FSIZE, (k * MOST_BYTES, resource.RLIM_INFINITY))
            session.run("2000 s")
            session.wait()
            sys.stdout.write([*session.messages][-1].text.replace("\n", " ") + "\n")
            try:
                session.run()
            except StorageError as error:
                sys.stdout.write(str(error).replace("\n", " ") + "\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        session.run("10 ms").wait()
        sys.stdout.write(f"{session.t}\n")


if __name__ == "__main__":
    main(sys.argv[1])
