"""A short guard: it fails on a slowdown that pairs have shown, or on wrong science."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.ids import series_id
from snnlab.bench.machine import cores_for
from snnlab.bench.one_run import Arm, Run
from snnlab.bench.pairs import measure_versions, phase_of
from snnlab.bench.record import Record
from snnlab.bench.setting import Setting
from snnlab.bench.spec import Cell, Spec
from snnlab.bench.store import Store
from snnlab.bench.verdict import Rule, Verdict, VerdictStatus
from snnlab.errors import SpecError

__all__ = ["GateStatus", "Judgement", "gate", "worst_status"]

SIGN = 0.05
"""How much slower than the record the fastest run must be for pairs to be measured."""


class GateStatus(StrEnum):
    """What a guard says of a version."""

    OK = "ok"
    NOISE = "noise"
    SLOWER = "regression"
    INVALID = "invalid science"
    NO_DATA = "no data"

    @property
    def exit_code(self) -> int:
        """Exit code of the command; 1 and 2 are those of errors."""
        return EXIT_CODES[self]


EXIT_CODES = {
    GateStatus.OK: 0,
    GateStatus.NOISE: 11,
    GateStatus.SLOWER: 12,
    GateStatus.INVALID: 13,
    GateStatus.NO_DATA: 14,
}

_ORDER = (
    GateStatus.INVALID,
    GateStatus.SLOWER,
    GateStatus.NO_DATA,
    GateStatus.NOISE,
    GateStatus.OK,
)


@dataclass(frozen=True)
class Judgement:
    """What the guard says of one cell.

    Parameters
    ----------
    cell : Cell
    status : GateStatus
    why : str
    """

    cell: Cell
    status: GateStatus
    why: str

    def __str__(self) -> str:
        return f"{self.cell.label}: {self.status}, {self.why}"


def worst_status(judgements: list[Judgement]) -> GateStatus:
    """Return what the command ends with; no data where nothing was judged."""
    return min((j.status for j in judgements), key=_ORDER.index, default=GateStatus.NO_DATA)


@dataclass(frozen=True)
class _Guard:
    """What stays the same for all cells."""

    setting: Setting
    scratch: Setting
    against: str
    rule: Rule


def gate(
    spec: Spec, setting: Setting, *, against: str = "", rule: Rule | None = None
) -> list[Judgement]:
    """Judge the files as they are now.

    Parameters
    ----------
    spec : Spec
    setting : Setting
        Its store has records of versions that were good; nothing is written to it.
    against : str
        A commit to measure pairs against in any case; default: the newest record of the same
        series, if the fastest run now is more than 5 % slower than the fastest one then.
    rule : Rule, optional
        As in `verdict`.

    Returns
    -------
    list of Judgement
        One for each cell.

    Notes
    -----
    A record from another day cannot show a slowdown, since machines of one class differ by more
    than what is looked for; it only tells when to measure its version again, beside this one.
    """
    if setting.machine.settings:
        spec = spec.override(setting.machine.settings, by="machine")
    with tempfile.TemporaryDirectory(prefix="snnlab-gate-") as folder:
        scratch = replace(setting, store=Store(folder))
        guard = _Guard(setting, scratch, against, rule or Rule())
        return [_judged(guard, cell) for cell in spec.cells()]


def _judged(guard: _Guard, cell: Cell) -> Judgement:
    adapter = adapter_for(cell["simulator"], guard.setting.pythons)
    is_small = cores_for(cell["threads"] * cell["ranks"]) is None
    if why := "there are too few cores" if is_small else adapter.missing(cell):
        return Judgement(cell, GateStatus.NO_DATA, f"cannot run here: {why}")
    if guard.setting.is_over:
        return Judgement(cell, GateStatus.NOISE, "not looked at, the time was over")
    arm = Arm(cell, adapter, adapter.tree(cell))
    runs = _look(guard, arm)
    phase = phase_of(cell)
    times = [run.phases[phase] for run in runs if run.counts and phase in run.phases]
    wrong = [run for run in runs if run.status == "invalid_science"]
    if wrong:
        return Judgement(cell, GateStatus.INVALID, wrong[0].why)
    if not times:
        is_late = all(run.status == "timeout" for run in runs)
        return Judgement(cell, GateStatus.NOISE if is_late else GateStatus.NO_DATA, runs[0].why)
    if guard.against:
        return _paired(guard, cell, guard.against, f"against {guard.against}")
    record = _record(guard, cell)
    if record is None:
        return Judgement(
            cell, GateStatus.OK, "the science is right; there is no record of this machine"
        )
    return _beside(guard, cell, record, min(times), phase)


def _look(guard: _Guard, arm: Arm) -> list[Run]:
    """A few runs of the version that is there, as many as the time allows."""
    values = arm.cell.values
    campaign = Campaign(
        (arm,), values["repeats"], guard.setting.machine, seed=values["seed"],
        discard=values["discard"], stop=lambda runs: guard.setting.is_over,
    )  # fmt: skip
    scratch = guard.scratch
    return run_campaign(campaign, scratch.store, tell=scratch.tell, is_fresh=True).runs[0]


def _record(guard: _Guard, cell: Cell) -> Record | None:
    """The newest record of the same science, machine class and placement that counts."""
    store = guard.setting.store
    series = series_id(cell.spec_id, guard.setting.machine.class_id, "default", cell.layout_id)
    excluded = {said["record_id"] for said in store.annotations() if said["kind"] == "exclude"}
    found = [
        record for record in store.records_of(series)
        if record.record_id not in excluded
        and np.isin(record.dataset["status"].values, ("ok", "noisy")).all()
        and record.dataset["dirty"].item() != 1.0
    ]  # fmt: skip
    return max(found, key=lambda record: record.record_id, default=None)


def _beside(guard: _Guard, cell: Cell, record: Record, fastest: float, phase: str) -> Judgement:
    """A look at the record; pairs if there is a sign of a slowdown."""
    before = float(np.nanmin(record.dataset["wall_time"].sel(phase=phase).values))
    ratio = fastest / before
    commit = str(record.dataset["commit"].item())
    told = f"{fastest:.4g} s, {ratio:.2f} of the record of {commit[:10] or 'no commit'}"
    if ratio <= 1.0 + SIGN:
        return Judgement(cell, GateStatus.OK, f"{told}: no sign of a slowdown")
    if not commit:
        return Judgement(cell, GateStatus.NOISE, f"{told}, which cannot be measured again")
    return _paired(guard, cell, commit, told)


def _paired(guard: _Guard, cell: Cell, commit: str, told: str) -> Judgement:
    try:
        found = measure_versions(cell, commit, "", guard.scratch, rule=guard.rule).verdict
    except SpecError as error:
        return Judgement(cell, GateStatus.NOISE, f"{told}, which cannot be measured again: {error}")
    return Judgement(cell, _status(found), f"{told}; pairs: {found}")


def _status(found: Verdict) -> GateStatus:
    match found.status:
        case VerdictStatus.SLOWER:
            return GateStatus.SLOWER
        case VerdictStatus.INVALID:
            # The version that is there has been looked at before: it is the other one.
            return GateStatus.NOISE
        case VerdictStatus.NO_DATA:
            return GateStatus.NOISE
        case VerdictStatus.INCONCLUSIVE:
            return GateStatus.NOISE if found.warning else GateStatus.OK
    return GateStatus.OK
