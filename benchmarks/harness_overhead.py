"""What the harness itself takes of a run: ``python -m benchmarks.harness_overhead [SECONDS]``.

A program that sleeps for 5 s runs alone and through a campaign, in turn; the difference of the wall
times is what preparing, watching, judging and writing down take. Exits with 0 if it is below 1 %.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
import time
from statistics import median

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.machine import discover
from snnlab.bench.one_run import Arm
from snnlab.bench.spec import spec_from
from snnlab.bench.store import Store

N = 3

PROGRAM = """
import sys, time
began = time.perf_counter()
time.sleep(float(sys.argv[1]))
print('{"wall_time": ' + str(time.perf_counter() - began) + "}")
"""


def main(seconds: float) -> int:
    """Measure, tell; return the exit code."""
    spec = spec_from(
        "sleep", simulator="command", command=["{python}", "-c", PROGRAM, "{seconds}"],
        parameters={"seconds": seconds}, repeats=N,
    )  # fmt: skip
    (cell,) = spec.cells()
    adapter = adapter_for("command")
    arm = Arm(cell, adapter, adapter.tree(cell))
    alone = []
    for _ in range(N):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", PROGRAM, str(seconds)], check=True)
        alone.append(time.perf_counter() - began)
    with tempfile.TemporaryDirectory() as folder:
        ends = [time.perf_counter()]
        campaign = Campaign((arm,), N, discover(), discard=0)
        run_campaign(campaign, Store(folder), tell=lambda line: ends.append(time.perf_counter()))
        whole = time.perf_counter() - ends[0]
    # From the end of one run to that of the next; the first one has the sentinel before it.
    each = [b - a for a, b in itertools.pairwise(ends[1:])]
    overhead = median(each) - median(alone)
    print(f"alone {median(alone):.3f} s, harnessed {median(each):.3f} s: {overhead:.4f} s more")
    print(f"{overhead / seconds:.2%} of a run; the whole campaign of {N}: {whole:.2f} s")
    return 0 if overhead < 0.01 * seconds else 1


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 5.0))
