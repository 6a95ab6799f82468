"""Two records side by side: first all that differs, then, if it may be said, which is faster."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnlab.bench.confounders import Comparison, confounders
from snnlab.bench.record import Record
from snnlab.bench.store import Store
from snnlab.bench.verdict import (
    Direction,
    Rule,
    Verdict,
    VerdictStatus,
    holm_verdicts,
    log_ratios,
    verdict,
)
from snnlab.errors import SpecError

__all__ = ["Compared", "compare", "find_records", "newest_by_series"]

COUNTS = ("ok", "noisy")

FURTHER = ("construct", "presim", "simulate")
"""Phases that are looked at besides the one that decides."""


@dataclass(frozen=True)
class Compared:
    """What two records say of each other.

    Parameters
    ----------
    comparison : Comparison
        All that differs.
    phase : str
        What was timed.
    a, b : float [s]
        Medians of the runs that count; NaN where none does.
    runs : tuple of int
        How many these are.
    verdict : Verdict
        Of pairs; without pairs it is inconclusive.
    is_paired : bool
        Whether both were measured in pairs, in one batch.
    others : mapping
        Further phase -> verdict on its pairs; their joint error is that of one.
    """

    comparison: Comparison
    phase: str
    a: float
    b: float
    runs: tuple[int, int]
    verdict: Verdict
    is_paired: bool
    others: Mapping[str, Verdict] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What a difference in speed may be called."""
        return self.comparison.word_for(slower=self.verdict.status is VerdictStatus.SLOWER)

    @property
    def exit_code(self) -> int:
        """That of the verdict; inconclusive where more than the version differs."""
        if self.verdict.status in (VerdictStatus.INVALID, VerdictStatus.NO_DATA):
            return self.verdict.status.exit_code
        if self.comparison.confounders:
            return VerdictStatus.INCONCLUSIVE.exit_code
        return self.verdict.status.exit_code

    def __str__(self) -> str:
        lines = [str(self.comparison), ""]
        if min(self.runs):
            lines.append(
                f"{self.phase}: a {self.a:.4g} s, b {self.b:.4g} s, medians of {self.runs[0]} and "
                f"{self.runs[1]} runs; b / a = {self.b / self.a:.3f}"
            )
        if self.verdict.status in (VerdictStatus.INVALID, VerdictStatus.NO_DATA):
            lines.append(str(self.verdict))
        elif not self.is_paired:
            lines.append("No verdict: they were not measured in pairs (snnlab bench ab does).")
        else:
            lines.append(f"{self.verdict}")
            lines += [f"besides, {phase}: {found}" for phase, found in self.others.items()]
        lines.append(f"This is called: {self.word}.")
        return "\n".join(lines)


def compare(a: Record, b: Record, *, phase: str = "", rule: Rule | None = None) -> Compared:
    """Compare two records.

    Parameters
    ----------
    a, b : Record
        Baseline and candidate.
    phase : str
        Default: the simulation, or the construction where that is all.
    rule : Rule, optional
        As in `verdict`.

    Returns
    -------
    Compared
        Printed, it begins with what differs.

    Raises
    ------
    SpecError
        A phase that one of them does not have.
    """
    chosen = phase or ("simulate" if _has(a, "simulate") and _has(b, "simulate") else "construct")
    times = [_times(record, chosen) for record in (a, b)]
    is_paired = _campaign(a) == _campaign(b) != "" and a.record_id != b.record_id
    blocks = sorted(times[0].keys() & times[1].keys()) if is_paired else []
    pairs = [np.array([t[block] for block in blocks]) for t in times]
    return Compared(
        confounders(_coordinates(a), _coordinates(b)),
        chosen,
        _median(times[0]),
        _median(times[1]),
        (len(times[0]), len(times[1])),
        _verdict((a, b), times, _log_ratios((a, b), chosen, pairs), rule or Rule()),
        is_paired,
        _others((a, b), chosen, rule or Rule()) if is_paired else {},
    )


def _median(times: Mapping[int, float]) -> float:
    return float(np.median(list(times.values()))) if times else math.nan


def _verdict(
    records: tuple[Record, Record],
    times: list[dict[int, float]],
    ratios: NDArray[np.float64],
    rule: Rule,
) -> Verdict:
    for name, record, own in zip("ab", records, times, strict=True):
        statuses = set(record.dataset["status"].values.ravel())
        notes = record.provenance.get("notes", {})
        if "invalid_science" in statuses:
            why = next(iter(notes.values()), "a science check failed")
            return verdict(np.empty(0), rule=rule, invalid=f"{name}: {why}")
        if not own:
            why = next(iter(notes.values()), "no run that counts")
            return Verdict(status=VerdictStatus.NO_DATA, reason=f"{name}: {why}")
    if not ratios.size:
        return Verdict(status=VerdictStatus.INCONCLUSIVE, rule=rule)
    return verdict(ratios, rule=rule)


def _log_ratios(
    records: tuple[Record, Record], phase: str, pairs: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """One of each pair: of the blocks in which they took turns, else of the whole times."""
    ratios = _in_turns(records, "wall") if phase == "simulate" else np.empty(0)
    return ratios if ratios.size and ratios.size == pairs[0].size else log_ratios(*pairs)


def _in_turns(records: tuple[Record, Record], metric: str) -> NDArray[np.float64]:
    """Log ratios of pairs that took turns, whichever of the two is named first."""
    for record, other, sign in ((records[1], records[0], 1.0), (records[0], records[1], -1.0)):
        pairs = record.provenance.get("pairs", {})
        if pairs.get("with") == other.record_id:
            return np.array([sign * each[metric] for each in pairs["log_ratio"].values()])
    return np.empty(0)


def _others(records: tuple[Record, Record], chosen: str, rule: Rule) -> dict[str, Verdict]:
    """Verdicts on the further phases that both have, as far as there are enough pairs."""
    names = [n for n in FURTHER if n != chosen and all(_has(r, n) for r in records)]
    found = {}
    for name in names:
        a, b = (_times(record, name) for record in records)
        blocks = sorted(block for block in a.keys() & b.keys() if a[block] > 0 < b[block])
        if len(blocks) >= rule.looks[0]:
            found[name] = log_ratios([a[k] for k in blocks], [b[k] for k in blocks])
    cpu = _in_turns(records, "cpu")
    if chosen == "simulate" and cpu.size >= rule.looks[0]:
        found["simulate, processor's time"] = cpu
    return holm_verdicts(found, dict.fromkeys(found, Direction.LOWER), rule=rule) if found else {}


def _times(record: Record, phase: str) -> dict[int, float]:
    """Round -> time of the runs that count."""
    data = record.dataset
    if not _has(record, phase):
        if not np.isin(data["status"].values, COUNTS).any():
            return {}
        raise SpecError(
            f"Record {record.record_id}", "must have the phase", got=phase,
            remedy=f"It has {', '.join(map(str, data['phase'].values))}.",
        )  # fmt: skip
    seconds = data["wall_time"].sel(phase=phase).values[0]
    blocks = data["block"].values[0] if "block" in data else np.arange(seconds.size)
    counted = np.isin(data["status"].values[0], COUNTS) & np.isfinite(seconds)
    return {int(blocks[i]): float(seconds[i]) for i in np.flatnonzero(counted)}


def _has(record: Record, phase: str) -> bool:
    return "phase" in record.dataset.coords and phase in record.dataset["phase"].values


def _campaign(record: Record) -> str:
    return str(_coordinates(record).get("campaign", ""))


def _coordinates(record: Record) -> dict[str, Any]:
    coords = record.dataset.coords
    return {
        str(name): coords[name].values[0] for name in coords if coords[name].dims == ("record",)
    }


def find_records(
    store: Store, text: str, *, commit_of: Callable[[str], str] = lambda text: ""
) -> list[Record]:
    """Return the records that a text names, newest last.

    Parameters
    ----------
    store : Store
    text : str
        Beginning of the id of a record or of a commit, or anything that `commit_of` knows.
    commit_of : callable
        Gets a branch or a tag, returns its commit; ``""`` if it knows none.

    Raises
    ------
    SpecError
        There is none, or the beginning of an id fits several.
    """
    every = sorted(store.records(), key=lambda record: record.record_id)
    by_id = [record for record in every if record.record_id.startswith(text)]
    if by_id:
        if len(by_id) > 1:
            raise SpecError("Record", "must be named by more of its id", got=text)
        return by_id
    commit = commit_of(text) or text
    found = [r for r in every if str(_coordinates(r).get("commit", "")).startswith(commit)]
    if not found:
        raise SpecError(
            "Record", "must be there", got=text, context=f"Store {store.root}",
            remedy="snnlab bench show lists what is there.",
        )  # fmt: skip
    return found


def newest_by_series(records: Iterable[Record]) -> dict[str, Record]:
    """Return the newest record of each series."""
    found: dict[str, Record] = {}
    for record in sorted(records, key=lambda r: r.record_id):
        found[str(_coordinates(record).get("series_id", ""))] = record
    return found
