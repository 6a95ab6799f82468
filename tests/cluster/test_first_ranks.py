"""The first of several ranks compute what as many ranks would; a proof starts them once."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

import snnlab
from snnlab import launch
from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.cluster.first_ranks import FirstRanks
from snnlab.cpu.engine import CpuEngine
from snnlab.errors import RankDied, SpecError
from snnlab.session.proof import Verdict
from tests.cluster.test_cluster_engine import (
    _advanced,
    _check_equal,
    _check_same_state,
    plastic_map,
)
from tests.networks import balanced

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]

PIECES = 60, 140


def test_the_first_two_of_three_are_two_ranks(three: Ranks) -> None:
    network = plastic_map()
    alone, two = CpuEngine(network, threads=1), FirstRanks(three, 2)
    engine, all_three = ClusterEngine(network, two), ClusterEngine(network, three)
    expected = _advanced(alone, PIECES)
    _check_equal(_advanced(engine, PIECES), expected)
    _check_equal(_advanced(all_three, PIECES), expected)
    _check_same_state(engine, alone)
    assert [rank.number for rank in engine.ranks] == [0, 1]
    assert engine.device == "2 ranks"
    for each in (engine, all_three, alone):
        each.close()
    two.close()
    assert three.call(os.getpid) == [rank.pid for rank in three]


def test_there_are_not_more_than_were_started(three: Ranks) -> None:
    for n in (0, 4):
        with pytest.raises(SpecError, match="from 1 to 3"):
            FirstRanks(three, n)


def test_a_proof_starts_ranks_once_and_ends_them(
    mpi_library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Ranks] = []
    start = Ranks.start

    def counted(n: int, **settings: Any) -> Ranks:
        started.append(start(n, **settings))
        return started[-1]

    monkeypatch.setattr(Ranks, "start", counted)
    with snnlab.open(balanced(), threads=1, name="proved on ranks") as session:
        session.run(20).wait(60)
        proof = session.prove(["1 thread", "1 rank", "2 ranks"], duration=20, timeout=200)
        assert proof.wait(200)
    assert [line.verdict for line in proof.lines if line.place.endswith("s")][-1] is Verdict.EQUAL
    assert proof.is_equal
    assert Verdict.NOT_TRIED not in {line.verdict for line in proof.lines}
    assert len(started) == 1
    assert not started[0].are_running


def test_ranks_that_have_died_are_started_again_for_the_next_place(mpi_library: str) -> None:
    network = balanced()
    engines = launch._Elsewhere(1, "float32", "auto", "auto")
    with engines.together(["1 rank", "2 ranks"]) as make:
        first = make(network, "1 rank")
        assert isinstance(first, ClusterEngine)
        os.kill(first.ranks[0].pid, signal.SIGKILL)
        with pytest.raises(RankDied):  # a process lives on for a moment after it was killed
            first.advance(1_000_000)
        second = make(network, "2 ranks")
        assert second.advance(100).t_stop == 100
        second.close()
