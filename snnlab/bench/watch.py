"""What ought to be measured now: new commits, a changed software stack, a schedule, gaps.

A function of what a store holds and of what there is to measure, which runs nothing and asks
nobody: whoever runs it, cron, a CI job or a notebook, gets the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import xarray as xr

from snnlab.bench.schema import RECORD
from snnlab.errors import SpecError

__all__ = ["Commit", "Reason", "Task", "Wanted", "due"]


class Reason(StrEnum):
    """Why something ought to be measured; in the order in which it is done."""

    STACK_CHANGED = "software stack changed: the version that was measured last, again"
    NEVER_MEASURED = "never measured here"
    NEW_COMMIT = "new commit"
    SCHEDULE = "schedule"
    GAP = "gap in the history"


@dataclass(frozen=True)
class Commit:
    """A version that can be measured.

    Parameters
    ----------
    sha : str
    order : int
        Number of first-parent commits up to this one.
    """

    sha: str
    order: int


@dataclass(frozen=True)
class Wanted:
    """A line of history that is to be kept.

    Parameters
    ----------
    label : str
        Benchmark and what is swept.
    series_id : str
    stack_id : str
        Of the software as it is now; ``""`` where that is not known before a run.
    """

    label: str
    series_id: str
    stack_id: str = ""


@dataclass(frozen=True)
class Task:
    """One thing to measure.

    Parameters
    ----------
    wanted : Wanted
    commit : Commit
    reason : Reason
    again : bool
        Whether this version was measured before, so that a runner must not skip it.
    """

    wanted: Wanted
    commit: Commit
    reason: Reason
    again: bool = False

    def __str__(self) -> str:
        return f"{self.wanted.label} at {self.commit.sha[:10]}: {self.reason}"


@dataclass(frozen=True)
class _Known:
    """What the store has of a line: newest record last."""

    commits: tuple[str, ...]
    stacks: tuple[str, ...]
    newest: str


def due(
    wanted: Sequence[Wanted], commits: Sequence[Commit], records: xr.Dataset, *,
    now: datetime, every: timedelta | None = None, most_gaps: int = 0,
) -> tuple[Task, ...]:  # fmt: skip
    """Return what ought to be measured, most urgent first.

    Parameters
    ----------
    wanted : sequence of Wanted
        Lines that are to be kept.
    commits : sequence of Commit
        Versions, oldest first; the last is the head.
    records : Dataset
        As `store.load` gives it. Records of dirty trees, and of which no repeat ended well, count
        for nothing.
    now : datetime
        With a time zone.
    every : timedelta, optional
        After which the head is measured again; default: never.
    most_gaps : int
        Versions between measured ones that are to be filled, for each line; those in the middle
        of the widest gaps come first, since they halve the search for a change.

    Returns
    -------
    tuple of Task
        After a change of the software stack the version that was measured last comes before all
        new ones, so that what the stack did is not put down to them.

    Raises
    ------
    SpecError
        No commits, or not in order.
    """
    orders = [commit.order for commit in commits]
    if not orders or orders != sorted(set(orders)):
        raise SpecError(
            "due", "commits must be at least one, oldest first, each once", got=str(orders[:5])
        )
    if now.tzinfo is None:
        raise SpecError("due", "now must have a time zone", got=now.isoformat())
    tasks: list[Task] = []
    for one in wanted:
        tasks += _due(one, commits, _known(records, one.series_id), now, every, most_gaps)
    urgency = {reason: k for k, reason in enumerate(Reason)}
    return tuple(sorted(tasks, key=lambda task: urgency[task.reason]))


def _due(
    wanted: Wanted, commits: Sequence[Commit], known: _Known, now: datetime,
    every: timedelta | None, most_gaps: int,
) -> list[Task]:  # fmt: skip
    head, measured = commits[-1], set(known.commits)
    own = [k for k, commit in enumerate(commits) if commit.sha in measured]
    if not own:
        return [Task(wanted, head, Reason.NEVER_MEASURED)]
    found = []
    last = commits[own[-1]]
    if wanted.stack_id and wanted.stack_id not in _stacks_of(known, last.sha):
        found.append(Task(wanted, last, Reason.STACK_CHANGED, again=True))
    if head.sha not in measured:
        found.append(Task(wanted, head, Reason.NEW_COMMIT))
    elif every is not None and not found and _is_stale(known.newest, now, every):
        found.append(Task(wanted, head, Reason.SCHEDULE, again=True))
    ends = [*own, len(commits) - 1]
    found += [Task(wanted, commits[k], Reason.GAP) for k in _middles(ends, most_gaps)]
    return found


def _stacks_of(known: _Known, sha: str) -> set[str]:
    return {s for c, s in zip(known.commits, known.stacks, strict=True) if c == sha}


def _is_stale(newest: str, now: datetime, every: timedelta) -> bool:
    if not newest:
        return True
    when = datetime.fromisoformat(newest)
    return when.tzinfo is None or now - when >= every


def _middles(own: Sequence[int], n: int) -> list[int]:
    """The places that halve the widest gaps between known places, one after the other."""
    known = sorted(set(own))
    found: list[int] = []
    while len(found) < n:
        widths = np.diff(known)
        if not widths.size or widths.max() < 2:
            break
        k = int(np.argmax(widths))
        middle = (known[k] + known[k + 1]) // 2
        found.append(middle)
        known.insert(k + 1, middle)
    return found


def _known(records: xr.Dataset, series: str) -> _Known:
    if not records.sizes.get(RECORD) or "series_id" not in records.coords:
        return _Known((), (), "")
    good = records["series_id"].values == series
    if "dirty" in records.coords:
        good &= records["dirty"].values != 1.0
    if "status" in records:
        ended_well = records["status"].isin(["ok", "noisy"]).transpose(RECORD, "repeat")
        good &= ended_well.values.any(1)
    places = np.flatnonzero(good)

    def texts(name: str) -> tuple[str, ...]:
        if name not in records.coords:
            return ("",) * len(places)
        return tuple(str(records[name].values[k]) for k in places)

    return _Known(texts("commit"), texts("stack_id"), max(texts("recorded_at"), default=""))
