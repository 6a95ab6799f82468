"""Writes a checkpoint again and again while a parent kills it; a program of its own.

``python -m tests.properties.checkpoint_writer FOLDER N [plain]`` kills writers without warning
until N died while they wrote, and prints how many it killed, and in how many cases the file was not
whole after it. ``plain`` writes in place instead of beside, and kills N writers whatever they did.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from snnlab.errors import FormatError
from snnlab.record import array_file

ARRAYS = {f"array {i}": np.zeros(200_000) for i in range(4)}


@contextlib.contextmanager
def in_place(path: Path) -> Iterator[Path]:
    """What `replacing` must not be."""
    yield path


def write(path: Path, k: int) -> None:
    """Write version `k`: every value is `k`, so that a mixture would be seen."""
    arrays = {name: array + k for name, array in ARRAYS.items()}
    array_file.write(path, {"snnlab": "kill", "format": 1, "k": k}, arrays)


def is_whole(path: Path) -> bool:
    """Whether the file is one version, all of it."""
    try:
        header, arrays = array_file.read(path, kind="kill", format=1)
    except FormatError:
        return False
    return all((array == header["k"]).all() for array in arrays.values())


def kill_one(path: Path, k: int, wait_s: float) -> None:
    """Start a writer and kill it without warning."""
    pid = os.fork()
    if pid == 0:
        while True:
            write(path, k)
            k += 1
    time.sleep(wait_s)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def main(folder: Path, n: int, *, is_plain: bool) -> None:
    """Kill writers, each at a moment of its own."""
    draw, path = random.Random(1), folder / "a.checkpoint"
    write(path, 0)
    n_killed = n_within = n_damaged = 0
    while n_within < n:
        n_killed += 1
        kill_one(path, 1000 * n_killed, draw.uniform(0.0, 0.05))
        n_within += is_plain or len(list(folder.iterdir())) > 1
        if not is_whole(path):
            n_damaged += 1
            write(path, n_killed)
        for left in set(folder.iterdir()) - {path}:
            left.unlink()
    print(n_killed, n_damaged)


if __name__ == "__main__":
    if is_plain := sys.argv[3:] == ["plain"]:
        array_file.replacing = in_place
    main(Path(sys.argv[1]), int(sys.argv[2]), is_plain=is_plain)
