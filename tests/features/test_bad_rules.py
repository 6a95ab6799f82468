"""Rules that ask for too much: what cannot be is said, and the network stays as it was."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.errors import OutOfMemory
from snnlab.frames.structure import StructuralEvents
from snnlab.model.connectivity import PairwiseBernoulli
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.session import Session
from tests.features.session_bench import LIMIT_S

pytestmark = pytest.mark.usefixtures("both_engines")

N, STEPS = 60, 400


class Greedy(RewiringRule):
    """Takes every pair."""

    @staticmethod
    def accept(pair, p):
        return True


def crowded() -> Network:
    """A population that wants to be connected all to all, itself included."""
    return Network(
        [Population("source", N, "PoissonSource", {"rate": 30.0}),
         Population("target", N, "LIFDelta")],
        [Projection("source", "target", PairwiseBernoulli(0.02), 0.5, name="map", synapse="STDP",
                    parameters={"W_max": 1.0}),
         Projection("target", "target", PairwiseBernoulli(0.0, autapses=False), 0.5, name="own")],
        rewirings=[Rewiring("map", Greedy, 0.2, 20, name="greedy"),
                   Rewiring("own", Greedy, 0.2, 80, name="of itself")],
    )  # fmt: skip


def without_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    for engine in ("cpu", "cuda"):
        monkeypatch.setattr(f"snnlab.{engine}.engine.available_bytes", lambda: 4000)


def listed(engine) -> list[tuple[int, ...]]:
    found = [engine.synapses(name) for name in ("map", "own")]
    return [tuple(column.tolist()) for s in found for column in (s.pre, s.post, s.weight)]


def test_nobody_is_connected_to_itself_where_that_is_forbidden() -> None:
    engine = CpuEngine(crowded(), threads=1)
    frame = engine.advance(2000)
    own = engine.synapses("own")
    assert len(own) == N * (N - 1) == frame.structure.of(1).is_formed.sum()
    assert (own.pre != own.post).all()


def test_rows_grow_only_into_memory_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 4)
    undisturbed = CpuEngine(crowded(), threads=1)
    whole = [undisturbed.advance(STEPS)]
    without_memory(monkeypatch)
    engine = CpuEngine(crowded(), threads=1)
    frames = [engine.advance(STEPS)]
    assert 0 < frames[0].t_stop < STEPS
    held = listed(engine)
    with pytest.raises(OutOfMemory) as caught:
        engine.advance(STEPS - frames[0].t_stop)
    said = str(caught.value)
    assert "'map', 'own'" in said
    assert "of free memory on" in said
    assert "'greedy', 'of itself' forms more synapses than go" in said
    assert "Set its attempts to 0" in said
    assert (engine.step, listed(engine)) == (frames[0].t_stop, held)
    monkeypatch.undo()
    monkeypatch.setattr("snnlab.build.growing._ROOM", 4)
    frames.append(engine.advance(STEPS - frames[0].t_stop))
    assert listed(engine) == listed(undisturbed)
    for part in ("step", "neuron"):
        found = [np.concatenate([getattr(f, part) for f in run]) for run in (frames, whole)]
        np.testing.assert_array_equal(*found)
    # The step in which there was no room lies in both frames, so its events are sorted apart.
    told = [StructuralEvents.joined(f.structure for f in run) for run in (frames, whole)]
    rows = [np.unique(np.column_stack(events.columns), axis=0) for events in told]
    np.testing.assert_array_equal(*rows)
    assert len(rows[0]) == len(told[0]) == len(told[1])


def test_a_session_goes_on_without_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 4)
    without_memory(monkeypatch)
    with Session(CpuEngine(crowded(), threads=1)) as session:
        session.run(40.0)
        with pytest.raises(OutOfMemory, match="when rows grow"):
            session.wait(LIMIT_S)
        stopped = session.step
        assert 0 < stopped < STEPS
        session.rewind(stopped * session.dt)
        for name in ("greedy", "of itself"):
            session.apply(SetParameter(name, "attempts", 0)).result()
        session.run(20.0)
        assert session.wait(LIMIT_S)
        assert session.step == stopped + 200
        assert (session.structural_events().step <= stopped).all()
