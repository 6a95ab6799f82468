"""Writes a checkpoint again and again while a parent kills it; a program of its own.

``python -m tests.properties.checkpoint_writer FOLDER N [plain]`` kills N writers without warning
and prints how many died while they wrote, and in how many cases the file was not whole after it.
``plain`` writes in place instead of beside.
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


def main(folder: Path, n: int) -> None:
    """Kill `n` writers, each at a moment of its own."""
    draw, path = random.Random(1), folder / "a.checkpoint"
    write(path, 0)
    n_within = n_damaged = 0
    for k in range(n):
        kill_one(path, 1000 * k, draw.uniform(0.0, 0.05))
        n_within += len(list(folder.iterdir())) > 1
        if not is_whole(path):
            n_damaged += 1
            write(path, k)
        for left in set(folder.iterdir()) - {path}:
            left.unlink()
    print(n_within, n_damaged)


if __name__ == "__main__":
    if sys.argv[3:] == ["plain"]:
        array_file.replacing = in_place
    main(Path(sys.argv[1]), int(sys.argv[2]))
