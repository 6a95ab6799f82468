"""Opening and closing: any number of times, by name, without leaving anything behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from snnlab import launch
from snnlab.errors import DeviceUnavailable, SpecError
from snnlab.interop import native_json
from snnlab.session import Session, SessionState
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, eventually

MOST_GROWTH = 20 * 2**20


def simulation_threads() -> list[str]:
    """Names of the simulation threads that are alive."""
    return [t.name for t in threading.enumerate() if t.name.startswith("snnlab-")]


def reopened(n: int, keep: Callable[[Session], object]) -> tuple[list[object], int]:
    """Run a notebook's opening cell `n` times.

    Returns
    -------
    kept : what `keep` made of the sessions.
    growth : of the process, without the first tenth [bytes].
    """
    process, kept, before = psutil.Process(), [], 0
    for k in range(n):
        session = launch.open(balanced(800, 200), name="cell")
        session.run(20).wait(LIMIT_S)
        kept.append(keep(session))
        if k == n // 10:
            before = process.memory_info().rss
    del session
    gc.collect()
    return kept, process.memory_info().rss - before


def test_a_hundred_openings_leave_nothing() -> None:
    n_threads = len(simulation_threads())
    references, growth = reopened(100, weakref.ref)
    assert eventually(lambda: len(simulation_threads()) == n_threads)
    assert all(reference() is None for reference in references)
    assert growth < MOST_GROWTH


def test_planted_leak_is_found() -> None:
    sessions, growth = reopened(20, lambda session: (session, np.ones(2**19)))
    assert all(weakref.ref(session)() is not None for session, _ in sessions)
    assert growth > MOST_GROWTH


def test_opening_the_same_name_closes_the_session_that_had_it() -> None:
    first = launch.open(balanced(), name="one")
    other = launch.open(balanced(), name="two")
    again = launch.open(balanced(), name="one")
    assert first.state is SessionState.CLOSED
    assert other.state is SessionState.PAUSED
    again.close()
    other.close()


def test_a_session_that_nobody_holds_ends_its_thread_and_its_engine() -> None:
    engine = ReferenceEngine(balanced())
    session = Session(engine, name="lost").run()
    del session
    gc.collect()
    assert eventually(lambda: "snnlab-lost" not in simulation_threads())
    assert engine._is_closed


def test_a_context_closes_its_session() -> None:
    engine = ReferenceEngine(balanced())
    with Session(engine) as session:
        session.run()
    assert session.state is SessionState.CLOSED
    assert engine._is_closed


def test_a_preset_by_name_with_settings() -> None:
    with launch.open("brunel", N=1000, g=4.5, seed=3, dt=0.2, threads=1) as session:
        assert session.network.n_neurons == 1000
        assert session.network.knob_values["g"] == 4.5
        assert (session.network.seed, session.dt) == (3, 0.2)
        assert session.name == "brunel"
        assert (session.device, session.device_label) == ("cpu", "CPU, 1 thread")
        assert session.engine_report.n_synapses > 0
        assert repr(session) == "Session('brunel', 'brunel', paused, t = 0 ms)"


def test_what_cannot_be_opened() -> None:
    with pytest.raises(SpecError, match="Did you mean 'brunel'"):
        launch.open("brunell")
    with pytest.raises(SpecError, match="int"):
        launch.open(5)
    with pytest.raises(SpecError, match="scale"):
        launch.open(balanced(), scale=0.5)


def test_a_network_file(tmp_path: Path) -> None:
    path = tmp_path / "balanced.json"
    native_json.save(balanced(), path)
    for given in (path, str(path)):
        with launch.open(given) as session:
            assert session.network == balanced()


def test_a_request_that_cannot_be_meant_leaves_the_session_of_its_name() -> None:
    with launch.open(balanced(), name="mine") as session:
        with pytest.raises(DeviceUnavailable):
            launch.open(balanced(), name="mine", device="gpu")
        assert session.state is SessionState.PAUSED
