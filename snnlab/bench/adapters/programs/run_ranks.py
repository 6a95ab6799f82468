"""Run a network file in snnlab on all ranks that mpiexec has started; print as `run_snnlab` does.

``mpiexec -n 2 python run_ranks.py network.json --warmup 100 --time 1000 --spikes spikes.npz``
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from snnlab.batch.peak import peak_rss_bytes
from snnlab.bench.adapters.programs.run_snnlab import (
    advance,
    phases_of,
    plastic_weights,
    touch_memory,
)
from snnlab.cluster.mpi import world
from snnlab.cluster.together import TogetherEngine
from snnlab.frames.decimate import merged
from snnlab.interop import native_json
from snnlab.record.provenance import versions

__all__ = ["main"]


def main() -> None:
    """Build, run; the first rank writes the spikes and prints."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--exchange", default="auto")
    parser.add_argument("--threads", type=int, required=True, help="of all ranks together")
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--touch", type=float, default=0.0)
    parser.add_argument("--spikes", type=Path, required=True)
    args = parser.parse_args()
    ranks = world()
    network = native_json.load(args.network)
    touch_memory(args.touch / ranks.size)
    threads = max(args.threads // ranks.size, 1)
    engine = TogetherEngine(network, threads=threads, exchange=args.exchange)
    warmup, n_steps = round(args.warmup / network.dt), round(args.time / network.dt)
    for _ in advance(engine, warmup):
        pass
    ranks.Barrier()
    began = time.perf_counter()
    frames = advance(engine, n_steps)
    simulate_s = time.perf_counter() - began
    peaks = ranks.allgather(peak_rss_bytes())
    report = engine.report
    phases = {"construct": report.build_s, "compile": report.compile_s}
    figures = {
        "phases": phases,
        "model_time": args.time,
        "dt": network.dt,
        "n_neurons": network.n_neurons,
        "n_synapses": report.n_synapses,
        "populations": {p.name: p.size for p in network.populations},
        "bytes": {"peak": sum(peaks), "connectivity": report.synapse_bytes},
        "values": plastic_weights(engine, network),
        "versions": versions(),
    }
    if ranks.rank > 0:
        return
    if frames:
        whole = merged(frames)
        phases |= phases_of(simulate_s, dict(whole.timings))
        np.savez(args.spikes, step=whole.step - warmup, neuron=whole.neuron)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
