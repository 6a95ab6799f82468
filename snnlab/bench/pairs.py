"""Two versions, measured in pairs in one batch: the one thing that shows a change of speed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnlab.bench.adapters.adapter import Adapter
from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.bisect import Measure
from snnlab.bench.campaign import Campaign, Finished, run_campaign
from snnlab.bench.guards import noise
from snnlab.bench.one_run import Arm, Run, run_once
from snnlab.bench.setting import Setting
from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree, tree_of
from snnlab.bench.verdict import Rule, Verdict, VerdictStatus, log_ratios, verdict
from snnlab.bench.worktree import checked_out
from snnlab.errors import BuildError

__all__ = ["Paired", "measure_of", "measure_versions", "phase_of", "verdict_of_runs"]


@dataclass(frozen=True)
class Paired:
    """Pairs of two versions, and what they show.

    Parameters
    ----------
    verdict : Verdict
    finished : Finished
        Baseline first.
    """

    verdict: Verdict
    finished: Finished


def phase_of(cell: Cell) -> str:
    """Return the phase that decides: the simulation, or the construction where that is all."""
    return "simulate" if cell["time"] > 0.0 else "construct"


def measure_versions(
    cell: Cell,
    baseline: str,
    candidate: str,
    setting: Setting,
    *,
    repository: Path | None = None,
    rule: Rule | None = None,
) -> Paired:
    """Measure two commits in pairs until their verdict is clear.

    Parameters
    ----------
    cell : Cell
    baseline, candidate : str
        Commits, tags or branches; ``""`` for the files as they are now.
    setting : Setting
        Its store gets the two records.
    repository : Path, optional
        Default: the checkout that the simulator is measured from.
    rule : Rule, optional
        As in `verdict`.

    Raises
    ------
    SpecError
        No such commit.

    Notes
    -----
    Each version is run once before, and that is thrown away. In each pair both get the same seed,
    and chance decides which comes first. Both are measured by the program of this version.
    """
    rule = rule or Rule()
    adapter = adapter_for(cell["simulator"], setting.pythons)
    source = repository or adapter.tree(cell).folder
    phase = phase_of(cell)

    def is_clear(runs: Sequence[Sequence[Run]]) -> bool:
        if setting.is_over:
            return True
        found = verdict_of_runs(runs[0], runs[1], cell, phase, rule)
        return len(runs[1]) in rule.looks and found.status is not VerdictStatus.INCONCLUSIVE

    with ExitStack() as stack:
        trees = [_tree(stack, adapter, cell, source, v) for v in (baseline, candidate)]
        campaign = Campaign(
            tuple(Arm(cell, adapter, tree) for tree in trees), rule.looks[-1], setting.machine,
            seed=cell["seed"], discard=cell["discard"], stop=is_clear,
        )  # fmt: skip
        finished = run_campaign(campaign, setting.store, tell=setting.tell)
    first, second = finished.runs
    return Paired(verdict_of_runs(first, second, cell, phase, rule), finished)


def _tree(stack: ExitStack, adapter: Adapter, cell: Cell, source: Path, version: str) -> Tree:
    if not version:
        return adapter.tree(cell)
    return tree_of(stack.enter_context(checked_out(source, version)))


def verdict_of_runs(
    baseline: Sequence[Run], candidate: Sequence[Run], cell: Cell, phase: str, rule: Rule
) -> Verdict:
    """Return the verdict on runs that were made in pairs.

    Parameters
    ----------
    baseline, candidate : sequence of Run
        In the order of pairs.
    cell : Cell
        Says how much of the cores others may have taken.
    phase : str
    rule : Rule

    Notes
    -----
    Pairs that others have disturbed are left out as long as there are enough without them; where
    most are, chance has disturbed both versions alike, and their spread is part of the interval.
    """
    empty = np.empty(0)
    for name, runs in (("baseline", baseline), ("candidate", candidate)):
        wrong = [run.why for run in runs if run.status == "invalid_science"]
        if wrong:
            return verdict(empty, rule=rule, invalid=f"the {name}: {wrong[0]}")
        if runs and not any(_seconds([run], phase)[0] > 0 for run in runs):
            return Verdict(status=VerdictStatus.NO_DATA, reason=f"the {name}: {runs[0].why}")
    n = min(len(baseline), len(candidate))
    a, b = (_seconds(runs[:n], phase) for runs in (baseline, candidate))
    quiet = np.array([
        not (_disturbed(x, cell) or _disturbed(y, cell))
        for x, y in zip(baseline[:n], candidate[:n], strict=True)
    ], dtype=bool)  # fmt: skip
    if quiet.sum() >= rule.looks[0]:
        a, b = a[quiet], b[quiet]
    return verdict(log_ratios(a, b), rule=rule)


def _seconds(runs: Sequence[Run], phase: str) -> NDArray[np.float64]:
    return np.array([run.phases.get(phase, math.nan) if run.counts else math.nan for run in runs])


def _disturbed(run: Run, cell: Cell) -> bool:
    return bool(noise(run.guards, (), foreign=cell["foreign_limit"], change=math.inf))


def measure_of(cell: Cell, pythons: Mapping[str, str] | None = None) -> Measure:
    """Return a measure of the versions in folders, for `bisect`.

    Parameters
    ----------
    cell : Cell
    pythons : mapping, optional
        Simulator -> interpreter.
    """
    adapter = adapter_for(cell["simulator"], pythons)
    phase = phase_of(cell)

    def measure(folder: Path, seed: int) -> float:
        run = run_once(Arm(cell, adapter, tree_of(folder)), cell["seed"] + seed)
        if not run.counts or phase not in run.phases:
            raise BuildError(cell.label, "must run and pass its checks", got=run.status,
                             context=run.why)  # fmt: skip
        return run.phases[phase]

    return measure
