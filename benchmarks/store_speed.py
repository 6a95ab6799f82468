"""How long a store takes to fill and to load: ``python -m benchmarks.store_speed 10000``."""

from __future__ import annotations

import sys
import tempfile
import time

import numpy as np

from snnlab.bench.record import make_record
from snnlab.bench.redaction import redaction
from snnlab.bench.schema import PHASES
from snnlab.bench.store import Store

N_REPEATS, N_SERIES, N_LOADS = 10, 50, 5


def main() -> None:
    """Fill a store in a temporary folder, then load it again and again."""
    n_records = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    hide = redaction()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)
        began = time.perf_counter()
        for number in range(n_records):
            wall_time = np.random.default_rng(number).uniform(1.0, 2.0, (N_REPEATS, len(PHASES)))
            store.add(make_record(
                {"wall_time": wall_time, "status": ["ok"] * N_REPEATS,
                 "seed": np.arange(N_REPEATS), "model_time": np.full(N_REPEATS, 1000.0)},
                {"series_id": f"{number % N_SERIES:04x}", "simulator": "snnlab", "threads": 2},
                labels={"phase": PHASES}, hide=hide,
            ))  # fmt: skip
        print(f"{n_records} records written: {time.perf_counter() - began:.1f} s", flush=True)
        for what in ("without index", *["from the index"] * N_LOADS):
            began = time.perf_counter()
            n_loaded = store.load().sizes["record"]
            print(f"{n_loaded} loaded {what}: {time.perf_counter() - began:.2f} s", flush=True)


if __name__ == "__main__":
    main()
