"""What is told of a network before it is built, and found: ``python -m benchmarks.preview``.

All presets at the size of their card, and drawn networks. Rates are those that were measured, so
that the table compares times and not guesses of activity; ``--assumed`` leaves them out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.balanced import balanced
from snnlab import presets
from snnlab.cpu.cost import Cost, cost_of
from snnlab.cpu.engine import CpuEngine
from snnlab.cpu.machine_speed import machine_class, measured_slowness
from snnlab.model.network import Network
from snnlab.presets import card
from snnlab.session.pace import ChunkLength

__all__ = ["Compared", "compare", "main", "networks"]

DRAWN = ((1_000, 100), (3_000, 1_000), (10_000, 100), (20_000, 1_000), (100_000, 100))
"""Neurons and synapses of each."""

LARGER: dict[str, dict[str, Any]] = {
    "homeostatic": {"N": 900, "speed": 20.0}, "topographic_map_slots": {"scale": 4.0},
}  # fmt: skip
"""Presets that are rewired, at another size than that of their card."""

_SETTLE_MS = 200.0


@dataclass(frozen=True)
class Compared:
    """A network as it was told and as it was found.

    Parameters
    ----------
    name : str
    told : Cost
    n_bytes : int
    build_s : float [s]
    real_time_factor : float
    """

    name: str
    told: Cost
    n_bytes: int
    build_s: float
    real_time_factor: float


def networks() -> Iterator[tuple[str, Network]]:
    """Yield the networks with their names."""
    for name in presets.names():
        usual: dict[str, Any] = dict(card(name).settings)
        yield name, presets.load(name, **usual)
    for name, settings in LARGER.items():
        yield f"{name}, larger", presets.load(name, **settings)
    for n, indegree in DRAWN:
        yield f"drawn, {n} x {indegree}", balanced(n, indegree)


def compare(
    name: str, network: Network, *, threads: int, seconds: float, is_assumed: bool
) -> Compared:
    """Build a network, run it, and return what was told of it and what was found.

    Parameters
    ----------
    name : str
    network : Network
    threads : int
    seconds : float [s]
        Wall-clock time to run it; the fastest fifth of it counts.
    is_assumed : bool
        Whether to tell its cost with assumed rates.
    """
    slower = measured_slowness()  # now: what else runs on the machine comes and goes
    engine = CpuEngine(network, threads=threads)
    builds = [engine.report.build_s]
    engine.advance(int(_SETTLE_MS / network.dt))
    spikes, n_steps, factors = np.zeros(len(network.populations)), 0, []
    chunk = ChunkLength()  # as a session does: Python between calls counts as much as it does there
    for _ in range(5):
        began, first = time.perf_counter(), engine.step
        while time.perf_counter() - began < seconds / 5:
            call = time.perf_counter()
            frame = engine.advance(chunk.steps)
            chunk.measured(chunk.steps, time.perf_counter() - call)
            spikes, n_steps = spikes + frame.counts, n_steps + frame.t_stop - frame.t_start
        took = time.perf_counter() - began
        factors.append(took / ((engine.step - first) * network.dt * 1e-3))
    engine.close()
    slower = min(slower, measured_slowness())
    for _ in range(2):
        again = CpuEngine(network, threads=threads)
        builds.append(again.report.build_s)
        again.close()
    model_s = n_steps * network.dt * 1e-3
    rates = {p.name: float(n) / p.size / model_s
             for p, n in zip(network.populations, spikes, strict=True)}  # fmt: skip
    told = cost_of(network, None if is_assumed else rates, threads=threads, factor=slower)
    return Compared(name, told, engine.report.n_bytes, min(builds), min(factors))


def line(found: Compared) -> str:
    """Return a line of the table in Markdown."""
    told = found.told
    return (
        f"| {found.name} | {told.n_bytes / 2**20:.3g} | {told.n_bytes / found.n_bytes:.3f} "
        f"| {told.build_s * 1e3:.3g} | {told.build_s / found.build_s:.2f} "
        f"| {told.real_time_factor:.3g} | {told.real_time_factor / found.real_time_factor:.2f} "
        f"| {told.rate:.3g} |"
    )


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print a table with its conditions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.preview", description=__doc__)
    parser.add_argument("--threads", type=int, default=1, metavar="T")
    parser.add_argument("--seconds", type=float, default=0.5, metavar="S")
    parser.add_argument("--assumed", action="store_true", help="do not use measured rates")
    told = parser.parse_args(words)
    print(f"{machine_class()}, {told.threads} threads, load {os.getloadavg()[0]:.1f} at the start; "
          "told for the speed of the machine right before or after\n")  # fmt: skip
    print("| network | MiB | told / held | build, ms | told / took | real-time factor "
          "| told / took | rate, Hz |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, network in networks():
        found = compare(
            name, network, threads=told.threads, seconds=told.seconds, is_assumed=told.assumed
        )
        print(line(found), flush=True)


if __name__ == "__main__":
    main()
