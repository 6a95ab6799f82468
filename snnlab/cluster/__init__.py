"""Several processes for one network: MPI ranks that are started, driven, watched and ended.

The only folder that imports mpi4py or ipyparallel, and both only when ranks are asked for.
"""

from __future__ import annotations

from snnlab.cluster.call import Call
from snnlab.cluster.rank import Rank
from snnlab.cluster.ranks import Ranks

__all__ = ["Call", "Rank", "Ranks"]
