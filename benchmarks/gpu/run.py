"""Measure one thing on a GPU and print the figures as one JSON object.

``python run.py "microcircuit, DC" --seeds 1,2,3 --seconds 20``
"""

from __future__ import annotations

import time

BEGAN = time.perf_counter()

import argparse  # noqa: E402
import json  # noqa: E402
import sys  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parents[2])

from benchmarks.gpu import variants  # noqa: E402

__all__ = ["main"]


def main(words: Sequence[str] | None = None) -> None:
    """Take the device, measure, print.

    Parameters
    ----------
    words : sequence of str, optional
        Default: the command line.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("measurement")
    parser.add_argument("--seeds", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--variant", type=int, nargs=2, metavar=("THREADS", "PIECE"))
    args = parser.parse_args(words)
    if args.variant:
        variants.take(*args.variant)
    # What the engine is made of is read when it is imported.
    from benchmarks.gpu.measure import measure
    from benchmarks.gpu.measurements import MEASUREMENTS
    from snnlab.cuda.cupy_device import CupyDevice
    from snnlab.errors import OutOfMemory
    from snnlab.record.provenance import versions

    seeds = [int(seed) for seed in args.seeds.split(",")]
    measurement, device = MEASUREMENTS[args.measurement], CupyDevice(0)
    try:
        found: dict[str, Any] = {
            "runs": measure(measurement, device, seeds, until=BEGAN + args.seconds)
        }
    except OutOfMemory as error:
        found = {"runs": [], "too_large": str(error)}
    print(json.dumps({**found, "versions": versions()}))


if __name__ == "__main__":
    main()
