"""A module that takes a while to import on a rank, and notes how far that has come."""

import time

from snnlab.cluster.mpi import launched_as
from tests.cluster import on_ranks

on_ranks.IMPORTED.append("begun")
_end = time.monotonic() + (1.5 if launched_as()[1] > 1 else 0.0)
while time.monotonic() < _end:
    time.sleep(0.01)
on_ranks.IMPORTED.append("done")


def imported() -> list[str]:
    """Return what has been imported."""
    return on_ranks.IMPORTED
