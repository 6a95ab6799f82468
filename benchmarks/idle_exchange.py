"""What an exchange costs in which nobody has a spike: ``python -m benchmarks.idle_exchange``.

Two ranks hold a network that is silent and whose shortest delay is one step, so that they exchange
in every step and nothing is ever in it. NEST GPU spends 71 us on a step of two ranks in which no
GPU has anything to do (Tiddia et al. 2025); nothing is judged here.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Sequence

import snnlab
from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.model.network import Network

__all__ = ["main", "network"]

WAYS = ("point_to_point", "collective")

_US = 1e6


def network(size: int) -> Network:
    """Return two populations of `size` neurons at rest, each connected to the other."""
    pairs = (("left", "right"), ("right", "left"))
    return Network(
        [snnlab.Population(name, size, "LIFDelta") for name, _ in pairs],
        [
            snnlab.Projection(pre, post, snnlab.FixedIndegree(10), 0.1, 0.1)
            for pre, post in pairs
        ],
        name="silent",
    )  # fmt: skip


def measure(
    ranks: Ranks, way: str, size: int, n_steps: int, repeats: int
) -> list[tuple[float, float]]:
    """Return the times of an exchange and of a whole step [us], waiting included, by repeat."""
    engine = ClusterEngine(network(size), ranks, threads=1, exchange=way)
    try:
        frames = [engine.advance(n_steps) for _ in range(repeats + 1)][1:]
    finally:
        engine.close()
    if any(len(frame.step) for frame in frames):
        raise snnlab.errors.StateError("the network", "must be silent", got="spikes")
    scale = _US / n_steps
    return [(frame.timings["exchange"] * scale, frame.wall_s * scale) for frame in frames]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure both ways of exchanging and print a line of each."""
    parser = argparse.ArgumentParser(prog="benchmarks.idle_exchange", description=__doc__)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--size", type=int, default=256, help="neurons of each population")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=15)
    wanted = parser.parse_args(arguments)
    with Ranks.start(wanted.ranks, device="cpu") as ranks:
        for way in WAYS:
            found = measure(ranks, way, wanted.size, wanted.steps, wanted.repeats)
            for what, times in zip(("exchange", "step"), zip(*found, strict=True), strict=True):
                print(
                    json.dumps(
                        {
                            "way": way, "what": what, "unit": "us", "ranks": wanted.ranks,
                            "median": round(statistics.median(times), 3),
                            "least": round(min(times), 3), "most": round(max(times), 3),
                            "repeats": len(times), "load": round(os.getloadavg()[0], 1),
                        }
                    )
                )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
