"""Threads that meet: none goes on before all have come, however late one is."""

import threading

import numpy as np
import pytest
from numba import njit

from snnlab.cpu.barrier import make_barrier, meet

ROUNDS = 2000


@njit(nogil=True)
def _work(amount):
    total = 0.0
    for k in range(amount):
        total += np.sqrt(float(k))
    return total


@njit(nogil=True)
def count_together(barrier, counts, seen, member, n, late, rounds):
    """Each member counts; after each meeting all must have counted as far.

    A `late` member computes before it comes, so that the others fall asleep.
    """
    idle = 0.0
    for k in range(rounds):
        if member == 0 and late:
            idle += _work(late)
        counts[member * 16] += 1
        meet(barrier, n)
        for other in range(counts.size // 16):
            seen[member, k] += counts[other * 16] == k + 1
        meet(barrier, n)
    return idle


def behind(n, *, late=0, rounds=ROUNDS, meets=None):
    """Times that a member saw another one that had not counted as far as itself."""
    meets = n if meets is None else meets
    barrier, counts = make_barrier(), np.zeros(n * 16, np.int64)
    seen = np.zeros((n, rounds), np.int64)
    arguments = (barrier, counts, seen)
    count_together(make_barrier(), np.zeros(16, np.int64), np.zeros((1, 1), np.int64), 0, 1, 1, 0)
    threads = [
        threading.Thread(target=count_together, args=(*arguments, k, meets, late, rounds))
        for k in range(n)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    return int((n - seen).sum())


@pytest.mark.parametrize("n", [2, 3, 5])
def test_nobody_goes_on_before_all_have_come(n):
    assert behind(n) == 0


def test_those_who_sleep_are_woken():
    assert behind(3, late=200_000, rounds=40) == 0


def test_without_meeting_somebody_is_behind():
    """The switch: the count bites when each member meets itself alone."""
    assert behind(3, late=20_000, rounds=100, meets=1) > 0


def test_one_thread_waits_for_nobody():
    assert behind(1) == 0
