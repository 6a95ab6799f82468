"""The governor finds the cheaper number of threads and comes back when the machine is quiet."""

import pytest

from snnlab.cpu.governor import Governor


def drive(governor, cost, calls):
    """Feed the governor with the cost of each choice; return what it chose."""
    chosen = []
    for _ in range(calls):
        chosen.append(governor.threads)
        governor.observe(100, 100 * cost[governor.threads])
    return chosen


def test_a_quiet_machine_keeps_its_threads():
    chosen = drive(Governor(4), {4: 1.0, 1: 3.0}, 1000)
    assert chosen.count(1) < 15


def test_a_busy_machine_gets_one_thread_and_gets_the_others_back():
    governor = Governor(2)
    assert drive(governor, {2: 8.0, 1: 2.0}, 100)[10:].count(1) >= 85
    assert drive(governor, {2: 1.0, 1: 2.0}, 600)[-100:].count(2) >= 98


def test_equal_cost_changes_nothing():
    assert drive(Governor(2), {2: 1.0, 1: 1.0}, 300).count(1) < 10


@pytest.mark.parametrize("calls", [1, 50])
def test_one_thread_stays_one(calls):
    assert set(drive(Governor(1), {1: 1.0}, calls)) == {1}


def test_calls_without_steps_are_ignored():
    governor = Governor(2)
    for _ in range(100):
        governor.observe(0, 1.0)
    assert governor.threads == 2
