"""A short guard: fails on a slowdown that pairs have shown, a missed bar, or wrong science."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from snnlab.bench.adapters.choice import adapter_for
from snnlab.bench.bars import Kept, promises
from snnlab.bench.campaign import Campaign, run_campaign
from snnlab.bench.ids import series_id
from snnlab.bench.machine import cores_for
from snnlab.bench.one_run import Arm, Run
from snnlab.bench.pairs import measure_versions, phase_of
from snnlab.bench.record import Record
from snnlab.bench.setting import Setting
from snnlab.bench.side_by_side import REFERENCE, groups_of
from snnlab.bench.spec import Cell, Spec
from snnlab.bench.store import Store
from snnlab.bench.verdict import Rule, Verdict, VerdictStatus
from snnlab.errors import SpecError

__all__ = ["GateStatus", "Judgement", "gate", "worst_status"]


class GateStatus(StrEnum):
    """What a guard says of a version."""

    OK = "ok"
    NOISE = "noise"
    SLOWER = "regression"
    MISSED = "bar missed"
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
    GateStatus.MISSED: 12,
    GateStatus.INVALID: 13,
    GateStatus.NO_DATA: 14,
}

_ORDER = (
    GateStatus.INVALID,
    GateStatus.SLOWER,
    GateStatus.MISSED,
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


@dataclass(frozen=True)
class _Sign:
    """A cell that has to be measured in pairs."""

    cell: Cell
    commit: str
    told: str

    def __str__(self) -> str:
        return f"{self.cell.label}: {self.told}; to be measured in pairs"


def gate(
    specs: Sequence[Spec], setting: Setting, *, against: str = "", rule: Rule | None = None
) -> list[Judgement]:
    """Judge the files as they are now.

    Parameters
    ----------
    specs : sequence of Spec
    setting : Setting
        Its store has records of versions that were good; nothing is written to it.
    against : str
        A commit to measure pairs against in any case; default: the newest record of the same
        series, if even the fastest run is slower than the median of that by more than the floor.
    rule : Rule, optional
        As in `verdict`.

    Returns
    -------
    list of Judgement
        One for each cell.

    Notes
    -----
    A record from another day cannot show a slowdown, since machines of one class differ by more
    than what is looked for; it only tells when to measure its version again, beside this one. All
    cells are looked at before the first pair, so that science is checked first.
    """
    settings = setting.machine.settings
    with tempfile.TemporaryDirectory(prefix="snnlab-gate-") as folder:
        guard = _Guard(setting, replace(setting, store=Store(folder)), against, rule or Rule())
        looks: list[Judgement | _Sign] = []
        for spec in specs:
            for cell in (spec.override(settings, by="machine") if settings else spec).cells():
                looks.append(_looked_at(guard, cell))
                setting.tell(str(looks[-1]))
        wrong = any(getattr(look, "status", "") == GateStatus.INVALID for look in looks)
        return [
            _paired(guard, look, is_decided=wrong) if isinstance(look, _Sign) else look
            for look in looks
        ]


def _looked_at(guard: _Guard, cell: Cell) -> Judgement | _Sign:
    adapter = adapter_for(cell["simulator"], guard.setting.pythons)
    is_small = cores_for(cell["threads"] * cell["ranks"]) is None
    if why := "there are too few cores" if is_small else adapter.missing(cell):
        return Judgement(cell, GateStatus.NO_DATA, f"cannot run here: {why}")
    if guard.setting.is_over:
        return Judgement(cell, GateStatus.NOISE, "not looked at, the time was over")
    arm = Arm(cell, adapter, adapter.tree(cell))
    runs, record = _look(guard, arm)
    phase = phase_of(cell)
    times = [run.phases[phase] for run in runs if run.counts and phase in run.phases]
    wrong = [run for run in runs if run.status == "invalid_science"]
    if wrong:
        return Judgement(cell, GateStatus.INVALID, wrong[0].why)
    if not times:
        is_late = all(run.status == "timeout" for run in runs)
        return Judgement(cell, GateStatus.NOISE if is_late else GateStatus.NO_DATA, runs[0].why)
    if cell.swept.get("simulator", REFERENCE) == REFERENCE:  # its peers promise nothing
        told = [str(p) for p in promises(groups_of([record])) if p.kept is Kept.NO]
        if told:
            return Judgement(cell, GateStatus.MISSED, "; ".join(told))
    if guard.against:
        return _Sign(cell, guard.against, f"against {guard.against}")
    before = _record(guard, cell)
    if before is None:
        return Judgement(
            cell, GateStatus.OK, "the science is right; there is no record of this machine"
        )
    return _beside(guard, cell, before, min(times), phase)


def _look(guard: _Guard, arm: Arm) -> tuple[list[Run], Record]:
    """A few runs of the version that is there, as many as the time allows, and their record."""
    values = arm.cell.values
    campaign = Campaign(
        (arm,), values["repeats"], guard.setting.machine, seed=values["seed"],
        discard=values["discard"], stop=lambda runs: guard.setting.is_over,
    )  # fmt: skip
    scratch = guard.scratch
    found = run_campaign(campaign, scratch.store, tell=scratch.tell, is_fresh=True)
    records = scratch.store.records()
    return found.runs[0], next(r for r in records if r.record_id == found.record_ids[0])


def _record(guard: _Guard, cell: Cell) -> Record | None:
    """The newest record of the same science, machine class and placement that counts."""
    store = guard.setting.store
    series = series_id(cell.spec_id, guard.setting.machine.class_id, "default", cell.layout_id)
    excluded = {said["record_id"] for said in store.annotations() if said["kind"] == "exclude"}
    found = [
        record for record in store.records_of(series)
        if record.record_id not in excluded
        and np.isin(record.dataset["status"].values, ("ok", "noisy")).all()
        and record.dataset["dirty"].item() != 1.0 and "anchor" not in record.dataset.coords
    ]  # fmt: skip
    return max(found, key=lambda record: record.record_id, default=None)


def _beside(
    guard: _Guard, cell: Cell, record: Record, fastest: float, phase: str
) -> Judgement | _Sign:
    """A look at the record: whether there is a sign of a slowdown."""
    before = float(np.nanmedian(record.dataset["wall_time"].sel(phase=phase).values))
    ratio = fastest / before
    commit = str(record.dataset["commit"].item())
    told = f"{fastest:.4g} s, {ratio:.2f} of the median of {commit[:10] or 'a record'}"
    if ratio <= 1.0 + guard.rule.floor:
        return Judgement(cell, GateStatus.OK, f"{told}: no sign of a slowdown")
    if not commit:
        return Judgement(cell, GateStatus.NOISE, f"{told}, which cannot be measured again")
    return _Sign(cell, commit, told)


def _paired(guard: _Guard, sign: _Sign, *, is_decided: bool) -> Judgement:
    cell, told = sign.cell, sign.told
    if is_decided:
        return Judgement(cell, GateStatus.NOISE, f"{told}; no pairs, as science is wrong elsewhere")
    if guard.setting.is_over:
        return Judgement(cell, GateStatus.NOISE, f"{told}; no time was left for pairs")
    try:
        found = measure_versions(cell, sign.commit, "", guard.scratch, rule=guard.rule).verdict
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
