"""The command that measures what a session promises runs, and leaves it as a run can be."""

from __future__ import annotations

import snnlab
from benchmarks.budgets import measure, network, table


def test_every_promise_is_measured_and_stands_in_the_table() -> None:
    with snnlab.open(network(400, 40), device="cpu", threads=1) as session:
        found = measure(session, 2, 60.0)
        assert session.error is None
        assert len(session.share()) == found[-1].values[-1]
    assert len(found) == 11
    assert all(len(m.values) == 2 and min(m.values) > 0 for m in found)
    lines = table(found).splitlines()
    assert len(lines) == 2 + len(found)
    assert "| knob turned while it runs | 100 ms |" in lines[2]
