"""Looks again and again at what ought to be measured, and measures it, within limits of time."""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import xarray as xr

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.environment import stack_facts
from snnlab.bench.ids import series_id, stack_id
from snnlab.bench.machine import MachineProfile, cores_for
from snnlab.bench.one_run import Arm
from snnlab.bench.quick_read import provenance_text
from snnlab.bench.spec import Cell, Spec
from snnlab.bench.store import Store
from snnlab.bench.tree import tree_of
from snnlab.bench.watch import Commit, Task, Wanted, due
from snnlab.bench.worktree import checked_out, git
from snnlab.errors import SnnlabError

__all__ = ["Watched", "Watcher", "commits_of", "watch"]


@dataclass(frozen=True)
class Watched:
    """What is watched, and where records go.

    Parameters
    ----------
    repository : Path
        Of the code that is measured.
    ref : str
        Branch or tag whose first-parent commits are the versions.
    specs : tuple of Spec
    store : Store
    machine : MachineProfile
    pythons : mapping
        Simulator -> interpreter.
    stack_variant : str
    every : timedelta, optional
        After which the head is measured again.
    most_gaps : int
        Gaps to fill per line and look.
    most_commits : int
        How far back versions are looked at.
    anchor : str
        A commit or tag that is measured in the same rounds as each version, and never changes:
        where it moves as well, the machine did. Default: none.
    """

    repository: Path
    ref: str
    specs: tuple[Spec, ...]
    store: Store
    machine: MachineProfile
    pythons: Mapping[str, str] = field(default_factory=dict)
    stack_variant: str = "default"
    every: timedelta | None = None
    most_gaps: int = 0
    most_commits: int = 200
    anchor: str = ""


def commits_of(repository: Path, ref: str, most: int) -> list[Commit]:
    """Return the newest first-parent commits of a branch, oldest first."""
    names = git(repository, "rev-list", "--first-parent", "-n", str(most), ref, "--").split()
    newest = int(git(repository, "rev-list", "--count", "--first-parent", ref, "--"))
    return [Commit(sha, newest - k) for k, sha in enumerate(names)][::-1]


class Watcher:
    """Knows what ought to be measured, and measures it.

    Parameters
    ----------
    watched : Watched
    tell : callable
        Gets a line about what is done.
    """

    def __init__(self, watched: Watched, tell: Callable[[str], object] = lambda line: None) -> None:
        self.watched = watched
        self.tell = tell
        self._cells: dict[str, Cell] = {}

    def due(self, now: datetime | None = None) -> tuple[Task, ...]:
        """Return what ought to be measured; see `watch.due`."""
        own = self.watched
        records = own.store.load()
        wanted = [self._wanted(cell, records) for cell in self._able()]
        commits = commits_of(own.repository, own.ref, own.most_commits)
        return due(
            wanted, commits, records, now=now or datetime.now(UTC), every=own.every,
            most_gaps=own.most_gaps,
        )  # fmt: skip

    def run(self, task: Task) -> None:
        """Measure one task: check out its version, run all repeats, write the record.

        The anchor, if it is another version, runs in the same rounds, and has a record of its own.
        """
        own, cell = self.watched, self._cells[task.wanted.series_id]
        adapter = adapter_for(cell["simulator"], own.pythons)
        with ExitStack() as stack:
            folder = stack.enter_context(checked_out(own.repository, task.commit.sha))
            arms = [Arm(cell, adapter, tree_of(folder))]
            if own.anchor and _commit(own.repository, own.anchor) != task.commit.sha:
                folder = stack.enter_context(checked_out(own.repository, own.anchor))
                arms.append(Arm(cell, adapter, tree_of(folder), is_anchor=True))
            campaign = Campaign(
                tuple(arms), cell["repeats"], own.machine, seed=cell["seed"],
                discard=cell["discard"], stack_variant=own.stack_variant,
            )  # fmt: skip
            run_campaign(campaign, own.store, tell=self.tell, is_fresh=task.again)

    def _able(self) -> list[Cell]:
        """Cells that can run here; why others cannot is told."""
        own = self.watched
        found = []
        for spec in own.specs:
            settled = spec.override(own.machine.settings, by="machine")
            for cell in (settled if own.machine.settings else spec).cells():
                n = cell["threads"] * cell["ranks"]
                few = "" if cores_for(n) is not None else f"needs {n} cores"
                why = few or adapter_for(cell["simulator"], own.pythons).missing(cell)
                if why:
                    self.tell(f"{cell.label}: left out, {why}")
                else:
                    found.append(cell)
        return found

    def _wanted(self, cell: Cell, records: xr.Dataset) -> Wanted:
        own = self.watched
        series = series_id(cell.spec_id, own.machine.class_id, own.stack_variant, cell.layout_id)
        self._cells[series] = cell
        return Wanted(cell.label, series, self._stack(cell, series))

    def _stack(self, cell: Cell, series: str) -> str:
        """Id of the software as it is now, as far as it can be told without a run.

        The packages that the newest record of the line names are looked up again. Of another
        interpreter nothing is known before it runs.
        """
        own = self.watched
        adapter = adapter_for(cell["simulator"], own.pythons)
        files = [path for path in own.store.paths() if path.parent.name == series]
        if not files or cell["simulator"] in own.pythons:
            return ""
        stored = json.loads(provenance_text(max(files)))["stack"]
        # A program that tells no versions leaves those of the harness, and its compiler.
        versions = {} if stored.get("compiler") else _now(stored.get("packages", {}))
        facts = stack_facts(versions, own.machine)
        return stack_id(facts, simulator=adapter.package)


def _commit(repository: Path, name: str) -> str:
    return git(repository, "rev-parse", "--verify", f"{name}^{{commit}}")


def _now(packages: Mapping[str, Any]) -> dict[str, Any]:
    """The same packages with the versions that are installed; what is none of them is kept."""
    found = {}
    for name, stored in packages.items():
        if name == "python":
            found[name] = platform.python_version()
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = stored
    return found


def watch(
    look: Callable[[], Sequence[Task]], run: Callable[[Task], object], *,
    interval: float, until: float = math.inf, tell: Callable[[str], object] = lambda line: None,
    looks: int | None = None,
) -> list[tuple[Task, str]]:  # fmt: skip
    """Measure what is due, look again after a while, and end in time.

    Parameters
    ----------
    look : callable
        Returns what is due.
    run : callable
        Measures one task; each of its runs has the time limit of its specification.
    interval : float [s]
        From one look to the next.
    until : float [s]
        Of `time.monotonic`; no task begins after it.
    tell : callable
        Gets a line about each task.
    looks : int, optional
        Ends after so many looks; 1 for cron and CI.

    Returns
    -------
    list of (Task, str)
        What was tried, and what went wrong; ``""`` where nothing did. A task that failed is not
        tried again before its commit, its line or the reason changes.
    """
    tried: list[tuple[Task, str]] = []
    number = 0
    while looks is None or number < looks:
        number += 1
        began = time.monotonic()
        failed = {task for task, trouble in tried if trouble}
        for task in look():
            if time.monotonic() > until:
                tell(f"{task}: left for the next time, the time is over")
                return tried
            if task in failed:
                continue
            tell(str(task))
            tried.append((task, _trouble(run, task)))
            if tried[-1][1]:
                tell(f"{task}: {tried[-1][1]}")
        rest = min(began + interval, until) - time.monotonic()
        if number == looks or began + interval > until:
            break
        time.sleep(max(rest, 0.0))
    return tried


def _trouble(run: Callable[[Task], object], task: Task) -> str:
    try:
        run(task)
    except SnnlabError as error:
        return str(error)
    return ""
