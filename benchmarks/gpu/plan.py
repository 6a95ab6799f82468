"""Each measurement in a process of its own, one after the other, within a time in all."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.gpu.measurements import MEASUREMENTS, Measurement
from benchmarks.gpu.records import FORMAT, checked
from benchmarks.gpu.variants import VARIANTS, name_of
from benchmarks.machine import machine, revision
from snnlab.bench.process import Outcome, run_process
from snnlab.cuda.facts import Facts

__all__ = ["Plan", "Task", "command", "gpu_of", "of_measurements", "of_variants", "records"]

Record = dict[str, Any]

PROGRAM = Path(__file__).with_name("run.py")

START_S = 3.0
"""What a process needs to start, at least; with less left none is started."""

SHARE = 0.85
"""Of a process's time in which it may begin runs."""

VARIED = "microcircuit, Poisson"


@dataclass(frozen=True)
class Task:
    """What one process does.

    Parameters
    ----------
    name : str
        Of the measurement.
    measurement : Measurement
    seeds : tuple of int
    variant : (threads, piece), optional
        In place of the engine's own numbers.
    """

    name: str
    measurement: Measurement
    seeds: tuple[int, ...]
    variant: tuple[int, int] | None = None

    def setting(self, chosen: str) -> str:
        """Return the setting that records of it have."""
        return ", ".join(filter(None, [chosen, name_of(*self.variant) if self.variant else ""]))


@dataclass(frozen=True)
class Plan:
    """What is run, and in how much time.

    Parameters
    ----------
    tasks : sequence of Task
    gpu : mapping
        What records say of the GPU.
    total_s : float [s]
        Tasks that do not begin in this time are left out.
    command : callable
        Task, seconds -> the command that runs it.
    """

    tasks: Sequence[Task]
    gpu: Mapping[str, Any]
    total_s: float
    command: Callable[[Task, float], Sequence[str]]


def of_measurements(names: Sequence[str], n_seeds: int) -> list[Task]:
    """Return the tasks that measure these, with seeds from 1 on."""
    seeds = tuple(range(1, n_seeds + 1))
    return [Task(name, MEASUREMENTS[name], seeds) for name in names]


def of_variants(n_seeds: int) -> list[Task]:
    """Return the tasks that run the microcircuit with other numbers of threads and pieces."""
    seeds = tuple(range(1, n_seeds + 1))
    return [Task(VARIED, MEASUREMENTS[VARIED], seeds, variant) for variant in VARIANTS]


def command(task: Task, seconds: float) -> list[str]:
    """Return the command that runs a task and begins no run after `seconds` [s]."""
    variant = ["--variant", *map(str, task.variant)] if task.variant else []
    return [
        sys.executable, str(PROGRAM), task.name, "--seeds", ",".join(map(str, task.seeds)),
        "--seconds", f"{seconds:g}", *variant,
    ]  # fmt: skip


def gpu_of(facts: Facts, index: int = 0) -> dict[str, Any]:
    """Return what records say of a GPU."""
    gpu = facts.gpus[index]
    return {
        "name": gpu.name, "memory_bytes": gpu.total_bytes,
        "capability": f"{gpu.capability / 10:.1f}", "driver": facts.driver,
        "cuda": ".".join(map(str, facts.nvrtc)), "cupy": facts.cupy,
    }  # fmt: skip


def records(plan: Plan, say: Callable[[str], object]) -> Iterator[Record]:
    """Run everything; give each record as soon as there is one.

    Parameters
    ----------
    plan : Plan
    say : callable
        Gets a line about each run.
    """
    now = datetime.now(UTC)
    constant = {
        "format": FORMAT, "session": f"{now:%Y%m%dT%H%M%SZ}", "simulator": "snnlab",
        "threads": 1, "busy": False, "machine": {**machine(), "gpu": dict(plan.gpu)},
        "revision": revision(Path(__file__).parent),
    }  # fmt: skip
    end = time.monotonic() + plan.total_s
    for task in plan.tasks:
        common = constant | {
            "time": datetime.now(UTC).isoformat(), "model": task.name,
            "warmup_ms": task.measurement.warmup, "time_ms": task.measurement.time,
            "load": list(os.getloadavg()),
        }  # fmt: skip
        outcome = _outcome(plan, task, end - time.monotonic())
        for found in _found(task, outcome):
            record = checked(common | found)
            say(_line(record))
            yield record


def _outcome(plan: Plan, task: Task, left: float) -> Outcome:
    limit = min(task.measurement.limit_s, left)
    if limit < START_S:
        return Outcome("skipped", f"no time left of {plan.total_s:g} s")
    return run_process(plan.command(task, SHARE * limit), timeout_s=limit)


def _found(task: Task, outcome: Outcome) -> Iterator[Record]:
    """What records of a task have of their own: one for each run, one for those that lack."""
    runs = outcome.figures.get("runs", []) if outcome.status == "ok" else []
    for run in runs:
        why = _complaint(task.measurement, run["figures"])
        yield {
            "setting": task.setting(run["setting"]), "round": run["seed"], "seed": run["seed"],
            "status": "regime" if why else "ok", "why": why, "figures": run["figures"],
            "versions": outcome.figures["versions"],
        }  # fmt: skip
    if len(runs) < len(task.seeds):
        status, why = _lack(task, outcome, len(runs))
        seed = task.seeds[len(runs)]
        yield {
            "setting": task.setting(""), "round": seed, "seed": seed, "status": status,
            "why": why, "figures": {}, "versions": {},
        }  # fmt: skip


def _lack(task: Task, outcome: Outcome, n_runs: int) -> tuple[str, str]:
    """Status and reason of a record that stands for runs which are not there."""
    if outcome.status != "ok":
        return outcome.status, outcome.why
    if "too_large" in outcome.figures:
        return "skipped", str(outcome.figures["too_large"])
    return "timeout", f"{n_runs} of {len(task.seeds)} runs in {task.measurement.limit_s:g} s"


def _complaint(measurement: Measurement, figures: Mapping[str, Any]) -> str:
    """Why a run is not the network that was meant; empty if it is."""
    if measurement.rate is None:
        return ""
    (low, high), rate = measurement.rate, figures["rate"]
    return "" if low <= rate <= high else f"rate {rate:.3g} Hz, expected {low:g} ... {high:g} Hz"


def _line(record: Record) -> str:
    """What one run gave, in one line."""
    figures = record["figures"]
    words = [f"{record['model']:26} seed {record['seed']}", record["setting"]]
    if record["status"] != "ok":
        words.append(f"{record['status'].upper()}: {record['why']}")
    if "build_s" in figures:
        words.append(f"build {figures['build_s']:.3f} s")
    if "real_time_factor" in figures:
        words.append(
            f"real-time factor {figures['real_time_factor']:.4f}, {figures['rate']:.2f} Hz"
        )
    return "  ".join(word for word in words if word)
