"""The harness takes less than 1 % of a run of 5 s."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.event_log import read_events
from snnlab.bench.machine import discover
from snnlab.bench.plan import plan
from snnlab.bench.spec import load_spec
from snnlab.bench.store import Store
from tests.bench.commands import SPEC, sleepy

LONG = 5.0
"""Length of a run [s] that the share is of."""


def test_overhead_of_a_run_is_less_than_1_percent(tmp_path: Path) -> None:
    """What lies between the end of one process and the start of the next, log included.

    Besides, what the harness itself computes for a whole campaign: science, log, the record. The
    fixed workload before and after is a measurement, and its length is told.
    """
    machine = discover()
    path = sleepy(tmp_path, spec=SPEC.replace("repeats: 3", "repeats: 12"))
    arms = tuple(item.arm for item in plan(load_spec(path), Store(tmp_path / "no"), machine).items)
    began = time.process_time()
    finished = run_campaign(Campaign(arms, 12, machine, discard=0), Store(tmp_path / "store"))
    computed = time.process_time() - began - sum(finished.sentinel)
    processes = [run.wall for run in finished.runs[0]]
    (log,) = (tmp_path / "store/campaigns").glob("*.jsonl")
    starts = [e["since"] for e in read_events(log) if e["event"] == "started"]
    between = [b - a - wall for a, b, wall in zip(starts, starts[1:], processes, strict=False)]
    assert median(between) < 0.01 * LONG
    assert computed / len(processes) < 0.01 * LONG
