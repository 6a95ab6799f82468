"""One measurement on a device: a run to warm up that counts memory, then one for each seed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu.measurements import Make, Measurement
from benchmarks.gpu.peak import Watched
from snnlab.batch.peak import peak_rss_bytes
from snnlab.bench.adapters.programs.run_snnlab import advance
from snnlab.bench.science import mean_outdegrees
from snnlab.cuda.device import Device
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import OutOfMemory
from snnlab.frames.decimate import merged
from snnlab.frames.frame import Frame
from snnlab.model.network import Network

__all__ = ["measure"]

Figures = dict[str, Any]


def measure(
    measurement: Measurement, device: Device, seeds: Sequence[int], *, until: float
) -> list[dict[str, Any]]:
    """Measure once for each seed.

    Parameters
    ----------
    measurement : Measurement
    device : Device
    seeds : sequence of int
    until : float [s]
        No run begins that might end later than this moment of `time.perf_counter`.

    Returns
    -------
    list of dict
        `seed`, `setting` and `figures` of each run; fewer than there are seeds where time ran out.

    Raises
    ------
    OutOfMemory
        Not even the last of the choices fits.
    """
    setting, make, peak_bytes = _warm_up(measurement, device, seeds[0])
    runs: list[dict[str, Any]] = []
    longest = 0.0
    for seed in seeds:
        began = time.perf_counter()
        if runs and began + longest > until:
            break
        figures = _figures(measurement, make(seed), device)
        figures |= {"peak_bytes": peak_bytes, "host_peak_bytes": peak_rss_bytes()}
        runs.append({"seed": seed, "setting": setting, "figures": figures})
        longest = max(longest, time.perf_counter() - began)
    return runs


def _warm_up(measurement: Measurement, device: Device, seed: int) -> tuple[str, Make, int]:
    """Take the first choice that fits; everything is compiled, and its memory is known."""
    for number, (setting, make) in enumerate(measurement.choices.items(), start=1):
        watched = Watched(device)
        try:
            engine = CudaEngine(make(seed), watched)
        except OutOfMemory:
            if number == len(measurement.choices):
                raise
            continue
        advance(engine, _n_steps(engine.network, measurement.warmup))
        engine.close()
        return setting, make, watched.peak_bytes
    raise AssertionError("a measurement has at least one choice")


def _figures(measurement: Measurement, network: Network, device: Device) -> Figures:
    compilation = _compilation(network, device) if measurement.compiles else {}
    engine, build_s = _built(network, device)
    report = engine.report
    figures = {
        "n_neurons": report.n_neurons, "n_synapses": report.n_synapses,
        "build_s": build_s, "compile_s": report.compile_s, "synapse_bytes": report.synapse_bytes,
        "bytes_per_synapse": report.bytes_per_synapse, **compilation,
    }  # fmt: skip
    if measurement.time:
        figures |= _simulated(engine, measurement)
    engine.close()
    return figures


def _built(network: Network, device: Device) -> tuple[CudaEngine, float]:
    """Return an engine, and how long it took until the first step could be taken."""
    device.synchronize()
    began = time.perf_counter()
    engine = CudaEngine(network, device)
    device.synchronize()
    return engine, max(time.perf_counter() - began - engine.report.compile_s, 0.0)


def _simulated(engine: CudaEngine, measurement: Measurement) -> Figures:
    advance(engine, _n_steps(engine.network, measurement.warmup))
    n_steps = _n_steps(engine.network, measurement.time)
    began = time.perf_counter()
    frames = advance(engine, n_steps)
    simulate_s = time.perf_counter() - began
    return {
        "simulate_s": simulate_s,
        "us_per_step": 1e6 * simulate_s / n_steps,
        "real_time_factor": simulate_s / (1e-3 * measurement.time),
        "timings": dict(merged(frames).timings),
        **_activity(engine.network, frames, simulate_s, measurement.time),
    }


def _activity(
    network: Network, frames: Sequence[Frame], simulate_s: float, duration: float
) -> Figures:
    counts = np.sum([frame.counts for frame in frames], axis=0)
    n_events = round(float(counts @ mean_outdegrees(network)))
    sizes = np.array([p.size for p in network.populations])
    return {
        "n_spikes": int(counts.sum()),
        "n_events": n_events,
        "ns_per_event": 1e9 * simulate_s / max(n_events, 1),
        "rate": float(counts.sum()) / network.n_neurons / (1e-3 * duration),
        "rates": (counts / sizes / (1e-3 * duration)).tolist(),
    }


def _compilation(network: Network, device: Device) -> Figures:
    """How long the compiler takes, and how long it takes to find what it made the first time."""
    with _empty_cache():
        seconds = []
        for _ in range(2):
            engine = CudaEngine(network, device)
            seconds.append(engine.report.compile_s)
            engine.close()
    return {"compile_cold_s": seconds[0], "compile_warm_s": seconds[1]}


@contextmanager
def _empty_cache() -> Iterator[Path]:
    """Let compiled code go into an empty folder."""
    before = os.environ.get("SNNLAB_CACHE_DIR")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SNNLAB_CACHE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["SNNLAB_CACHE_DIR"]
            else:
                os.environ["SNNLAB_CACHE_DIR"] = before


def _n_steps(network: Network, duration: float) -> int:
    return round(duration / network.dt)
