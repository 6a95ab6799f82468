"""What ought to be measured follows from what the store has, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import xarray as xr

from snnlab.bench.combine import combine
from snnlab.bench.watch import Commit, Reason, Task, Wanted, due
from snnlab.errors import SpecError
from tests.bench.records import record

COMMITS = [Commit(f"c{k}", k) for k in range(9)]
LINE = Wanted("brunel", "ab12", "stack2")
NOW = datetime(2026, 3, 10, 2, tzinfo=UTC)
YESTERDAY = "2026-03-09T02:00:00+00:00"


def store(
    *commits: str, stack: str = "stack2", at: str = YESTERDAY, **values: object
) -> xr.Dataset:
    return combine([
        record(repeats=1, coordinates={"commit": c, "stack_id": stack, "recorded_at": at,
                                       "dirty": 0.0} | values).dataset
        for c in commits
    ])  # fmt: skip


def found(records: xr.Dataset, **more: object) -> list[tuple[str, Reason]]:
    tasks = due([LINE], COMMITS, records, now=NOW, **more)  # type: ignore[arg-type]
    return [(task.commit.sha, task.reason) for task in tasks]


def test_head_of_an_empty_store_is_due() -> None:
    assert found(combine([])) == [("c8", Reason.NEVER_MEASURED)]
    assert found(store("elsewhere")) == [("c8", Reason.NEVER_MEASURED)]


def test_new_commit_is_due_once() -> None:
    assert found(store("c5")) == [("c8", Reason.NEW_COMMIT)]
    assert found(store("c5", "c8")) == []


def test_changed_stack_is_measured_on_the_old_version_first() -> None:
    assert found(store("c5", stack="stack1")) == [
        ("c5", Reason.STACK_CHANGED),
        ("c8", Reason.NEW_COMMIT),
    ]
    both = combine([store("c5", stack="stack1"), store("c5", stack="stack2")])
    assert found(both) == [("c8", Reason.NEW_COMMIT)]
    unknown = due([Wanted("a", "ab12")], COMMITS, store("c8", stack="stack1"), now=NOW)
    assert unknown == ()


def test_schedule_measures_the_head_again() -> None:
    assert found(store("c8"), every=timedelta(hours=24)) == [("c8", Reason.SCHEDULE)]
    assert found(store("c8"), every=timedelta(hours=25)) == []
    assert found(store("c8", at=""), every=timedelta(days=99)) == [("c8", Reason.SCHEDULE)]
    assert found(store("c5"), every=timedelta(hours=24)) == [("c8", Reason.NEW_COMMIT)]


def test_gaps_are_halved() -> None:
    assert found(store("c0", "c8"), most_gaps=3) == [
        ("c4", Reason.GAP), ("c2", Reason.GAP), ("c6", Reason.GAP)]  # fmt: skip
    assert len(found(store("c0", "c8"), most_gaps=99)) == 7
    assert found(store("c7"), most_gaps=9) == [("c8", Reason.NEW_COMMIT)]


def test_failed_and_dirty_records_count_for_nothing() -> None:
    assert found(store("c8", dirty=1.0)) == [("c8", Reason.NEVER_MEASURED)]
    failed = record(repeats=1, status=["failed"], coordinates={"commit": "c8"}).dataset
    assert found(failed) == [("c8", Reason.NEVER_MEASURED)]


def test_urgent_things_of_all_lines_come_first() -> None:
    records = combine([store("c5", stack="stack1"), store("c8", series_id="ff00", stack="old")])
    lines = [Wanted("b", "none", "stack2"), LINE, Wanted("c", "ff00", "stack2")]
    tasks = due(lines, COMMITS, records, now=NOW)
    assert [str(task.reason).partition(" ")[0] for task in tasks] == [
        "software", "software", "never", "new"]  # fmt: skip
    assert all(task.again == (task.reason is Reason.STACK_CHANGED) for task in tasks)
    assert str(Task(LINE, COMMITS[8], Reason.NEW_COMMIT)) == "brunel at c8: new commit"


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(SpecError, match="at least one"):
        due([LINE], [], combine([]), now=NOW)
    with pytest.raises(SpecError, match="oldest first"):
        due([LINE], COMMITS[::-1], combine([]), now=NOW)
    with pytest.raises(SpecError, match="time zone"):
        due([LINE], COMMITS, combine([]), now=datetime(2026, 3, 10))
