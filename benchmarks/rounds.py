"""All simulators run each network in turn, round by round, each time with another seed."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jsonschema import ValidationError

from benchmarks.activity import activity, complaint
from benchmarks.machine import machine, revision
from benchmarks.models import Model
from benchmarks.records import FORMAT, check
from benchmarks.simulators import Simulator
from snnlab.bench.adapters.plain import plain
from snnlab.bench.measured import Measured, measured
from snnlab.bench.process import Outcome, busy_process, run_process
from snnlab.errors import SnnlabError
from snnlab.interop import native_json
from snnlab.model.network import Network

__all__ = ["Plan", "run_rounds"]

Record = dict[str, Any]

BUSY = (sys.executable, "-c", "while True: pass")
"""What else a notebook user's machine does, in its plainest form."""


@dataclass(frozen=True)
class Plan:
    """What is run.

    Parameters
    ----------
    models : mapping
        Name -> `Model`.
    simulators : mapping
        Name -> `Simulator`; snnlab is one of them.
    rounds, threads : int
    busy : sequence of str
        Simulators that also run beside a busy process.
    timeout_s : float [s]
        Longest time of one run.
    """

    models: Mapping[str, Model]
    simulators: Mapping[str, Simulator]
    rounds: int = 5
    threads: int = 2
    busy: Sequence[str] = ()
    timeout_s: float = 900.0


def run_rounds(plan: Plan, say: Callable[[str], object]) -> Iterator[Record]:
    """Run everything; give each record as soon as there is one.

    Parameters
    ----------
    plan : Plan
    say : callable
        Gets a line about each run as it ends.
    """
    session = _Session(plan)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(1, plan.rounds + 1):
            for name, model in plan.models.items():
                network = model.make(seed)
                path = Path(folder) / "network.json"
                native_json.save(plain(network), path)
                for run in session.runs(name, seed):
                    record = session.record(run, network, path)
                    say(_line(record))
                    yield record


@dataclass(frozen=True)
class _Run:
    """One run: who, what, how."""

    model: str
    simulator: str
    setting: tuple[str, ...]
    seed: int
    busy: bool


@dataclass
class _Session:
    """What stays the same, and which settings have proved the fastest."""

    plan: Plan
    name: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}")
    fastest: dict[tuple[str, str], tuple[float, tuple[str, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machine = machine()
        self.revision = revision(Path(__file__).parent)
        self.missing = {name: s.missing() for name, s in self.plan.simulators.items()}

    def runs(self, model: str, seed: int) -> Iterator[_Run]:
        """All runs of a model in a round; who begins alternates."""
        order = list(self.plan.simulators)[:: 1 if seed % 2 else -1]
        for name in order:
            for setting in self._settings(model, name, seed):
                yield _Run(model, name, setting, seed, busy=False)
            if name in self.plan.busy:
                yield _Run(model, name, self._settings(model, name, seed=2)[0], seed, busy=True)

    def _settings(self, model: str, name: str, seed: int) -> tuple[tuple[str, ...], ...]:
        simulator = self.plan.simulators[name]
        every = simulator.settings
        if self._reason_to_skip(model, name):
            return every[:1]
        if seed == 1 or simulator.runs_all:
            return every
        return (self.fastest[model, name][1] if (model, name) in self.fastest else every[0],)

    def _reason_to_skip(self, model: str, name: str) -> str:
        return self.missing[name] or self.plan.models[model].skip.get(name, "")

    def record(self, run: _Run, network: Network, path: Path) -> Record:
        """Run, judge, and put everything into a record."""
        load = os.getloadavg()
        model = self.plan.models[run.model]
        began = datetime.now(UTC)
        outcome = self._outcome(run, model, network, path)
        figures = dict(outcome.figures)
        versions = figures.pop("versions", {})
        record = checked({
            "format": FORMAT, "session": self.name, "time": began.isoformat(),
            "model": run.model, "simulator": run.simulator,
            "setting": " ".join(run.setting), "round": run.seed, "seed": run.seed,
            "threads": self.plan.threads, "busy": run.busy,
            "warmup_ms": model.warmup, "time_ms": model.time,
            "status": outcome.status, "why": outcome.why, "figures": figures,
            "versions": versions, "load": list(load), "machine": self.machine,
            "revision": self.revision,
        })  # fmt: skip
        if record["status"] == "ok" and not run.busy:
            self._note_speed(run, figures)
        return record

    def _outcome(self, run: _Run, model: Model, network: Network, path: Path) -> Outcome:
        if why := self._reason_to_skip(run.model, run.simulator):
            return Outcome("skipped", why)
        spikes = path.with_name("spikes.npz")
        spikes.unlink(missing_ok=True)
        command = self.plan.simulators[run.simulator].command(
            run.setting, path, spikes, threads=self.plan.threads, warmup=model.warmup,
            time=model.time, touch=model.touch,
        )  # fmt: skip
        with busy_process(BUSY) if run.busy else nullcontext():
            outcome = run_process(command, timeout_s=self.plan.timeout_s)
        if outcome.status != "ok":
            is_memory = outcome.status == "oom"  # these records know no such status
            return Outcome("failed", outcome.why) if is_memory else outcome
        try:
            figures = figures_of(measured(outcome.figures))
        except SnnlabError as error:
            return Outcome("failed", " ".join(str(error).split()))
        if missing := lacking(figures, model.time, spikes):
            return Outcome("failed", f"gave no {', '.join(missing)}")
        figures = complete(figures, network, model.time, spikes)
        why = complaint(model, network, figures)
        return Outcome("regime" if why else "ok", why, figures)

    def _note_speed(self, run: _Run, figures: Record) -> None:
        seconds = float(figures["simulate_s" if "simulate_s" in figures else "build_s"])
        best, _ = self.fastest.get((run.model, run.simulator), (float("inf"), ()))
        if seconds < best:
            self.fastest[run.model, run.simulator] = (seconds, run.setting)


def checked(record: Record) -> Record:
    """Return a record, or one of a failed run where its figures cannot be."""
    try:
        check(record)
    except ValidationError as error:
        why = f"gave figures that cannot be: {error.json_path} {error.message}"
        return record | {"status": "failed", "why": why, "figures": {}, "versions": {}}
    return record


def figures_of(found: Measured) -> Record:
    """Return what a program has printed by the names that these records have for it.

    Parameters
    ----------
    found : Measured
    """
    phases, n_bytes = found.phases, found.n_bytes
    names = {"construct": "build_s", "compile": "compile_s", "simulate": "simulate_s"}
    figures: Record = {new: phases[old] for old, new in names.items() if old in phases}
    if "n_synapses" in found.numbers:
        figures["n_synapses"] = round(found.numbers["n_synapses"])
    sizes = {"peak": "peak_bytes", "connectivity": "synapse_bytes", "growth": "growth_bytes"}
    figures |= {new: round(n_bytes[old]) for old, new in sizes.items() if old in n_bytes}
    figures |= {n: found.values[n] for n in ("weight_mean", "weight_std") if n in found.values}
    parts = {
        path.partition("/")[2].replace("communicate", "exchange"): seconds
        for path, seconds in phases.items() if path.startswith("simulate/")
    }  # fmt: skip
    if parts:
        rest = phases["simulate"] - sum(parts.values())
        figures["timings"] = parts | {"other": max(rest, 0.0)}
    return figures | {"versions": dict(found.versions)}


def lacking(figures: Mapping[str, Any], time: float, spikes: Path) -> list[str]:
    """Return what a simulator should have given and has not."""
    names = ["build_s", "n_synapses", "peak_bytes", *(["simulate_s"] if time else [])]
    found = [name for name in names if name not in figures]
    return [*found, *(["spikes"] if time and not spikes.exists() else [])]


def complete(figures: Record, network: Network, time: float, spikes: Path) -> Record:
    """Add what follows from what a simulator has printed, and from its spikes.

    Parameters
    ----------
    figures : dict
        What it printed.
    network : Network
    time : float [ms]
        Model time that was measured; 0 for construction only.
    spikes : Path
        Where its spikes are.

    Notes
    -----
    Bytes per synapse are those of the connectivity where the simulator knows them, else what its
    memory grew by while it built; else its peak, which is a bound.
    """
    figures["n_neurons"] = network.n_neurons
    size = next(figures[k] for k in ("synapse_bytes", "growth_bytes", "peak_bytes") if k in figures)
    figures["bytes_per_synapse"] = max(size, 0) / max(figures["n_synapses"], 1)
    if time:
        figures |= activity(network, spikes, time)
        figures["real_time_factor"] = figures["simulate_s"] / (1e-3 * time)
        if "n_events" in figures:
            figures["ns_per_event"] = 1e9 * figures["simulate_s"] / max(figures["n_events"], 1)
    else:
        # One step, so that queues are there, is no simulation.
        for name in ("simulate_s", "timings"):
            figures.pop(name, None)
    return figures


def _line(record: Record) -> str:
    """What one run gave, in one line."""
    figures = record["figures"]
    busy = " (busy)" if record["busy"] else ""
    words = [f"round {record['round']}  {record['model']:18} {record['simulator']}{busy}",
             record["setting"]]  # fmt: skip
    if record["status"] != "ok":
        words.append(f"{record['status'].upper()}: {record['why']}")
    if "build_s" in figures:
        words.append(f"build {figures['build_s']:.3f} s")
    if "simulate_s" in figures:
        words.append(f"simulate {figures['simulate_s']:.3f} s, {figures['rate']:.2f} Hz")
    return "  ".join(word for word in words if word)
