"""A script that starts a rank, says so, and ends as it is told: ``life.py END``."""

from __future__ import annotations

import gc
import sys
import time

from snnlab.cluster import Ranks
from tests.cluster import on_ranks

if __name__ == "__main__":
    ranks = Ranks.start(1, device="cpu")
    ranks.call(on_ranks.nothing)
    print(ranks._running()._cluster.cluster_id, flush=True)  # type: ignore[attr-defined]
    if sys.argv[1] == "forget":
        del ranks
        gc.collect()
        print("forgotten", flush=True)
    if sys.argv[1] != "return":
        time.sleep(300)
