"""A proof computes a run again elsewhere, beside it, and finds every difference there is."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import snnlab
from snnlab import launch
from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Checkpoint, Engine
from snnlab.errors import DeviceUnavailable, SpecError, StateError
from snnlab.frames.frame import Frame
from snnlab.frames.synapses import Synapses
from snnlab.model.edits import AddPopulation
from snnlab.model.network import Network, Population
from snnlab.session import Session
from snnlab.session.proof import RECORDED, Proof, Verdict
from tests import networks
from tests.features.on_device import on_device
from tests.features.session_bench import LIMIT_S, eventually

DROPPED_AT = 700
"""Step from which on the first spike is not told."""


class Drops(CpuEngine):
    """Does not tell one spike."""

    def advance(self, n_steps: int) -> Frame:
        frame = super().advance(n_steps)
        late = np.flatnonzero(frame.step >= DROPPED_AT)
        if not late.size or hasattr(self, "dropped"):
            return frame
        self.dropped = int(frame.step[late[0]]), int(frame.neuron[late[0]])
        keep = np.arange(frame.step.size) != late[0]
        return replace(frame, step=frame.step[keep], neuron=frame.neuron[keep])


class Heavier(CpuEngine):
    """Tells one weight that is larger by the smallest step there is."""

    def synapses(self, projection: str) -> Synapses:
        found = super().synapses(projection)
        weight = found.weight.copy()
        weight[0] = np.nextafter(weight[0], np.inf, dtype=weight.dtype)
        return replace(found, weight=weight)


class Forgets(CpuEngine):
    """Begins at the right step, but with the state of the start."""

    def restore(self, checkpoint: Checkpoint) -> None:
        super().restore(checkpoint)
        fresh = CpuEngine(checkpoint.network, threads=1)
        kept = {k: v for k, v in fresh.checkpoint().arrays.items() if k.startswith("state/")}
        fresh.close()
        arrays = {**checkpoint.arrays, **kept} if checkpoint.arrays else {}
        super().restore(replace(checkpoint, arrays=arrays))


def elsewhere(network: Network, place: str) -> Engine:
    if place == "nowhere":
        raise DeviceUnavailable("device", "must be there", got=repr(place), remedy="Buy one.")
    makers: dict[str, Any] = {
        "cpu": CpuEngine, "1 thread": CpuEngine, "device": on_device, "drops": Drops,
        "heavier": Heavier, "forgets": Forgets,
    }  # fmt: skip
    if place == "3 threads":
        return CpuEngine(network, threads=3)
    return makers[place](network, threads=1)


def run(network: Network | None = None) -> Session:
    """150 ms of plastic synapses, with an edit of a number and one of the structure."""
    session = Session(CpuEngine(network or networks.plastic(), threads=1), engines=elsewhere)
    session.run(60).wait(LIMIT_S)
    session.apply(AddPopulation(Population("more", 5, "LIFDelta"))).result(LIMIT_S)
    session.run(90).wait(LIMIT_S)
    return session


def proved(session: Session, *places: str, **settings: Any) -> Proof:
    proof = session.prove(places, **settings)
    assert proof.wait(LIMIT_S)
    return proof


def verdicts(proof: Proof) -> dict[str, Verdict]:
    return {line.place: line.verdict for line in proof.lines}


@pytest.mark.parametrize("duration", [30.0, 120.0, 400.0])
def test_every_device_gives_the_same(duration: float) -> None:
    with run() as session:
        before = session.t, len(session.edits), session.spikes()[0].size
        proof = proved(session, "1 thread", "3 threads", "device", duration=duration)
        assert verdicts(proof) == {
            RECORDED: Verdict.EQUAL, "1 thread": Verdict.REFERENCE, "3 threads": Verdict.EQUAL,
            "device": Verdict.EQUAL,
        }  # fmt: skip
        assert proof.is_equal
        assert "The same to the bit: 3 of 3" in str(proof)
        assert "synapses" in proof.lines[-1].text
        assert proof.t_stop == max(150.0, duration)
        # Ids are others before the structural edit at 60 ms, so that is where the recording begins.
        assert ("(t = 60 to 150 ms)" in proof.lines[0].text) is (duration > 90.0)
        assert (session.t, len(session.edits), session.spikes()[0].size) == before


def test_one_spike_that_is_missing_is_named() -> None:
    with run() as session:
        step, neuron = session.spikes()
        first = int(np.flatnonzero(step >= DROPPED_AT)[0])
        line = proved(session, "1 thread", "drops").lines[-1]
        assert line.verdict is Verdict.DIFFERENT
        network = session.network
        found = max(
            (p for p in network.populations if network.first_id(p.name) <= neuron[first]),
            key=lambda p: network.first_id(p.name),
        )
        index = neuron[first] - network.first_id(found.name)
        assert line.text == (
            f"first at t = {(step[first] + 1) * 0.1:g} ms: neuron {index} of {found.name!r}"
            " does not fire here"
        )


def test_one_weight_that_differs_by_the_last_bit_is_named() -> None:
    with run() as session:
        proof = proved(session, "1 thread", "heavier")
        assert proof.is_equal is False
        line = proof.lines[-1]
        assert line.verdict is Verdict.DIFFERENT
        assert "weight = " in line.text
        assert "1 of" in line.text
        assert "Not the same: 1 of 2 differ." in proof.summary


def test_another_state_at_the_start_is_found() -> None:
    with run() as session:
        session.checkpoints.add(session.checkpoint())
        session.run(60).wait(LIMIT_S)
        proof = proved(session, "1 thread", "forgets", duration=60)
        assert proof.lines[-1].verdict is Verdict.DIFFERENT
        assert proof.is_equal is False


def test_a_recording_that_is_not_of_this_run_is_found() -> None:
    with run() as session:
        proof = proved(session, "drops")
        assert verdicts(proof) == {RECORDED: Verdict.DIFFERENT, "drops": Verdict.REFERENCE}


def test_a_place_that_is_not_there_says_so_and_the_others_go_on() -> None:
    with run() as session:
        proof = proved(session, "nowhere", "1 thread", "3 threads")
        lines = {line.place: line for line in proof.lines}
        assert lines["nowhere"].verdict is Verdict.NOT_TRIED
        assert "must be there" in lines["nowhere"].text
        assert lines["3 threads"].verdict is Verdict.EQUAL
        assert "1 could not be compared" in proof.summary


def test_it_works_beside_a_run_that_goes_on() -> None:
    with run(networks.balanced(2000)) as session:
        session.run()
        assert eventually(lambda: session.t > 300)
        proof = session.prove(["1 thread", "3 threads"], duration=100)
        assert proof.wait(LIMIT_S)
        assert proof.is_equal
        assert proof.lines[0].text == proof.lines[1].text.split(",")[0]
        t = session.t
        assert eventually(lambda: session.t > t)


def test_it_can_be_cancelled_and_runs_out_of_time() -> None:
    with run(networks.balanced(2000)) as session:
        proof = session.prove(["1 thread", "3 threads"], duration=1e6)
        assert eventually(lambda: proof.lines[1].progress > 0.0)
        proof.cancel()
        assert proof.wait(LIMIT_S)
        assert set(verdicts(proof).values()) >= {Verdict.CANCELLED}
        assert proof.is_equal is None
        late = proved(session, "1 thread", "3 threads", duration=1e6, timeout=0.3)
        assert verdicts(late)["1 thread"] is Verdict.TIMED_OUT
        assert "within 0.3 s" in late.lines[-1].text
    assert eventually(lambda: "snnlab proof" not in {t.name for t in threading.enumerate()})


def test_what_cannot_be_meant_is_refused() -> None:
    with run() as session:
        with pytest.raises(SpecError, match="a time and places"):
            session.prove([])
        with pytest.raises(SpecError, match="a time and places"):
            session.prove(["1 thread"], duration=0.0)
    with Session(CpuEngine(networks.plastic(), threads=1)) as alone:  # noqa: SIM117
        with pytest.raises(StateError, match="how engines are made"):
            alone.prove(["1 thread"])


def test_places_are_what_this_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_has_mpi", lambda: False)
    with snnlab.open(networks.balanced(200), name="proved", threads=1) as session:
        session.run(50).wait(LIMIT_S)
        proof = session.prove(duration=50)
        assert proof.wait(LIMIT_S)
        assert [line.place for line in proof.lines] == [RECORDED, "1 thread", "2 threads"]
        assert proof.is_equal
