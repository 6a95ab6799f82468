"""What happens to ranks: one fails, one dies, all are interrupted. Nobody waits for ever."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from snnlab.cluster import Ranks
from snnlab.cluster.call import GRACE
from snnlab.cluster.guard import processes
from snnlab.errors import RankDied, RankFailed, StateError
from tests.cluster import on_ranks, slow_to_import

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(120)]

NOTICE = 2.0
"""How long [s] a death may go unnoticed."""


def cluster_of(ranks: Ranks) -> str:
    return ranks._running()._cluster.cluster_id


def pids(ranks: Ranks) -> list[int]:
    return [rank.pid for rank in ranks]


def later(seconds: float, action: Callable[[], object]) -> None:
    threading.Timer(seconds, action).start()


def seconds_since(start: float) -> float:
    return time.monotonic() - start


def test_rank_that_fails_while_the_others_wait_for_it(ranks: Ranks) -> None:
    name, start = cluster_of(ranks), time.monotonic()
    with pytest.raises(RankFailed, match="ZeroDivisionError") as caught:
        ranks.call(on_ranks.fail_before_the_others_meet, 1)
    assert seconds_since(start) < GRACE + 4
    assert "Rank 0 waited for it in vain" in caught.value.context
    assert processes(name) == []
    with pytest.raises(StateError, match=r"Ranks\.restart"):
        ranks.call(on_ranks.nothing)
    ranks.restart()
    assert ranks.call_each(on_ranks.total, [(1,), (2,)], timeout=30) == [3, 3]


@pytest.mark.rounds(1, 10)
def test_rank_that_is_killed(ranks: Ranks, part: int) -> None:
    victim, name = ranks.ranks[part % 2], cluster_of(ranks)
    killed: list[float] = []

    def kill() -> None:
        killed.append(time.monotonic())
        os.kill(victim.pid, signal.SIGKILL)

    call = ranks.submit_each(on_ranks.total_after, [(0.0 if part % 2 else 60.0,), (60.0,)])
    later(0.3, kill)
    with pytest.raises(RankDied, match="SIGKILL") as caught:
        call.result(60)
    told_after = seconds_since(killed[0])
    assert told_after < NOTICE
    assert caught.value.where == str(victim)
    assert "checkpoint" in caught.value.remedy
    assert processes(name) == []
    ranks.restart()
    assert ranks.call_each(on_ranks.total, [(1,), (2,)], timeout=30) == [3, 3]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes do not tell their end")
def test_a_launcher_that_gets_no_time_does_not_hide_what_a_rank_died_of(ranks: Ranks) -> None:
    victim = ranks.ranks[1]
    launcher = psutil.Process(victim.pid).parent()
    assert launcher is not None
    call = ranks.submit(on_ranks.sleep, 60.0)
    launcher.suspend()  # as on a busy machine, but for longer than anybody waits
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(RankDied, match="killed by SIGKILL") as caught:
        call.result(30)
    assert caught.value.where == str(victim)
    assert ranks.died == 1


def test_rank_that_leaves(ranks: Ranks) -> None:
    with pytest.raises(RankDied, match="exit code 3") as caught:
        ranks.call(on_ranks.die, 0, timeout=60)
    assert caught.value.where.startswith("rank 0 ")


def test_rank_that_dies_between_calls(ranks: Ranks) -> None:
    os.kill(ranks.ranks[0].pid, signal.SIGKILL)
    time.sleep(0.2)
    with pytest.raises(RankDied, match="rank 0 "):
        ranks.call(on_ranks.nothing)


def test_interrupt_reaches_every_rank(ranks: Ranks) -> None:
    before, start = pids(ranks), time.monotonic()
    call = ranks.submit(on_ranks.sleep, 60.0)
    behind = ranks.submit(on_ranks.sleep, 60.0)
    later(0.3, ranks.interrupt)
    with pytest.raises(RankFailed, match="KeyboardInterrupt") as caught:
        call.result(30)
    assert "So did rank 1" in caught.value.context
    with pytest.raises(RankFailed, match="TaskAborted"):
        behind.result(30)
    assert seconds_since(start) < 20  # both slept for a minute
    assert [pid for _, _, pid in ranks.call(on_ranks.who, timeout=30)] == before


def test_an_interrupt_waits_until_modules_are_whole(ranks: Ranks) -> None:
    ranks.call(on_ranks.nothing, timeout=60)
    call = ranks.submit(slow_to_import.imported)
    later(0.5, ranks.interrupt)
    with pytest.raises(RankFailed, match="KeyboardInterrupt"):
        call.result(30)
    told = ranks.call(slow_to_import.imported, timeout=30)
    assert told == [["begun", "done"]] * 2


def interrupt_me() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_interrupt_of_the_caller_goes_on_to_all_ranks(ranks: Ranks) -> None:
    before = pids(ranks)
    later(0.3, interrupt_me)
    with pytest.raises(KeyboardInterrupt):
        ranks.call(on_ranks.sleep, 60.0)
    assert [pid for _, _, pid in ranks.call(on_ranks.who, timeout=30)] == before


def test_interrupt_inside_a_collective_costs_a_restart(ranks: Ranks) -> None:
    before, start = pids(ranks), time.monotonic()
    later(0.3, interrupt_me)
    with pytest.raises(KeyboardInterrupt):
        ranks.call_each(on_ranks.total_after, [(0.0,), (60.0,)])
    assert seconds_since(start) < GRACE + 4
    with pytest.warns(UserWarning, match="what they held is gone"):
        told = ranks.call(on_ranks.who, timeout=30)
    assert not {pid for _, _, pid in told} & set(before)
