"""One process with its own number of Numba threads: runs networks, prints what they did.

``python -m tests.features.digest_of_run THREADS [--fault] NETWORK...``, with NUMBA_NUM_THREADS set
outside, prints JSON: network -> digests of its spikes and of its complete state.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from snnlab import presets
from snnlab.arrays import assemble
from snnlab.cpu.engine import CpuEngine
from snnlab.model.network import Network
from tests.networks import balanced, digest, layered, plastic, spikes

STEPS = 1200

NETWORKS: dict[str, Callable[[], Network]] = {
    "balanced": balanced,
    "layered": layered,
    "plastic": plastic,
    "brunel": lambda: presets.load("brunel", scale=0.2),
    "coba": lambda: presets.load("coba", scale=0.5),
    "microcircuit": lambda: presets.load("microcircuit", scale=0.03),
}


def main() -> None:
    """Run what was asked for."""
    threads, *names = [argument for argument in sys.argv[1:] if argument != "--fault"]
    if "--fault" in sys.argv:
        name_streams_by_thread(int(threads))
    found = {name: run(NETWORKS[name](), int(threads)) for name in names}
    print(json.dumps({"threads": numba.config.NUMBA_NUM_THREADS, "runs": found}))


def run(network: Network, threads: int) -> dict[str, Any]:
    """Spikes and state after `STEPS` in two uneven pieces."""
    engine = CpuEngine(network, threads=threads)
    pairs = spikes(engine, [STEPS // 3 + 1, STEPS - STEPS // 3 - 1])
    state = hashlib.sha256()
    for name, array in sorted(engine.checkpoint().arrays.items()):
        state.update(name.encode())
        state.update(np.ascontiguousarray(array).tobytes())
    return {"n_spikes": len(pairs), "spikes": digest(pairs), "state": state.hexdigest()}


def name_streams_by_thread(threads: int) -> None:
    """What must never happen: random numbers that depend on who draws them."""
    honest = assemble.stream_id
    assemble.stream_id = lambda *names: honest(*names, threads)


if __name__ == "__main__":
    main()
