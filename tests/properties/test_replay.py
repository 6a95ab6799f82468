"""A run of random edits, taken back to random moments and made again, has the same spikes."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Checkpoint
from snnlab.errors import SnnlabError
from snnlab.interop.checkpoint_file import load_checkpoint
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.distribution import ClippedNormal
from snnlab.model.edits import (
    AddPopulation,
    AddProjection,
    AddStimulus,
    Edit,
    RemovePopulation,
    RemoveProjection,
    RemoveStimulus,
    SetParameter,
    Several,
)
from snnlab.model.network import Network, Population, Projection
from snnlab.model.stimuli import PoissonInput
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S
from tests.networks import balanced, digest, spikes

N_EDITS = 220


def random_edit(draw: random.Random, k: int, network: Network) -> Edit:
    """Any kind of edit: numbers four times out of five, structure otherwise."""
    if draw.random() < 0.8:
        target, name, low, high = draw.choice([
            ("", "g", 3.0, 6.0), ("", "J", 0.3, 0.7), ("to_exc", "rate", 1000.0, 9000.0),
            ("exc", "tau_m", 10.0, 30.0), ("inh", "V_th", 15.0, 22.0), ("exc", "t_ref", 0.5, 3.0),
            ("exc->inh", "weight", 0.1, 0.9), ("inh->exc", "delay", 0.5, 6.0),
        ])  # fmt: skip
        one = SetParameter(target, name, draw.uniform(low, high))
        return Several((one, SetParameter("", "g", 5.0))) if draw.random() < 0.1 else one
    more = Population(f"more {k}", draw.randrange(1, 40), "LIFExp", {"I_e": 500.0})
    drawn = ClippedNormal(0.5, 0.1, low=0.0)
    return draw.choice([
        AddPopulation(more),
        RemovePopulation(one_of(draw, "more", network.populations)),
        AddProjection(Projection("exc", "exc", FixedIndegree(3), drawn, 2.5, name=f"extra {k}")),
        AddProjection(Projection("inh", "exc", FixedIndegree(2), -0.3, 0.7, name=f"extra {k}")),
        RemoveProjection(one_of(draw, "extra", network.projections)),
        AddStimulus(PoissonInput(f"drive {k}", "exc", rate=900.0, weight=0.4)),
        RemoveStimulus(one_of(draw, "drive", network.stimuli)),
        SetParameter("exc->exc", "weight", drawn),
    ])  # fmt: skip


def one_of(draw: random.Random, word: str, parts: tuple[Any, ...]) -> str:
    """Name of a part that an edit has added; of none if there is none."""
    return draw.choice([part.name for part in parts if part.name.startswith(word)] or ["none"])


def random_run(session: Session, seed: int = 1, n_edits: int = N_EDITS) -> None:
    """Edit, undo and redo between short runs until `n_edits` have taken effect."""
    draw, k = random.Random(seed), 0
    while len(session.edits) < n_edits:
        k += 1
        chance = draw.random()
        try:
            if chance < 0.1 and session.history.can_undo:
                session.undo().result(LIMIT_S)
            elif chance < 0.17 and session.history.can_redo:
                session.redo().result(LIMIT_S)
            else:
                session.apply(random_edit(draw, k, session.network)).result(LIMIT_S)
        except SnnlabError:
            continue  # of a thing that is not there; refused edits are no part of the run
        if draw.random() < 0.8:
            session.run(0.1 * draw.randrange(1, 60)).wait(LIMIT_S)


def replayed(checkpoint: Checkpoint, start: Checkpoint, threads: int) -> np.ndarray:
    """All spikes from `start` on until `checkpoint`, on an engine of its own."""
    engine = CpuEngine(start.network, threads=threads)
    engine.restore(start)
    pairs, network = [np.empty((0, 2), np.int64)], start.network
    for applied in checkpoint.edits[len(start.edits) :]:
        pairs.append(spikes(engine, [applied.step - engine.step]))
        network = applied.edit.apply(network)
        engine.apply(network)
    pairs.append(spikes(engine, [checkpoint.step - engine.step]))
    return np.concatenate(pairs)


def recorded(session: Session, first: int = 0) -> np.ndarray:
    """All recorded spikes from step `first` on."""
    frames = [frame for section in session.recording.sections for frame in section.frames]
    step = np.concatenate([frame.step for frame in frames])
    pairs = np.column_stack([step, np.concatenate([frame.neuron for frame in frames])])
    return pairs[step >= first]


@pytest.fixture(scope="module")
def run() -> Iterator[tuple[Session, Checkpoint, np.ndarray]]:
    """A session after all edits, its state, and all its spikes."""
    with Session(CpuEngine(balanced(300), threads=2)) as session:
        random_run(session)
        session.run(20).wait(LIMIT_S)
        yield session, session.checkpoint(), recorded(session)


def test_the_run_has_all_kinds_of_edits(run) -> None:
    _, end, pairs = run
    assert len(end.edits) == N_EDITS
    assert len({type(applied.edit) for applied in end.edits}) >= 8
    assert {applied.how for applied in end.edits} == {"made", "undone", "redone"}
    assert len(pairs) > 1000


@pytest.mark.parametrize("threads", [1, 3])
def test_from_the_start(run, threads) -> None:
    _, end, pairs = run
    start = Checkpoint(0, end.start, {}, end.start)
    np.testing.assert_array_equal(replayed(end, start, threads), pairs)


def test_planted_loss_of_one_edit_is_found(run) -> None:
    _, end, pairs = run
    start = Checkpoint(0, end.start, {}, end.start)
    kept = [a for a in end.edits if a is not next(e for e in end.edits if e.edit == some_number(e))]
    assert not np.array_equal(replayed(replace(end, edits=tuple(kept)), start, 1), pairs)


def some_number(applied: object) -> Edit | None:
    """The edit if it sets a number of the network's largest input, which every spike feels."""
    edit = applied.edit  # type: ignore[attr-defined]
    is_rate = isinstance(edit, SetParameter) and edit.name in ("rate", "J")
    return edit if is_rate else None


@pytest.mark.parametrize("seed", range(6))
def test_from_random_moments(run, seed) -> None:
    """A branch is restored from the nearest checkpoint, replays, then goes on to the end."""
    session, end, pairs = run
    at = random.Random(seed).randrange(end.step)
    with session.branch(at=at * session.dt) as branch:
        assert branch.step == at
        found = replayed(end, branch.checkpoint(), 1)
    np.testing.assert_array_equal(found, pairs[pairs[:, 0] >= at])


def test_rewinding_the_session_itself_again_and_again(run) -> None:
    session, end, pairs = run
    with session.branch(at=end) as branch:
        for seed in range(4):
            to = random.Random(seed).randrange(branch.step)
            branch.rewind(to * session.dt)
            assert branch.step == to
            here = branch.checkpoint()
            expected = pairs[(pairs[:, 0] >= to) & (pairs[:, 0] < to + 300)]
            until = next((a.step for a in end.edits[len(here.edits) :]), to + 300)
            branch.run_until(max(to, until) * session.dt).wait(LIMIT_S)
            got = recorded(branch, to) if until > to else np.empty((0, 2), np.int64)
            np.testing.assert_array_equal(got, expected[expected[:, 0] < until][: len(got)])


def test_from_a_file_in_a_fresh_process(run, tmp_path: Path) -> None:
    session, end, pairs = run
    middle = end.step // 2
    paths = [tmp_path / "middle.checkpoint", tmp_path / "end.checkpoint"]
    with session.branch(at=middle * session.dt) as branch:
        branch.checkpoint(paths[0])
    with session.branch(at=end) as branch:
        branch.checkpoint(paths[1])
    program = (
        "import sys\n"
        "from snnlab.interop.checkpoint_file import load_checkpoint\n"
        "from tests.networks import digest\n"
        "from tests.properties.test_replay import replayed\n"
        "middle, end = map(load_checkpoint, sys.argv[1:])\n"
        "print(digest(replayed(end, middle, 3)))\n"
    )
    command = [sys.executable, "-c", program, *map(str, paths)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True)
    assert load_checkpoint(paths[1]).edits == end.edits
    assert ended.stdout.split() == [digest(pairs[pairs[:, 0] >= middle])]
