"""``python -m tests.cluster.run_on_gpus`` is ``snnlab``, with a GPU of the host for each rank.

Any MPI takes the memory of such a GPU.
"""

from __future__ import annotations

import sys

from snnlab.cli import main
from snnlab.cluster import together
from tests.cluster import watched_mpi
from tests.host_device.host_device import HostDevice

if __name__ == "__main__":
    watched_mpi.take_gpus()
    together.gpus_here = lambda: ("cuda:0", "cuda:1")
    together.gpu = lambda name: HostDevice(seed=int(name[-1]), resident=2)  # type: ignore[assignment]
    sys.exit(main())
