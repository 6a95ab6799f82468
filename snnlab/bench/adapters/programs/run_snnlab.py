"""Run a network in snnlab and print the figures as one JSON object.

``python run_snnlab.py brunel --parameters '{"N": 4000}' --seed 1 --threads 2 --warmup 100
--time 1000 --spikes spikes.npz``

It measures whatever snnlab its interpreter imports, an older one too, so that it needs of snnlab
only what has been there for long.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

import snnlab
from snnlab.batch.peak import peak_rss_bytes
from snnlab.engine import Engine
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.launch import make_engine, resolve
from snnlab.model.network import Network
from snnlab.record.provenance import versions

__all__ = ["PARTS", "advance", "main", "phases_of", "plastic_weights", "timed"]

PIECES = 10
"""Frames of a run; a session takes more and smaller ones."""

BLOCKS = 10
"""Of each further construction of a run that takes turns."""

PARTS = {"exchange": "communicate"}
"""Timers of frames whose phase has another name in a record."""


def main() -> None:
    """Run as the arguments say, print the figures."""
    args = arguments()
    network = resolve(args.network, **json.loads(args.parameters))
    if args.seed is not None:
        network = network.replace(seed=args.seed)
    touch_memory(args.touch)
    began = time.perf_counter()
    with ExitStack() as stack:
        ranks = stack.enter_context(started_ranks(args)) if args.ranks > 1 else None
        ranks_s = time.perf_counter() - began
        figures = run(args, network, ranks)
        figures["phases"]["start"] += ranks_s
    print(json.dumps(figures))


def started_ranks(args: argparse.Namespace) -> Any:
    """Return ranks on this machine."""
    from snnlab.cluster import Ranks

    return Ranks.start(args.ranks, device=args.device)


def run(args: argparse.Namespace, network: Network, ranks: Any) -> dict[str, Any]:
    """Build, run, write the spikes; return the figures."""
    of_ranks: dict[str, Any] = {} if ranks is None else {"ranks": ranks}
    if args.exchange != "auto":
        of_ranks["exchange"] = args.exchange

    def built() -> Engine:
        return make_engine(
            network, device=args.device, precision=args.precision,
            threads=args.threads if args.device == "cpu" else None, **of_ranks,
        )  # fmt: skip

    began = time.perf_counter()
    engine = built()
    started = time.perf_counter() - began
    warmup, n_steps = round(args.warmup / network.dt), round(args.time / network.dt)
    began = time.perf_counter()
    advance(engine, warmup)
    presim_s = time.perf_counter() - began
    frames, blocks = timed(engine, n_steps, args.turns or PIECES, is_in_turns=bool(args.turns))
    simulate_s = sum(blocks["wall"])
    every = [blocks]
    report = engine.report
    phases = {"construct": report.build_s, "compile": report.compile_s}
    phases["start"] = max(started - sum(phases.values()), 0.0)
    if warmup:
        phases["presim"] = presim_s
    figures: dict[str, Any] = {
        "phases": phases,
        "model_time": args.time,
        "dt": network.dt,
        "n_neurons": network.n_neurons,
        "n_synapses": report.n_synapses,
        "populations": {p.name: p.size for p in network.populations},
        "bytes": {"peak": peak_of(ranks), "connectivity": report.synapse_bytes},
        "values": plastic_weights(engine, network),
        "versions": versions(),
        "package": str(Path(snnlab.__file__).resolve().parent),
        "raw": {"blocks": every} | ways_of_ranks(engine),
    }
    if frames:
        whole = merged(frames)
        phases |= phases_of(simulate_s, dict(whole.timings))
        np.savez(args.spikes, step=whole.step - warmup, neuron=whole.neuron)
    if args.turns:
        every += again(
            built, warmup, BLOCKS * n_steps // args.turns, builds_for(report.synapse_bytes)
        )
    engine.close()
    return figures


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("network", help="a preset, or a network file")
    add("--parameters", default="{}", help="options and knobs of a preset, as JSON")
    add("--seed", type=int)
    add("--device", default="cpu")
    add("--ranks", type=int, default=1)
    add("--exchange", default="auto")
    add("--precision", default="float32")
    add("--threads", type=int, required=True)
    add("--warmup", type=float, required=True)
    add("--time", type=float, required=True)
    add(
        "--turns", type=int, default=0, metavar="N", help="blocks, before each a line is waited for"
    )
    add("--touch", type=float, default=0.0, help="GB of memory to touch and give back before")
    add("--spikes", type=Path, required=True)
    return parser.parse_args()


def ways_of_ranks(engine: Engine) -> dict[str, dict[str, str]]:
    """Return how ranks have exchanged spikes, and what GPUs handed to MPI; nothing without them.

    What was asked for may be ``"auto"``; this is what it came to.
    """
    every = getattr(engine, "ranks", ())
    if not every:
        return {}
    names = [name for name in ("exchange", "transport") if getattr(every[0], name, "")]
    return {"ranks": {name: getattr(every[0], name) for name in names}}


def peak_of(ranks: Any) -> int:
    """Most memory that was held, by this process and by all ranks together."""
    return peak_rss_bytes() + (0 if ranks is None else sum(ranks.call(peak_rss_bytes)))


def advance(engine: Engine, n_steps: int) -> list[Frame]:
    """Advance by `n_steps`, in pieces."""
    edges = np.linspace(0, n_steps, PIECES + 1).astype(int)
    return [engine.advance(int(n)) for n in np.diff(edges) if n]


def builds_for(synapse_bytes: float) -> int:
    """Return how often a network is built again: a large one lies in many places by itself."""
    return int(min(max(4e7 // max(synapse_bytes, 1), 5), 40))


def again(
    built: Callable[[], Engine], warmup: int, n_steps: int, n_builds: int
) -> list[dict[str, list[float]]]:
    """Build the network anew, again and again, and time some blocks of each.

    The pages of memory that an engine happens to get make it up to 10 % faster or slower than its
    like for as long as it lives, which no number of its blocks averages out.
    """
    found = []
    with ExitStack() as stack:
        for _ in range(n_builds):
            # They live until the end: else the next one gets the pages of the last one.
            engine = stack.enter_context(closing(built()))
            advance(engine, warmup)
            found.append(timed(engine, n_steps, BLOCKS, is_in_turns=True)[1])
    return found


def timed(
    engine: Engine, n_steps: int, n_blocks: int, *, is_in_turns: bool
) -> tuple[list[Frame], dict[str, list[float]]]:
    """Advance in blocks; return the frames, and wall and processor time of each block [s].

    The processor's time knows nothing of what the process waited for: neither of others that had
    its core, nor of a sleep of its own.
    """
    edges = np.linspace(0, n_steps, n_blocks + 1).astype(int)
    frames: list[Frame] = []
    blocks: dict[str, list[float]] = {"wall": [], "cpu": []}
    for n in np.diff(edges):
        if n == 0:
            continue
        if is_in_turns:
            print("turn", flush=True)
            sys.stdin.readline()
        cpu, wall = time.process_time(), time.perf_counter()
        frames.append(engine.advance(int(n)))
        blocks["wall"].append(round(time.perf_counter() - wall, 7))
        blocks["cpu"].append(round(time.process_time() - cpu, 7))
    return frames, blocks


def phases_of(simulate_s: float, timings: dict[str, float]) -> dict[str, float]:
    """Return phase `simulate` and its parts."""
    parts = {PARTS.get(name, name): seconds for name, seconds in timings.items() if name != "other"}
    return {"simulate": simulate_s} | {f"simulate/{name}": s for name, s in parts.items()}


def plastic_weights(engine: Engine, network: Any) -> dict[str, float]:
    """Mean and standard deviation of the plastic weights, if there are any."""
    if all(p.synapse == "Static" for p in network.projections) and not network.rewirings:
        return {}
    found = [
        array for name, array in engine.checkpoint().arrays.items()
        if name.startswith("synapse/") and name.endswith("/weight")
    ]  # fmt: skip
    if not found:
        return {}
    every = np.concatenate([np.ravel(array) for array in found]).astype(np.float64)
    return {"weight_mean": float(every.mean()), "weight_std": float(every.std())}


def touch_memory(gigabytes: float) -> None:
    """Touch memory in a process of its own, and give it back.

    A host that takes free memory back has to find it again, page by page, when it is touched next:
    up to 2 s for each GB, where memory at hand takes 0.05 s. What is freed here stays at hand for
    a second or so.
    """
    if gigabytes > 0.0:
        code = f"import numpy; numpy.ones({int(gigabytes * 2**27)})"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=300.0)


if __name__ == "__main__":
    main()
