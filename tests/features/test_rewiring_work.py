"""What the rules of rewirings have done and how long it took, told for each of them."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.structure import StructuralEvents
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network
from snnlab.session.session import Session
from tests.features.test_rewiring import N, busy

pytestmark = pytest.mark.usefixtures("both_engines")


def events_of(work: tuple[RewiringWork, ...]) -> list[tuple[int, int]]:
    return [(each.formed, each.removed) for each in work]


def counted(network: Network, events: StructuralEvents) -> list[tuple[int, int]]:
    of_each = [events.of(k).is_formed for k in range(len(network.rewirings))]
    return [(int(formed.sum()), int((~formed).sum())) for formed in of_each]


def test_what_rules_did_is_what_frames_tell() -> None:
    engine = CpuEngine(busy(), threads=2)
    assert engine.rewiring_work() == tuple(RewiringWork(r.name) for r in busy().rewirings)
    frames = [engine.advance(n) for n in (100, 1, 401)]
    work = engine.rewiring_work()
    events = StructuralEvents.joined(frame.structure for frame in frames)
    assert events_of(work) == counted(engine.network, events)
    assert min(min(pair) for pair in events_of(work)) > 0
    # 50 ms hold 100, 50 and 71 calls; a neuron has no synapse with itself.
    assert (work[0].attempts, work[2].attempts) == (100 * 40, 71 * 5)
    chance = 50 * 40 / N
    assert abs(work[1].attempts - (50 * 40 - chance)) < 5.0 * np.sqrt(chance)


def test_times_of_the_rules_add_up_to_their_phase() -> None:
    engine = CpuEngine(busy(), threads=1)
    frames = [engine.advance(n) for n in (300, 200)]
    seconds = [work.seconds for work in engine.rewiring_work()]
    assert min(seconds) > 0.0
    assert sum(seconds) == pytest.approx(sum(frame.timings["rewire"] for frame in frames))


def test_nothing_is_counted_twice_or_lost_where_rows_are_laid_out_anew(monkeypatch) -> None:
    usual = CpuEngine(busy(), threads=1)
    usual.advance(500)
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    engine = CpuEngine(busy(), threads=1)
    engine.advance(200)
    middle = engine.checkpoint()
    engine.advance(300)
    assert events_of(engine.rewiring_work()) == events_of(usual.rewiring_work())
    engine.restore(middle)
    engine.advance(300)
    first = CpuEngine(busy(), threads=1)
    first.advance(200)
    twice = 2 * np.array(events_of(usual.rewiring_work()))
    assert np.array_equal(
        events_of(engine.rewiring_work()), twice - events_of(first.rewiring_work())
    )


def test_a_session_tells_it_as_a_table() -> None:
    with Session(CpuEngine(busy(), threads=1)) as session:
        session.apply(SetParameter("busy too", "attempts", 0))
        session.run(50).wait(60)
        table = session.rewiring_work()
        assert table["rewiring"].values.tolist() == [r.name for r in busy().rewirings]
        assert table["attempts"].values[1] == 0 < table["attempts"].values[0]
        assert table["seconds"].values[1] < table["seconds"].values[0]  # it is asked, and rests
        assert table["formed"].attrs == {"long_name": "synapses that were formed", "units": "1"}
        assert table["seconds"].attrs["units"] == "s"
        formed = session.structural_events("busy").is_formed.sum()
        assert table["formed"].sel(rewiring="busy") == formed > 0
