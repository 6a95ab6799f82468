"""Moving to another device: the run goes on bit for bit, and all that a session keeps stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from snnlab import launch
from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Engine
from snnlab.errors import DeviceUnavailable, OutOfMemory, StateError
from snnlab.interop.run_log import open_log
from snnlab.model.edits import AddPopulation
from snnlab.model.network import Network, Population
from snnlab.record.log.reader import FrameLog
from snnlab.session import Session, SessionState
from tests import networks
from tests.features.on_device import on_device
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S, engines, eventually, has_gap, same
from tests.host_device.host_device import HostDevice


def on_cpu(network: Network | None = None, **settings: object) -> Session:
    """A session on the CPU that can move."""
    return Session(CpuEngine(network or balanced(), threads=1), engines=engines, **settings)


def recorded(session: Session) -> tuple[np.ndarray, ...]:
    """Step and neuron of all spikes in all sections, and what recorders read."""
    frames = [frame for section in session.recording.sections for frame in section.frames]
    values = [s.values.ravel() for frame in frames for s in frame.samples.values()]
    return (
        np.concatenate([frame.step for frame in frames]),
        np.concatenate([frame.neuron for frame in frames]),
        np.concatenate(values),
    )


def edited_run(session: Session, *moves: str | None) -> tuple[np.ndarray, ...]:
    """150 ms with edits of a number and of the structure, and moves before, between and after."""
    edits = (
        lambda: session.set("g", 3.0),
        lambda: session.apply(AddPopulation(Population("more", 5, "LIFDelta"))),
        session.undo,
    )
    for k, device in enumerate(moves):
        session.run(10).wait(LIMIT_S)
        if device is not None:
            session.move(device)
        if k < len(edits):
            edits[k]().result(LIMIT_S)
        session.run(40).wait(LIMIT_S)
    return recorded(session)


@pytest.mark.parametrize(
    "moves", [("host", "cpu", "host"), ("host", None, "cpu"), (None, "host", None)]
)
def test_a_run_goes_on_bit_for_bit(moves: tuple[str | None, ...]) -> None:
    with on_cpu() as stays, on_cpu() as moved:
        assert same(edited_run(moved, *moves), edited_run(stays, None, None, None))
        assert moved.network == stays.network
        assert [a.step for a in moved.edits] == [a.step for a in stays.edits]


def test_weights_move_along() -> None:
    with on_cpu(networks.plastic()) as stays, on_cpu(networks.plastic()) as moved:
        for device in ("host", "cpu"):
            for session in (stays, moved):
                session.run(40).wait(LIMIT_S)
            moved.move(device)
        for session in (stays, moved):
            session.run(40).wait(LIMIT_S)
        assert same(moved.spikes(), stays.spikes())
        for projection in stays.network.projections:
            a, b = (s.synapses(projection.name) for s in (stays, moved))
            np.testing.assert_array_equal(a.weight, b.weight)


def test_another_state_is_another_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch: an engine that does not take the state over goes on otherwise."""
    with on_cpu() as stays, on_cpu() as moved:
        for session in (stays, moved):
            session.run(50).wait(LIMIT_S)
        monkeypatch.setattr(CpuEngine, "restore", lambda engine, kept: None)
        moved.move("host").move("cpu")
        for session in (stays, moved):
            session.run_until(100).wait(LIMIT_S)
        assert not same(moved.spikes(), stays.spikes())


def test_a_running_session_runs_on() -> None:
    with on_cpu() as stays, on_cpu() as moved:
        moved.speed = 0.2
        moved.run(100)
        assert eventually(lambda: moved.step > 100)
        moved.move("host")
        assert (moved.state, moved.target_t, moved.speed) == (SessionState.RUNNING, 100.0, 0.2)
        moved.speed = None
        assert moved.wait(LIMIT_S)
        assert (moved.step, moved.device) == (1000, "host")
        stays.run(100).wait(LIMIT_S)
        assert same(moved.spikes(), stays.spikes())
        assert not has_gap(list(moved.recording.frames))


def test_all_that_a_session_keeps_stays() -> None:
    with on_cpu() as session, session.subscribe(lossless=True, max_pending=10_000) as reader:
        session.run(30).wait(LIMIT_S)
        kept = session.checkpoint()
        session.set("g", 3.0).result(LIMIT_S)
        session.set("g", 2.0).result(LIMIT_S)
        session.undo().result(LIMIT_S)
        session.messages.info("said before")
        session.run(30).wait(LIMIT_S)
        spikes, checkpoints = session.spikes(), len(session.checkpoints)
        session.move("host")
        assert session.state is SessionState.PAUSED
        assert "said before" in [m.text for m in session.messages]
        assert same(session.spikes(), spikes)
        assert len(session.checkpoints) == checkpoints
        assert (session.network.knob("g").value, session.history.can_redo) == (3.0, True)
        session.redo().result(LIMIT_S)
        session.undo().result(LIMIT_S)
        session.rewind(kept)
        assert (session.t, session.network.knob("g").value) == (30.0, 5.0)
        session.redo().result(LIMIT_S)
        session.run_until(60).wait(LIMIT_S)
        assert same(session.spikes(), spikes)
        assert not reader.is_closed
        with session.branch() as branch:
            assert (branch.device, branch.can_move) == ("host", True)
            assert branch.move("cpu").device == "cpu"


def test_a_branch_uses_the_device_on_its_own() -> None:
    with on_cpu().move("host") as session, session.branch() as branch:
        ours, theirs = (s._simulation.place.engine._device for s in (session, branch))
        assert ours is not theirs
        for each in (session, branch):
            each.run(50)
        assert branch.wait(LIMIT_S)
        assert session.wait(LIMIT_S)
        assert same(branch.spikes(), session.spikes())


def test_readings_follow() -> None:
    with on_cpu() as session:
        report = session.engine_report
        assert (session.device, session.device_label) == ("cpu", "CPU, 1 thread")
        session.move("host")
        assert (session.device, session.device_label) == ("host", "a GPU on the host")
        assert session.engine_report is not report
        assert "is computed by a GPU on the host" in [*session.messages][-1].text


def test_provenance_says_what_computed_when() -> None:
    with on_cpu() as session:

        def device() -> str:
            return str(session.dataset().attrs["device"])

        session.run(50).wait(LIMIT_S)
        session.move("host").move("cpu")
        assert device() == "cpu"
        session.move("host").run(50).wait(LIMIT_S)
        assert device() == "cpu, host from t = 50 ms"
        session.move("cpu")
        assert device() == "cpu, host from t = 50 ms, cpu from t = 100 ms"
        session.rewind(70)
        assert device() == "cpu, host from t = 50 ms, cpu from t = 70 ms"
        session.rewind(20)
        assert device() == "cpu"
        session.move("host").reset()
        assert device() == "host"


def test_the_log_tells_of_the_move(tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    with on_cpu(record=path) as session:
        session.run(20).wait(LIMIT_S)
        session.move("host").run(20).wait(LIMIT_S)
        session.apply(AddPopulation(Population("more", 5, "LIFDelta"))).result(LIMIT_S)
        session.run(20).wait(LIMIT_S)
        spikes = session.spikes()
    texts = [message.text for message in FrameLog(path).messages]
    assert "From t = 20 ms on, the network is computed by a GPU on the host." in texts
    data = open_log(path).dataset()
    assert data.attrs["device"] == "cpu, host from t = 20 ms"
    assert same((data.step.values, data.neuron.values), spikes)


def test_the_state_on_disk_follows(tmp_path: Path) -> None:
    with on_cpu(autosave=tmp_path, name="moved") as session:
        session.run(30).wait(LIMIT_S)
        session.move("host").run(30).wait(LIMIT_S)
        session.checkpoint(tmp_path / "own.checkpoint")
    with on_cpu() as stays:
        stays.run(90).wait(LIMIT_S)
        expected = stays.spikes()
    n = np.searchsorted(expected[0], 600)
    for name in ("moved", "own"):
        with launch.open(tmp_path / f"{name}.checkpoint", device="cpu") as again:
            assert again.t == 60.0
            again.run(30).wait(LIMIT_S)
            assert same(again.spikes(), (expected[0][n:], expected[1][n:]))


def test_where_it_is_already_nothing_happens() -> None:
    with on_cpu() as session:
        engine, n_messages = session._simulation.place.engine, len(session.messages)
        session.move("cpu")
        assert session._simulation.place.engine is engine
        assert len(session.messages) == n_messages


def test_the_old_engine_is_closed() -> None:
    with on_cpu() as session:
        engine = session._simulation.place.engine
        session.move("host")
        with pytest.raises(StateError, match="must not be closed"):
            engine.checkpoint()


def test_an_old_engine_that_cannot_close_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def stuck(engine: CpuEngine) -> None:
        raise OSError("the device hangs")

    with on_cpu() as session:
        monkeypatch.setattr(CpuEngine, "close", stuck)
        session.move("host")
        assert session.device == "host"
        errors = [m.text for m in session.messages if m.level == "error"]
        assert errors == ["Letting go of CPU, 1 thread: OSError: the device hangs"]
        monkeypatch.undo()


# --- what cannot be ---------------------------------------------------------------------------


def missing(network: Network, device: str) -> Engine:
    raise DeviceUnavailable("device", "must be there", got=device)


def too_small(network: Network, device: str) -> Engine:
    from snnlab.cuda.engine import CudaEngine

    return CudaEngine(network, HostDevice(memory_limit=2**12))


def of_another_precision(network: Network, device: str) -> Engine:
    return on_device(network, precision="float64")


def of_another_kind(network: Network, device: str) -> Engine:
    made.append(ReferenceEngine(network))
    made[-1].restore = _refuse  # type: ignore[method-assign]
    return made[-1]


def _refuse(checkpoint: object) -> None:
    raise StateError("arrays", "must fit", got="others")


made: list[ReferenceEngine] = []


@pytest.mark.parametrize(
    ("makes", "error"),
    [
        (missing, DeviceUnavailable),
        (too_small, OutOfMemory),
        (of_another_precision, StateError),
        (of_another_kind, StateError),
    ],
)
@pytest.mark.parametrize("is_running", [False, True])
def test_a_move_that_fails_leaves_all_as_it_was(
    makes: Callable[[Network, str], Engine], error: type[Exception], is_running: bool
) -> None:
    with Session(CpuEngine(balanced(), threads=1), engines=makes) as session, on_cpu() as stays:
        session.speed = 0.5
        session.run(100)
        if not is_running:
            session.pause()
        engine = session._simulation.place.engine
        with pytest.raises(error):
            session.move("elsewhere")
        assert session._simulation.place.engine is engine
        assert session.device == "cpu"
        assert session.state is (SessionState.RUNNING if is_running else SessionState.PAUSED)
        session.speed = None
        session.run_until(100).wait(LIMIT_S)
        stays.run(100).wait(LIMIT_S)
        assert same(session.spikes(), stays.spikes())
        assert session.dataset().attrs["device"] == "cpu"
    assert all(other._is_closed for other in made)


def test_a_session_made_of_an_engine_alone_says_what_to_do(
    make_engine: Callable[[Network], Engine],
) -> None:
    with Session(make_engine(balanced())) as session:
        assert not session.can_move
        with pytest.raises(StateError, match=r"snnlab\.open, or give Session\(engine, engines="):
            session.move("elsewhere")
        session.run(10).wait(LIMIT_S)
        assert session.step == 100


def test_a_closed_session_does_not_move() -> None:
    session = on_cpu()
    session.close()
    with pytest.raises(StateError, match="must be open"):
        session.move("host")


def test_a_timeout_leaves_the_session_on_its_way() -> None:
    def slow(network: Network, device: str) -> Engine:
        assert eventually(lambda: has_waited)
        return on_device(network)

    has_waited = []
    with Session(CpuEngine(balanced(), threads=1), engines=slow) as session:
        with pytest.raises(TimeoutError):
            session.move("host", timeout=0.01)
        has_waited.append(True)
        assert eventually(lambda: session.device == "host")


def test_a_reader_may_ask_for_it() -> None:
    with on_cpu() as session:
        reader = session.subscribe(lambda frame: session.ask_move("host"))
        session.run(20).wait(LIMIT_S)
        assert session.device == "host"
        assert not reader.is_closed
