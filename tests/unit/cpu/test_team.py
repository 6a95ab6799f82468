"""A team runs all its members at the same time, or says that it cannot."""

import threading

import pytest

from snnlab.cpu.team import Team
from snnlab.errors import StateError


@pytest.mark.parametrize("n", [1, 2, 4])
def test_members_run_at_the_same_time(n):
    gate = threading.Barrier(n, timeout=30)
    ran = []

    def member(k):
        gate.wait()  # breaks unless all are there
        ran.append((k, threading.get_ident()))
        return k

    team = Team(4)
    assert team.run(n, member) == 0
    assert sorted(k for k, _ in ran) == list(range(n))
    assert len({thread for _, thread in ran}) == n
    team.close()


def threads_of(team, n, runs=1):
    """The threads that members ran on; as in a run, each waits for the others."""
    used, gate = set(), threading.Barrier(n, timeout=30)

    def member(k):
        gate.wait()
        used.add(threading.current_thread())

    for _ in range(runs):
        team.run(n, member)
    return used


def test_threads_are_kept_from_run_to_run():
    team = Team(2)
    assert len(threads_of(team, 2, runs=20)) == 2
    team.close()


def test_threads_end_with_the_team():
    team = Team(3)
    others = threads_of(team, 3, runs=20) - {threading.current_thread()}
    assert len(others) == 2
    team.close()
    for thread in others:
        thread.join(timeout=30)
        assert not thread.is_alive()


def test_what_fails_in_a_member_is_raised():
    def member(k):
        if k == 1:
            raise ArithmeticError("in a thread")

    with pytest.raises(ArithmeticError, match="in a thread"):
        Team(2).run(2, member)


def test_threads_that_do_not_start_are_an_error_and_nobody_waits(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(StateError, match="threads=1") as raised:
        Team(3).run(3, lambda k: None)
    assert "must be 3 that start" in str(raised.value)
