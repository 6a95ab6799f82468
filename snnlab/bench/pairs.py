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
from snnlab.bench.block_ratio import ratio_of_blocks
from snnlab.bench.campaign import Campaign, Finished, run_campaign
from snnlab.bench.guards import noise
from snnlab.bench.one_run import Arm, Run, run_once, run_together, takes_turns
from snnlab.bench.setting import Setting
from snnlab.bench.spec import Cell
from snnlab.bench.tree import Tree, tree_of
from snnlab.bench.verdict import Rule, Verdict, VerdictStatus, log_ratios, verdict
from snnlab.bench.worktree import checked_out
from snnlab.errors import BuildError

__all__ = [
    "Paired",
    "measure_of",
    "measure_versions",
    "phase_of",
    "verdict_of_runs",
]


@dataclass(frozen=True)
class Paired:
    """Pairs of two versions, and what they show.

    Parameters
    ----------
    verdict : Verdict
        On the wall time.
    cpu : Verdict
        On the processor's time, which others on the machine disturb less, and which sees no time
        that is slept away; no data where runs did not take turns.
    finished : Finished
        Baseline first.
    """

    verdict: Verdict
    cpu: Verdict
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
    and chance decides which comes first. Where they can (`takes_turns`), both run at the same time
    and take turns, a hundredth of the measured time each: what else goes on hits both alike. Both
    are measured by the program of this version.
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
            seed=cell["seed"], discard=cell["discard"], stop=is_clear, in_turns=takes_turns(cell),
        )  # fmt: skip
        finished = run_campaign(campaign, setting.store, tell=setting.tell)
    first, second = finished.runs
    cpu = verdict(_of_blocks(first, second, "cpu"), rule=rule)
    return Paired(verdict_of_runs(first, second, cell, phase, rule), cpu, finished)


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
    if quiet.sum() < rule.looks[0]:
        quiet[:] = True
    ratios = _of_blocks(baseline[:n], candidate[:n], "wall") if phase == "simulate" else empty
    if ratios.size != n:
        ratios = log_ratios(a, b)
    return verdict(ratios[quiet], rule=rule)


def _of_blocks(
    baseline: Sequence[Run], candidate: Sequence[Run], metric: str
) -> NDArray[np.float64]:
    """Log ratios of pairs that took turns; empty if any did not."""
    ratios = np.array(
        [ratio_of_blocks(a, b, metric) for a, b in zip(baseline, candidate, strict=False)]
    )
    return ratios if np.isfinite(ratios).all() else np.empty(0)


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
    return _MeasureInTurns(cell, pythons) if takes_turns(cell) else _MeasureAlone(cell, pythons)


class _MeasureAlone:
    """One version at a time."""

    def __init__(self, cell: Cell, pythons: Mapping[str, str] | None) -> None:
        self._cell = cell
        self._adapter = adapter_for(cell["simulator"], pythons)

    def _arm(self, folder: Path) -> Arm:
        return Arm(self._cell, self._adapter, tree_of(folder))

    def _checked(self, run: Run) -> Run:
        if not run.counts or phase_of(self._cell) not in run.phases:
            raise BuildError(
                self._cell.label, "must run and pass its checks", got=run.status, context=run.why
            )
        return run

    def __call__(self, folder: Path, seed: int) -> float:
        run = self._checked(run_once(self._arm(folder), self._cell["seed"] + seed))
        return run.phases[phase_of(self._cell)]


class _MeasureInTurns(_MeasureAlone):
    """Two versions at the same time, in turns."""

    def log_ratio(self, baseline: Path, candidate: Path, seed: int) -> float:
        """Return the log of candidate / baseline of a pair."""
        arms = [self._arm(folder) for folder in (baseline, candidate)]
        a, b = map(self._checked, run_together(arms, self._cell["seed"] + seed))
        return ratio_of_blocks(a, b)
