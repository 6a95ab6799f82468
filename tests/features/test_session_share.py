"""A session goes into a small file, and the file gives the same spikes, edits and view again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import snnlab
from snnlab.errors import FormatError, SpecError, StateError
from snnlab.model.edits import AddPopulation, RemovePopulation
from snnlab.model.network import Population
from snnlab.session import Session, SessionState
from tests.features.session_bench import LIMIT_S, eventually
from tests.networks import balanced
from tests.properties.test_replay import random_run, recorded


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, Session]:
    """A file, and the session that wrote it."""
    with snnlab.open(balanced(300), name="first", threads=1) as session:
        session.run(20).wait(LIMIT_S)
        session.set("g", 3.0).result(LIMIT_S)
        session.run(15).wait(LIMIT_S)
        session.apply(RemovePopulation("inh")).result(LIMIT_S)
        session.undo().result(LIMIT_S)
        session.run(25).wait(LIMIT_S)
        session.set("J", 0.45).result(LIMIT_S)
        session.view = {"selected": "exc"}
        session.share(tmp_path / "run.json")
        yield tmp_path / "run.json", session


def opened(path: Path) -> Session:
    """The session of the file, beside the one that wrote it."""
    return snnlab.open(path, name="again", threads=1)


def test_opened_file_gives_the_same_run(shared: tuple[Path, Session]) -> None:
    path, first = shared
    with opened(path) as again:
        assert again.wait(LIMIT_S)
        np.testing.assert_array_equal(recorded(again), recorded(first))
        assert (again.t, again.network, again.edits) == (first.t, first.network, first.edits)
        assert again.view == {"selected": "exc"}
        assert again.history.can_undo
        for session in (first, again):
            session.undo().result(LIMIT_S)
            session.run(20).wait(LIMIT_S)
        np.testing.assert_array_equal(recorded(again), recorded(first))
        assert again.share() == first.share().replace('"first"', '"again"')


def test_pauses_and_steps_on_the_way_change_nothing(shared: tuple[Path, Session]) -> None:
    path, first = shared
    with opened(path) as again:
        again.pause()
        while again.step < first.step:
            again.step_once(min(7, first.step - again.step))
        assert eventually(lambda: again.edits == first.edits)
        np.testing.assert_array_equal(recorded(again), recorded(first))


def test_an_edit_of_ones_own_takes_another_way(shared: tuple[Path, Session]) -> None:
    path, first = shared
    with opened(path) as again:
        again.pause()
        assert again.step < first.step
        again.rewind(0)
        again.apply(AddPopulation(Population("mine", 3, "LIFDelta"))).result(LIMIT_S)
        again.run_until(first.t).wait(LIMIT_S)
        assert [type(a.edit).__name__ for a in again.edits][-1] == "AddPopulation"
        assert len(again.edits) < len(first.edits)
        assert any("are not made" in m.text for m in again.messages)


@pytest.mark.rounds(1, 400)
def test_random_edits_are_repeated_to_the_spike(tmp_path: Path, part: int) -> None:
    """Thoroughly: half an hour of random edits."""
    with snnlab.open(balanced(200), name="first", threads=1) as first:
        random_run(first, seed=7 + part, n_edits=60)
        first.share(tmp_path / "run.json")
        with snnlab.open(tmp_path / "run.json", name="again", threads=2) as again:
            assert again.wait(LIMIT_S)
            pairs = recorded(first)
            np.testing.assert_array_equal(recorded(again), pairs)
            assert len(pairs) > 100
            assert again.edits == first.edits


def test_preset_is_named_and_its_settings_are_kept(tmp_path: Path) -> None:
    with snnlab.open("brunel", N=500, g=4.5, seed=3, dt=0.2, threads=1) as first:
        first.run(10).wait(LIMIT_S)
        text = first.share(tmp_path / "run.json")
        assert '"preset": "brunel"' in text
        assert len(text) < 600
        with opened(tmp_path / "run.json") as again:
            assert again.wait(LIMIT_S)
            assert again.network == first.network
            np.testing.assert_array_equal(recorded(again), recorded(first))


def test_reset_of_an_edited_network_is_shared_whole(tmp_path: Path) -> None:
    with snnlab.open("brunel", N=500, threads=1) as first:
        first.set("g", 4.0).result(LIMIT_S)
        first.reset()
        assert '"recipe"' not in first.share(tmp_path / "run.json")
        with opened(tmp_path / "run.json") as again:
            assert again.network == first.network
            assert again.state is SessionState.PAUSED


def test_file_that_cannot_be_meant_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text('{"snnlab": "session", "format": 1, "name": "x", "step": 1}')
    with pytest.raises(FormatError, match=r"bad\.json"):
        snnlab.open(path)


def test_settings_beside_a_session_file_are_refused(shared: tuple[Path, Session]) -> None:
    with pytest.raises(SpecError, match="session file"):
        snnlab.open(shared[0], seed=4)


def test_endless_file_can_be_paused(tmp_path: Path) -> None:
    with snnlab.open(balanced(100), name="first", threads=1) as first:
        text = first.share().replace('"step": 0', f'"step": {2**52}')
    (tmp_path / "run.json").write_text(text)
    with opened(tmp_path / "run.json") as again:
        assert again.state is SessionState.RUNNING
        again.pause()
        assert again.state is SessionState.PAUSED


def test_run_is_repeated_from_its_start_only(shared: tuple[Path, Session]) -> None:
    _, first = shared
    with pytest.raises(StateError, match="at its start"):
        first.repeat(first.run_so_far())


def test_wrong_suffix_is_refused(shared: tuple[Path, Session], tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"\.json"):
        shared[1].share(tmp_path / "run.txt")
