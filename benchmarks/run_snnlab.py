"""Run a network file in snnlab and print the figures as one JSON object.

``python run_snnlab.py network.json --threads 2 --warmup 100 --time 1000 --spikes spikes.npz``
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any, cast

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.touch import touch_memory
from snnlab.batch.peak import peak_rss_bytes
from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Engine
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.interop import native_json
from snnlab.launch import make_engine
from snnlab.record.provenance import versions

PIECES = 10
"""Frames of a run; a session takes more and smaller ones."""


def main() -> None:
    """Build, run, write the spikes, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--warmup", type=float, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--touch", type=float, default=0.0)
    parser.add_argument("--spikes", type=Path, required=True)
    args = parser.parse_args()
    network = native_json.load(args.network)
    touch_memory(args.touch)
    engine = cast(CpuEngine, make_engine(network, device="cpu", threads=args.threads))
    warmup, n_steps = round(args.warmup / network.dt), round(args.time / network.dt)
    for _ in advance(engine, warmup):
        pass
    began = time.perf_counter()
    frames = advance(engine, n_steps)
    simulate_s = time.perf_counter() - began
    figures = {
        "n_synapses": engine.report.n_synapses,
        "build_s": engine.report.build_s,
        "compile_s": engine.report.compile_s,
        "simulate_s": simulate_s,
        "synapse_bytes": engine.report.synapse_bytes,
        "peak_bytes": peak_rss_bytes(),
        **weights(engine),
        "versions": versions(),
    }
    if frames:
        whole = merged(frames)
        figures["timings"] = dict(whole.timings)
        np.savez(args.spikes, step=whole.step - warmup, neuron=whole.neuron)
    print(json.dumps(figures))


def advance(engine: Engine, n_steps: int) -> list[Frame]:
    """Advance by `n_steps`, in pieces."""
    edges = np.linspace(0, n_steps, PIECES + 1).astype(int)
    return [engine.advance(int(n)) for n in np.diff(edges) if n]


def weights(engine: CpuEngine) -> dict[str, Any]:
    """Mean and standard deviation of the plastic weights, if there are any."""
    found = [
        array for name, array in engine.checkpoint().arrays.items()
        if name.startswith("synapse/") and name.endswith("/weight")
    ]  # fmt: skip
    if not found:
        return {}
    every = np.concatenate([np.ravel(array) for array in found]).astype(np.float64)
    return {"weight_mean": float(every.mean()), "weight_std": float(every.std())}


if __name__ == "__main__":
    main()
