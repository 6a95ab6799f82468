"""1, 2, 4 and 8 threads: not one spike and not one bit of the state differs.

Each number of threads has a process of its own, since Numba takes their number when it starts;
more threads than cores only wait longer.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.features.digest_of_run import NETWORKS

TIMEOUT_S = 240


def runs(threads: int, *arguments: str) -> dict[str, Any]:
    """Digests of the named networks on this number of threads."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.features.digest_of_run", str(threads), *arguments],
        env=os.environ | {"NUMBA_NUM_THREADS": str(threads)}, capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["threads"] == threads
    return dict(found["runs"])


@pytest.fixture(scope="module")
def alone() -> dict[str, Any]:
    """Everything on one thread."""
    found = runs(1, *NETWORKS)
    for name, run in found.items():
        assert run["n_spikes"] > 100, f"{name} is silent and proves nothing"
    return found


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_spikes_and_state_are_those_of_one_thread(alone: dict[str, Any], threads: int) -> None:
    assert runs(threads, *NETWORKS) == alone


def test_numbers_that_depend_on_the_thread_are_noticed(alone: dict[str, Any]) -> None:
    """The comparison bites: the same run with random numbers named by their thread."""
    faulty = runs(2, "--fault", "balanced")["balanced"]
    assert faulty["spikes"] != alone["balanced"]["spikes"]
    assert faulty["state"] != alone["balanced"]["state"]
