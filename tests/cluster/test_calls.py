"""Calls on real MPI ranks: results in rank order, errors as they were raised, nothing kept."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.cluster import Ranks
from snnlab.errors import RankFailed, RankTimeout, SpecError
from tests.cluster import on_ranks

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(120)]


def test_ranks_are_one_mpi_world_in_order(ranks: Ranks) -> None:
    told = ranks.call(on_ranks.who)
    assert [(rank, size) for rank, size, _ in told] == [(0, 2), (1, 2)]
    assert [pid for _, _, pid in told] == [rank.pid for rank in ranks]
    assert len({os.getpid(), *(rank.pid for rank in ranks)}) == 3


def test_every_rank_has_a_place(ranks: Ranks) -> None:
    cores = len(os.sched_getaffinity(0))
    assert [rank.number for rank in ranks] == [0, 1]
    assert {rank.device for rank in ranks} == {"cpu"}
    assert {rank.cores for rank in ranks} == {cores}
    assert {rank.threads for rank in ranks} == {max(1, cores // 2)}


def test_collectives_meet(ranks: Ranks) -> None:
    assert ranks.call_each(on_ranks.total, [(1,), (10,)], timeout=30) == [11, 11]


def test_ranks_import_this_snnlab(ranks: Ranks) -> None:
    assert ranks.call(on_ranks.package) == [str(Path(snnlab.__file__))] * 2


def test_arrays_come_back_whole(ranks: Ranks) -> None:
    zeros, ones = ranks.call(on_ranks.array, 300_000)
    np.testing.assert_array_equal(zeros, np.zeros(300_000))
    np.testing.assert_array_equal(ones, np.ones(300_000))


def test_calls_are_made_in_order(ranks: Ranks) -> None:
    calls = [ranks.submit_each(on_ranks.total, [(i,), (0,)]) for i in range(20)]
    assert [call.result(30) for call in calls] == [[i, i] for i in range(20)]
    assert all(call.done() for call in calls)


def test_calls_of_several_threads_meet_on_all_ranks(ranks: Ranks) -> None:
    sums: dict[int, list[list[float]]] = {}

    def work(number: int) -> None:
        sums[number] = [
            ranks.call_each(on_ranks.total, [(number,), (number,)], timeout=60) for _ in range(10)
        ]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == {number: [[2 * number] * 2] * 10 for number in range(4)}


def test_python_s_error_names_rank_and_place(ranks: Ranks) -> None:
    with pytest.raises(RankFailed, match="ZeroDivisionError: of all things") as caught:
        ranks.call(on_ranks.fail, 1, timeout=30)
    rank = ranks.ranks[1]
    assert caught.value.where == f"rank 1 on {rank.host} (process {rank.pid})"
    (note,) = caught.value.__notes__
    assert "on_ranks.py" in note
    assert 'raise ZeroDivisionError("of all things")' in note


def test_snnlab_s_error_keeps_class_and_answers(ranks: Ranks) -> None:
    with pytest.raises(SpecError) as caught:
        ranks.call(on_ranks.refuse, 0, timeout=30)
    error = caught.value
    assert (error.where, error.expected, error.got) == ("rate", "must be > 0 Hz", "-1 Hz")
    assert error.remedy == "Write a larger one."
    assert f"process {ranks.ranks[0].pid}" in error.context


def test_ranks_go_on_after_an_error(ranks: Ranks) -> None:
    with pytest.raises(RankFailed):
        ranks.call(on_ranks.fail, 0, timeout=30)
    assert ranks.call_each(on_ranks.total, [(1,), (1,)], timeout=30) == [2, 2]


def test_time_that_is_over_names_who_has_not_answered(ranks: Ranks) -> None:
    call = ranks.submit_each(on_ranks.sleep, [(0.0,), (0.8,)])
    with pytest.raises(RankTimeout, match="no answer of rank 1"):
        call.result(0.4)
    assert call.result(30) == ["slept", "slept"]


def test_function_that_ranks_cannot_find_is_refused(ranks: Ranks) -> None:
    with pytest.raises(SpecError, match="module that the ranks can import"):
        ranks.call(lambda: None)


def test_arguments_must_be_there_for_each_rank(ranks: Ranks) -> None:
    with pytest.raises(SpecError, match="each of 2 ranks"):
        ranks.call_each(on_ranks.total, [(1,)])


def test_results_are_not_kept(ranks: Ranks) -> None:
    client = ranks._running()._cluster.client
    for _ in range(30):
        ranks.call(on_ranks.array, 10_000)
    ranks.call(on_ranks.nothing)
    # The last few may still wait for the end of their output.
    deadline = time.monotonic() + 10
    while len(client.results) + len(client._futures) > 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (len(client.results), len(client._futures), len(client.outstanding)) == (0, 0, 0)
