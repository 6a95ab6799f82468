"""A session on ranks: what is told of each, deaths while it idles, restarts, moves, interrupts."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

import snnlab
from snnlab.cluster import Ranks
from snnlab.cluster.engine import ClusterEngine
from snnlab.errors import ClusterError, RankDied, StateError
from snnlab.frames.frame import Frame
from snnlab.frames.rank_status import COMPUTING
from snnlab.session import Session, SessionState
from tests.features.session_bench import eventually
from tests.networks import balanced

pytestmark = [pytest.mark.mpi, pytest.mark.timeout(280)]

NOTICED_S = 2.0
"""How soon a death has to be noticed while nothing is asked of the ranks."""


@pytest.fixture(scope="module")
def opened(mpi_library: str) -> Iterator[Session]:
    """A session on two ranks for all tests; some of them cost it a rank."""
    with snnlab.open(balanced(), ranks=2, threads=1, name="on ranks") as session:
        yield session


@pytest.fixture
def session(opened: Session) -> Session:
    """Paused at the start, on two living ranks, as fast as it goes."""
    if opened.state is SessionState.FAILED:
        opened.restart_ranks()
    if len(opened.ranks) != 2:
        opened.move("2 ranks")
    opened.speed = None
    return opened.reset()


@pytest.fixture(scope="module")
def wanted() -> NDArray[np.int64]:
    """Spikes of 60 ms in one process."""
    with snnlab.open(balanced(), threads=1, name="one process") as alone:
        alone.run(60.0).wait()
        return np.array(alone.spikes())


def _check_spikes(session: Session, wanted: NDArray[np.int64]) -> None:
    session.run_until(60.0).wait(60)
    np.testing.assert_array_equal(np.array(session.spikes()), wanted)


def _wait_for(state: SessionState, session: Session, seconds: float) -> float:
    began = time.monotonic()
    while session.state is not state:
        assert time.monotonic() - began < seconds, session.state
        time.sleep(0.01)
    return time.monotonic() - began


def test_each_rank_tells_what_it_holds_and_does(session: Session) -> None:
    session.run(60.0).wait()
    first, second = session.ranks
    assert (first.number, second.number) == (0, 1)
    assert first.n_neurons + second.n_neurons == session.network.n_neurons
    assert first.n_synapses + second.n_synapses == session.engine_report.n_synapses
    assert (first.end, second.end) == ("", "")
    assert first.exchange == "point to point"
    for rank in session.ranks:
        assert psutil.pid_exists(rank.pid)
        assert rank.load is not None
        assert 0 < rank.load.busy <= 1
        assert rank.load.memory_bytes == pytest.approx(
            psutil.Process(rank.pid).memory_info().rss, rel=0.3
        )
        assert set(COMPUTING) | {"exchange", "other"} == set(rank.load.seconds)


def test_spikes_of_ranks_add_up_to_those_of_the_network(ranks: Ranks) -> None:
    engine = ClusterEngine(balanced(), ranks, threads=1)
    frame = engine.advance(600)
    told = [rank.load for rank in engine.ranks]
    assert frame.n_spikes > 50
    assert sum(load.n_spikes for load in told if load is not None) == frame.n_spikes
    engine.close()


def test_calls_are_long_where_the_way_to_ranks_is(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = session._simulation.place.engine
    advance, asked = engine.advance, []

    def slow(n_steps: int) -> Frame:
        time.sleep(0.05)
        asked.append(n_steps)
        return advance(n_steps)

    monkeypatch.setattr(engine, "advance", slow)
    session.run(200.0).wait(60)
    assert max(asked) > 100


def test_one_process_has_no_ranks() -> None:
    with snnlab.open(balanced(200), threads=1, name="no ranks") as alone:
        assert alone.ranks == ()
        with pytest.raises(StateError, match="several ranks"):
            alone.restart_ranks()


def test_death_is_noticed_while_the_session_is_idle(
    session: Session, wanted: NDArray[np.int64]
) -> None:
    session.run(30.0).wait()
    os.kill(session.ranks[1].pid, signal.SIGKILL)
    took = _wait_for(SessionState.FAILED, session, 2 * NOTICED_S)
    assert took < NOTICED_S
    assert isinstance(session.error, RankDied)
    first, second = session.ranks
    assert second.has_died
    assert second.end == "killed by SIGKILL"
    assert first.end == "because of rank 1"
    assert not first.has_died
    assert session.device_label.startswith("2 ranks on")
    session.restart_ranks()
    assert session.step == 300
    assert session.error is None
    assert not any(rank.end for rank in session.ranks)
    _check_spikes(session, wanted)


def test_ranks_are_started_anew_while_it_runs(session: Session, wanted: NDArray[np.int64]) -> None:
    session.run(30.0).wait()
    before = {rank.pid for rank in session.ranks}
    session.restart_ranks()
    assert before.isdisjoint(rank.pid for rank in session.ranks)
    assert session.step == 300
    _check_spikes(session, wanted)


def test_a_session_moves_between_one_process_and_ranks(wanted: NDArray[np.int64]) -> None:
    with snnlab.open(balanced(), threads=1, name="moving") as session:
        session.run(20.0).wait()
        session.move("2 ranks")
        assert len(session.ranks) == 2
        session.run(20.0).wait()
        pids = [rank.pid for rank in session.ranks]
        session.move("cpu")
        assert session.ranks == ()
        _check_spikes(session, wanted)
        assert eventually(lambda: not any(map(_is_alive, pids)), 20)


def _is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


# --- the stop button ------------------------------------------------------------------------------


def _interrupt_soon(seconds: float = 0.5) -> None:
    """Do what the stop button of a notebook does, while the test waits."""
    threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_interrupt_of_a_run_pauses_all_ranks_at_one_step(
    session: Session, wanted: NDArray[np.int64]
) -> None:
    pids = [rank.pid for rank in session.ranks]
    session.speed = 0.001
    session.run()
    _interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        session.wait()
    assert session.state is SessionState.PAUSED
    session.speed = None
    assert [rank.pid for rank in session.ranks] == pids
    _check_spikes(session, wanted)


def test_interrupt_of_a_way_back_stops_on_it(session: Session, wanted: NDArray[np.int64]) -> None:
    session.checkpoints.limit_bytes = 0  # the way back is long
    session.run(20_000.0).wait(120)
    _interrupt_soon(0.2)
    with pytest.raises(KeyboardInterrupt):
        session.rewind(19_999.0)
    assert session.state is SessionState.PAUSED
    assert 0 <= session.t < 19_999.0
    session.reset()
    _check_spikes(session, wanted)


def test_interrupt_ends_ranks_that_wait_for_ever(
    session: Session, wanted: NDArray[np.int64]
) -> None:
    session.run(30.0).wait()
    os.kill(session.ranks[1].pid, signal.SIGSTOP)
    session.run()
    _interrupt_soon()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        session.wait()
    _wait_for(SessionState.FAILED, session, 10.0)
    assert time.monotonic() - began < 12.0
    assert isinstance(session.error, ClusterError)
    session.restart_ranks()
    assert session.step == 300
    _check_spikes(session, wanted)
