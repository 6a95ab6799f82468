"""What launchers write when a rank dies, and what is read from it."""

from __future__ import annotations

import pytest

from snnlab.cluster.death import Cause, cause

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
