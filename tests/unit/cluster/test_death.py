"""What launchers write when a rank dies, and what is read from it."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from snnlab.cluster.death import Cause, cause, end_of, first_of

OPEN_MPI_SIGNAL = """\
--------------------------------------------------------------------------
prterun noticed that process rank 1 with PID 20245 on node vm exited on
signal 9 (Killed).
--------------------------------------------------------------------------
"""
OPEN_MPI_EXIT = """\
prterun detected that one or more processes exited with non-zero status,
thus causing the job to be terminated. The first process to do so was:

   Process name: [prterun-vm-22018@1,2]
   Exit code:    3
"""
MPICH = """\
===================================================================================
=   BAD TERMINATION OF ONE OF YOUR APPLICATION PROCESSES
=   RANK 1 PID 4242 RUNNING AT node7
=   EXIT CODE: 9
=   CLEANING UP REMAINING PROCESSES
"""
MPICH_SIGNAL = """\
=   RANK 3 PID 4242 RUNNING AT node7
=   KILLED BY SIGNAL: 11 (Segmentation fault)
"""


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (OPEN_MPI_SIGNAL, Cause(1, "killed by SIGKILL")),
        (OPEN_MPI_EXIT, Cause(2, "ended with exit code 3")),
        (MPICH, Cause(1, "killed by SIGKILL")),
        (MPICH_SIGNAL, Cause(3, "killed by SIGSEGV")),
        ("anything else", None),
        ("", None),
    ],
)
def test_cause_of_death(output: str, expected: Cause | None) -> None:
    assert cause(output) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
@pytest.mark.parametrize(
    ("command", "expected"),
    [("kill -9 $$", "killed by SIGKILL"), ("exit 3", "ended with exit code 3")],
)
def test_end_of_a_process_whose_exit_code_nobody_took(command: str, expected: str) -> None:
    with subprocess.Popen(["sh", "-c", f"read line; {command}"], stdin=subprocess.PIPE) as process:
        assert end_of(process.pid) is None  # it lives
        assert process.stdin is not None
        process.stdin.close()
        while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert end_of(process.pid) == expected
    assert end_of(process.pid) is None  # its exit code is taken


@pytest.mark.parametrize(
    ("ends", "certain", "guess"),
    [
        ({2: "killed by SIGKILL"}, 2, 2),
        ({2: "killed by SIGTERM"}, None, 2),  # its launcher may have asked it to
        ({0: "killed by SIGTERM", 2: "killed by SIGKILL"}, None, 2),
        ({0: None, 2: "killed by SIGKILL"}, None, 2),
        ({0: None}, None, None),
        ({}, None, None),
    ],
)
def test_which_rank_died_first(
    ends: dict[int, str | None], certain: int | None, guess: int | None
) -> None:
    for rank, is_certain in ((certain, True), (guess, False)):
        expected = None if rank is None else Cause(rank, str(ends[rank]))
        assert first_of(ends, is_certain=is_certain) == expected
