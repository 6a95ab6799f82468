"""The governor finds the cheaper number of threads and comes back when the machine is quiet."""

import pytest

from snnlab.cpu.governor import Governor


def drive(governor, cost, calls, waited=0.5):
    """Feed the governor with the cost of each choice; return what it chose."""
    chosen = []
    for _ in range(calls):
        chosen.append(governor.threads)
        governor.observe(100, 100 * cost[governor.threads], waited)
    return chosen


def test_a_quiet_machine_keeps_its_threads():
    chosen = drive(Governor(4), {4: 1.0, 1: 3.0}, 1000)
    assert chosen.count(1) < 15


def test_a_busy_machine_gets_one_thread_and_gets_the_others_back():
    governor = Governor(2)
    assert drive(governor, {2: 8.0, 1: 2.0}, 100)[10:].count(1) >= 85
    assert drive(governor, {2: 1.0, 1: 2.0}, 600)[-100:].count(2) >= 98


def test_threads_that_hardly_wait_for_each_other_are_not_questioned():
    assert set(drive(Governor(2), {2: 8.0, 1: 2.0}, 1000, waited=0.05)) == {2}


def test_equal_cost_changes_nothing():
    assert drive(Governor(2), {2: 1.0, 1: 1.0}, 300).count(1) < 10


@pytest.mark.parametrize("calls", [1, 50])
def test_one_thread_stays_one(calls):
    assert set(drive(Governor(1), {1: 1.0}, calls)) == {1}


def test_calls_without_steps_are_ignored():
    governor = Governor(2)
    for _ in range(100):
        governor.observe(0, 1.0, 1.0)
    assert governor.threads == 2


def test_a_machine_that_gets_busy_after_a_long_quiet_time_is_noticed_at_once():
    governor = Governor(2)
    drive(governor, {2: 1.0, 1: 1.5}, 1000)
    chosen = drive(governor, {2: 8.0, 1: 1.6}, 12)
    assert chosen[-3:] == [1, 1, 1]


def test_a_machine_that_gets_quiet_after_a_long_busy_time_is_noticed_at_once():
    governor = Governor(2)
    drive(governor, {2: 8.0, 1: 3.0}, 1000)
    assert drive(governor, {2: 1.0, 1: 1.6}, 12)[-3:] == [2, 2, 2]


def test_small_changes_of_the_cost_bring_no_trials():
    """The switch of the two tests above: below a surprise, the long pause holds."""
    governor = Governor(2)
    drive(governor, {2: 1.0, 1: 1.5}, 1000)
    assert drive(governor, {2: 1.3, 1: 0.5}, 12).count(1) <= 1


def test_a_trial_is_short():
    governor = Governor(2)
    steps = {2: [], 1: []}
    while not steps[1]:
        steps[governor.threads].append(governor.steps)
        governor.observe(governor.steps, governor.steps * 1e-5, 0.5)
    assert 0 < steps[1][0] < steps[2][-1] / 5


def test_a_busy_machine_costs_little_more_than_one_thread():
    """Wall-clock time of 100,000 steps; two threads take ten times as long as one."""
    governor, seconds, done = Governor(2), 0.0, 0
    cost = {2: 5e-4, 1: 5e-5}
    while done < 100_000:
        steps, spent = governor.steps, cost[governor.threads] * governor.steps
        governor.observe(steps, spent, 0.5)
        seconds, done = seconds + spent, done + steps
    assert seconds < 1.25 * done * cost[1]
