"""One run: prepared, isolated, watched, judged."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from snnlab.bench.adapters.adapter import Adapter, Job
from snnlab.bench.adapters.simulators import PROGRAMS
from snnlab.bench.energy import Counter, counters, joules, reason
from snnlab.bench.environment import environment_of_run, told_environment
from snnlab.bench.gpu_energy import gpu_counter
from snnlab.bench.guards import guards_now
from snnlab.bench.machine import cores_for
from snnlab.bench.measured import Measured, measured
from snnlab.bench.process import Outcome, Usage, busy_processes, run_process
from snnlab.bench.redaction import redaction
from snnlab.bench.science import activity, checks_of, complaint, mean_outdegrees, read_spikes
from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree
from snnlab.bench.turn_process import Command, run_in_turns
from snnlab.errors import FormatError, SnnlabError

__all__ = ["Arm", "Run", "run_once", "run_together", "takes_turns"]

N_BLOCKS = 100
"""Of the measured time, for runs that take turns; more are shorter, and the cache is colder."""


@dataclass(frozen=True)
class Arm:
    """One version of one cell: what a record is made of.

    Parameters
    ----------
    cell : Cell
    adapter : Adapter
    tree : Tree
        The version.
    is_anchor : bool
        It is measured beside another one, to tell what the machine does.
    """

    cell: Cell
    adapter: Adapter
    tree: Tree
    is_anchor: bool = False

    @property
    def label(self) -> str:
        """Cell, and version if it has one."""
        return f"{self.cell.label} {self.tree.label}".rstrip()


@dataclass(frozen=True)
class Run:
    """What one run gave; JSON has it.

    Parameters
    ----------
    status : str
        One of `schema.STATUSES`.
    why : str
        What there is to say unless it is ok.
    seed : int
    started_at : str
        UTC.
    wall, cpu : float [s]
        Of the whole process.
    phases, numbers, values, n_bytes : mapping
        As of `Measured`; `values` has what was computed from the spikes as well.
    checks : list
        Name, value (None: not known), lowest, highest.
    guards : mapping
        As of `Guards.during`.
    energy : mapping
        Package or GPU -> energy of the whole process [J]; empty where it cannot be read, and
        where another run took turns with this one.
    no_energy : list of str
        Why some of it was not read.
    versions, raw, environment : mapping
    command : list of str
        With names in place of folders.
    """

    status: str
    why: str
    seed: int
    started_at: str
    wall: float = 0.0
    cpu: float | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    n_bytes: Mapping[str, float] = field(default_factory=dict)
    checks: Sequence[tuple[str, float | None, float, float]] = ()
    guards: Mapping[str, float] = field(default_factory=dict)
    energy: Mapping[str, float] = field(default_factory=dict)
    no_energy: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()

    @property
    def counts(self) -> bool:
        """Whether its times may be used."""
        return self.status in ("ok", "noisy")

    def as_json(self) -> dict[str, Any]:
        """Return all of it, without names, homes and secrets."""
        found: dict[str, Any] = redaction().value(asdict(self))
        return found


def run_once(arm: Arm, seed: int, *, started: Callable[[int], object] = lambda pid: None) -> Run:
    """Run an arm once.

    Parameters
    ----------
    arm : Arm
    seed : int
    started : callable
        Called with the process id.

    Raises
    ------
    SpecError
        The command cannot be made.
    """
    with tempfile.TemporaryDirectory(prefix="snnlab-bench-") as folder:
        started_run = _Started(arm, seed, Path(folder))
        try:
            with busy_processes(arm.cell["beside"], started_run.cores) as beside:
                outcome = run_process(
                    started_run.command, timeout_s=arm.cell["time_limit"], cores=started_run.cores,
                    environment=started_run.environment, folder=_folder(arm), started=started,
                )  # fmt: skip
        except OSError as error:
            outcome = Outcome("failed", f"{started_run.command[0]}: {error.strerror}")
        # What was asked to compute beside it is none of the foreign load.
        usage = replace(outcome.usage, cpu=outcome.usage.cpu + sum(beside))
        return started_run.run(outcome, usage)


def run_together(
    arms: Sequence[Arm],
    seed: int,
    *,
    n_blocks: int = N_BLOCKS,
    started: Callable[[int, int], object] = lambda number, pid: None,
) -> list[Run]:
    """Run arms at the same time, in turns: a block of the measured time each, again and again.

    What disturbs the machine for longer than a block disturbs all of them alike; see
    `ratios_of_blocks`.

    Parameters
    ----------
    arms : sequence of Arm
        Whose cells can take turns, see `takes_turns`.
    seed : int
        Of all of them.
    n_blocks : int
        Of the measured time.
    started : callable
        Called with the number of an arm and a process id.
    """
    with tempfile.TemporaryDirectory(prefix="snnlab-bench-") as folder:
        all_started = []
        for number, arm in enumerate(arms):
            own = Path(folder) / str(number)
            own.mkdir()
            all_started.append(_Started(arm, seed, own, n_blocks))
        first = all_started[0]
        commands = [Command(one.command, one.environment, _folder(one.arm)) for one in all_started]
        try:
            outcomes = run_in_turns(
                commands, timeout_s=max(arm.cell["time_limit"] for arm in arms),
                cores=first.cores, seed=seed, started=started,
            )  # fmt: skip
        except OSError as error:
            outcomes = [Outcome("failed", f"{error.filename}: {error.strerror}")] * len(arms)
        # What the others took of the cores is none of the foreign load.
        usages = [outcome.usage for outcome in outcomes]
        whole = Usage(sum(u.wall for u in usages), sum(u.cpu for u in usages))
        return [
            one.run(outcome, replace(whole, switches=outcome.usage.switches))
            for one, outcome in zip(all_started, outcomes, strict=True)
        ]


def takes_turns(cell: Cell) -> bool:
    """Return whether the program of a cell can wait for its turn between two blocks.

    snnlab's can, alone on one thread of a CPU: threads that wait for work would disturb the other
    one.
    """
    alone = cell["threads"] == cell["ranks"] == 1 and cell["device"] == "cpu" and not cell["beside"]
    return bool(alone and cell["simulator"] == "snnlab" and cell["time"] > 0.0)


class _Started:
    """A run that is about to begin."""

    def __init__(self, arm: Arm, seed: int, folder: Path, n_blocks: int = 0) -> None:
        cell = arm.cell
        self.arm = arm
        self.cores = cores_for(cell["threads"] * cell["ranks"])
        self.environment = environment_of_run(cell["threads"], _code(arm))
        self.job = Job(cell, seed, arm.tree, folder, n_blocks)
        self.command = arm.adapter.command(self.job)
        self.counters, self.no_energy = _energy(cell, in_turns=bool(n_blocks))
        self.began, self.before = datetime.now(UTC), guards_now(self.cores or ())

    def run(self, outcome: Outcome, usage: Usage) -> Run:
        """Return what came of it.

        Parameters
        ----------
        outcome : Outcome
        usage : Usage
            Of all that was measured on these cores meanwhile.
        """
        later = guards_now(self.cores or ())
        cores = self.cores
        cpu = outcome.usage.cpu
        return Run(
            **_judged(self.arm, self.job, outcome),
            seed=self.job.seed,
            started_at=self.began.isoformat(timespec="milliseconds"),
            wall=outcome.usage.wall,
            cpu=cpu if math.isfinite(cpu) else None,
            guards=self.before.during(later, usage, len(cores or (0,))) if cores else {},
            energy=joules(self.counters, _energy(self.arm.cell, in_turns=not self.counters)[0]),
            no_energy=self.no_energy,
            environment=told_environment(self.environment),
            command=_told(self.command, self.job),
        )


def _energy(cell: Cell, *, in_turns: bool) -> tuple[dict[str, Counter], list[str]]:
    """Counters of processors and of the GPU of a run, and why some are not there."""
    if in_turns:
        return {}, ["another run took turns with this one"]
    found, why = counters(), []
    if not found:
        why.append(reason())
    if cell["device"] != "cpu":
        gpu, no_gpu = gpu_counter(cell["device"])
        found |= gpu
        why += [no_gpu] if no_gpu else []
    return found, why


def _code(arm: Arm) -> Path | None:
    """What goes before the installed packages: the tree, where snnlab itself is measured."""
    return arm.tree.folder if arm.adapter.name == "snnlab" else None


def _folder(arm: Arm) -> Path | None:
    return arm.tree.folder if arm.adapter.name == "command" else None


def _told(command: list[str], job: Job) -> list[str]:
    """The command with names in place of folders, so that it says the same everywhere."""
    names = {
        str(job.scratch): "{scratch}", str(PROGRAMS): "{programs}", sys.executable: "{python}",
        str(job.cell.folder.resolve()): "{folder}", str(job.tree.folder): "{tree}",
    }  # fmt: skip
    found = []
    for word in command:
        for folder, name in names.items():
            word = word.replace(folder, name) if len(folder) > 1 else word  # noqa: PLW2901
        found.append(word)
    return found


def _judged(arm: Arm, job: Job, outcome: Outcome) -> dict[str, Any]:
    """Status and figures of a run."""
    if outcome.status != "ok":
        return {"status": outcome.status, "why": outcome.why}
    try:
        found = measured(outcome.figures)
        _check_package(arm, found)
        values = _values(arm, job, found)
    except SnnlabError as error:
        return {"status": "failed", "why": " ".join(str(error).split())}
    checks = checks_of(job.cell["checks"], values)
    why = complaint(checks)
    return {
        "status": "invalid_science" if why else "ok",
        "why": why,
        "phases": found.phases,
        "numbers": {**found.numbers, **_counts(values)},
        "values": values,
        "n_bytes": found.n_bytes,
        "checks": [
            (c.name, c.value if math.isfinite(c.value) else None, c.low, c.high) for c in checks
        ],
        "versions": found.versions,
        "raw": found.raw,
    }


def _check_package(arm: Arm, found: Measured) -> None:
    """Refuse a run that has measured another version than the one that was meant."""
    if not found.package or arm.adapter.name != "snnlab":
        return
    expected = (arm.tree.folder / "snnlab").resolve()
    if Path(found.package) != expected:
        raise FormatError(
            "Figures of the program", "must be of the version that is measured",
            got="those of another installation",
        )  # fmt: skip


def _values(arm: Arm, job: Job, found: Measured) -> dict[str, float]:
    values = {**found.numbers, **found.values}
    if not job.spikes.exists():
        return values
    step, neuron = read_spikes(job.spikes)
    values |= activity(step, neuron, found)
    network = arm.adapter.network(job.cell)
    if network is not None and not network.rewirings and found.populations:
        edges = np.cumsum([0, *found.populations.values()])
        counts = np.histogram(neuron, edges)[0]
        degrees = mean_outdegrees(network)
        if len(degrees) == len(counts):
            values["n_syn_events"] = float(round(float(counts @ degrees)))
    return values


def _counts(values: Mapping[str, float]) -> dict[str, float]:
    return {name: values[name] for name in ("n_spikes", "n_syn_events") if name in values}
