"""A device that is lost or full in the middle of a run: it is said, and another one goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from snnlab import launch
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.engine import CudaEngine
from snnlab.errors import DeviceUnavailable, OutOfMemory, StateError
from snnlab.session import Session, SessionState
from tests.features.failing_device import FailingDevice
from tests.features.reference_engine import balanced
from tests.features.session_bench import LIMIT_S, engines, eventually, has_gap, same, spikes_after


def keep_often(session: Session) -> Session:
    """Let a checkpoint be kept after every call of the engine."""
    interval = session._simulation.keeper._interval
    interval._every_s, interval._wait_s, interval._largest_share = 0.0, 0.0, math.inf
    return session


@pytest.fixture
def device() -> FailingDevice:
    return FailingDevice()


@pytest.fixture
def session(device: FailingDevice) -> Iterator[Session]:
    """A session on the device, at t = 50 ms, that can move to the CPU."""
    with Session(CudaEngine(balanced(), device), engines=engines, name="mine") as session:
        keep_often(session).run(50).wait(LIMIT_S)
        yield session


@pytest.fixture(scope="module")
def sound() -> tuple[np.ndarray, np.ndarray]:
    """The spikes of 300 ms that nothing disturbed."""
    with Session(CpuEngine(balanced(), threads=1)) as session:
        return spikes_after(session, [300.0])


def run_into(session: Session, error: type[Exception]) -> None:
    """Run until the device fails."""
    session.run()
    with pytest.raises(error):
        session.wait(LIMIT_S)
    assert session.state is SessionState.FAILED


def texts(session: Session) -> list[str]:
    return [message.text for message in session.messages]


def test_a_lost_device_is_said_with_the_way_on(session: Session, device: FailingDevice) -> None:
    device.lose_after(5)
    run_into(session, DeviceUnavailable)
    stopped, way_on = texts(session)[-2:]
    assert stopped.startswith(f"Simulation of 'mine' stopped at t = {session.t:g} ms")
    assert "it is no longer there" in stopped
    kept = [*session.checkpoints][-1]
    assert way_on.startswith(f"session.move('cpu') goes on from t = {kept.step * 0.1:g} ms")
    assert isinstance(session.error, DeviceUnavailable)
    assert session.recording.frames[-1].t_stop == session.step
    with pytest.raises(StateError, match=r"move\(\) to another device"):
        session.run()


def test_the_run_goes_on_elsewhere_from_the_last_checkpoint(
    session: Session, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.lose_after(5)
    run_into(session, DeviceUnavailable)
    kept = [*session.checkpoints][-1]
    assert kept.step > 500
    session.move("cpu")
    assert (session.state, session.error, session.device) == (SessionState.PAUSED, None, "cpu")
    assert session.step == kept.step
    back, moved = texts(session)[-2:]
    assert f"Back at t = {session.t:g} ms" in back
    assert moved.startswith(f"From t = {session.t:g} ms on, the network is computed by CPU")
    session.run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)
    assert not has_gap(list(session.recording.frames))
    assert session.dataset().attrs["device"] == f"host, cpu from t = {kept.step * 0.1:g} ms"


@pytest.mark.parametrize("n_launches", [0, 1, 2, 3])
def test_whichever_launch_it_is(
    session: Session, device: FailingDevice, n_launches: int, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.lose_after(n_launches)
    run_into(session, DeviceUnavailable)
    session.move("cpu").run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)


def test_without_checkpoints_the_run_starts_again_and_says_so(
    session: Session, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    session.checkpoints.limit_bytes = 0
    session.checkpoints.begin(session.checkpoints.first)
    device.lose_after(5)
    run_into(session, DeviceUnavailable)
    assert "goes on from t = 0 ms" in texts(session)[-1]
    session.move("cpu")
    assert (session.step, session.recording.n_bytes) == (0, 0)
    session.run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)


def test_edits_after_the_last_checkpoint_can_be_redone(
    session: Session, device: FailingDevice
) -> None:
    session.set("g", 4.0).result(LIMIT_S)
    session.run(20).wait(LIMIT_S)
    session.checkpoints.limit_bytes = 0  # forgets what is kept with the next, and keeps none
    session.set("g", 3.0).result(LIMIT_S)
    session.run(1).wait(LIMIT_S)
    device.lose_after(0)
    run_into(session, DeviceUnavailable)
    kept = [*session.checkpoints][-1]
    n_kept = len(kept.edits)
    session.move("cpu")
    assert session.step == kept.step
    assert len(session.edits) == n_kept < 2
    assert f"{2 - n_kept} later edits can be redone" in texts(session)[-2]
    while session.history.can_redo:
        session.redo().result(LIMIT_S)
    assert session.network.knob("g").value == 3.0


def test_memory_that_is_full_in_the_middle_of_a_run(
    session: Session, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.is_full = True
    run_into(session, OutOfMemory)
    assert "8 GiB too much" in texts(session)[-2]
    assert "session.move('cpu') goes on" in texts(session)[-1]
    session.move("cpu").run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)


def test_memory_that_is_there_again_is_used_again(
    session: Session, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.is_full = True
    run_into(session, OutOfMemory)
    device.is_full = False
    session.rewind(session.t)
    session.run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)
    assert session.device == "host"


def test_a_loss_in_a_pause_is_found_by_the_move(
    session: Session, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.is_lost = True
    time.sleep(0.6)
    assert session.state is SessionState.PAUSED
    session.move("cpu")
    assert "The state at t = 50 ms is lost: a GPU on the host" in "".join(texts(session))
    assert session.step == [*session.checkpoints][-1].step
    session.run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)


def test_an_edit_on_a_lost_device_is_refused(session: Session, device: FailingDevice) -> None:
    device.is_lost = True
    with pytest.raises(DeviceUnavailable):
        session.set("g", 3.0).result(LIMIT_S)
    session.move("cpu")
    assert session.network.knob("g").value == 5.0
    session.set("g", 3.0).result(LIMIT_S)
    assert session.network.knob("g").value == 3.0


@pytest.mark.parametrize("way", ["rewind", "reset"])
def test_a_loss_on_the_way_back(
    session: Session, device: FailingDevice, way: str, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    device.is_lost = True
    with pytest.raises(DeviceUnavailable):
        session.rewind(20) if way == "rewind" else session.reset()
    assert session.state is SessionState.FAILED
    session.move("cpu").rewind(20)
    session.run_until(300).wait(LIMIT_S)
    assert same(session.spikes(), sound)


def test_a_way_out_that_is_none_leaves_the_other_ones(
    session: Session, device: FailingDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    device.is_lost = True
    run_into(session, DeviceUnavailable)
    with monkeypatch.context() as patch:
        patch.setattr(CpuEngine, "restore", _full)
        with pytest.raises(MemoryError):
            session.move("cpu")
    assert (session.state, session.device) == (SessionState.FAILED, "host")
    assert session.recording.frames[-1].t_stop == 500
    assert session.move("cpu").state is SessionState.PAUSED


def _full(*_: object) -> None:
    raise OutOfMemory("CPU", "must have room for the network", got="8 GiB too much")


def test_the_file_of_the_state_is_kept(
    tmp_path: Path, device: FailingDevice, sound: tuple[np.ndarray, np.ndarray]
) -> None:
    engine = CudaEngine(balanced(), device)
    with Session(engine, engines=engines, name="mine", autosave=tmp_path) as session:
        session.run(50).wait(LIMIT_S)
        assert eventually((tmp_path / "mine.checkpoint").exists)
        device.lose_after(3)
        run_into(session, DeviceUnavailable)
    with launch.open(tmp_path / "mine.checkpoint", device="cpu") as again:
        assert again.t == 50.0
        again.run_until(300).wait(LIMIT_S)
        n = np.searchsorted(sound[0], 500)
        assert same(again.spikes(), (sound[0][n:], sound[1][n:]))


def test_the_file_is_renewed_after_the_move(tmp_path: Path, device: FailingDevice) -> None:
    engine = CudaEngine(balanced(), device)
    with Session(engine, engines=engines, name="mine", autosave=tmp_path) as session:
        session.run(50).wait(LIMIT_S)
        device.is_lost = True
        run_into(session, DeviceUnavailable)
        session.move("cpu").run_until(120).wait(LIMIT_S)
    with launch.open(tmp_path / "mine.checkpoint", device="cpu") as again:
        assert again.t == 120.0


@pytest.mark.parametrize("is_running", [True, False])
def test_a_session_of_a_lost_device_closes_at_once(
    device: FailingDevice, tmp_path: Path, is_running: bool
) -> None:
    session = Session(CudaEngine(balanced(), device), autosave=tmp_path)
    session.run(20).wait(LIMIT_S)
    if is_running:
        session.run()
    device.is_lost = True
    began = time.monotonic()
    session.close()
    assert time.monotonic() - began < LIMIT_S
    assert session.state is SessionState.CLOSED


def test_nothing_is_offered_where_nothing_is_known(device: FailingDevice) -> None:
    with Session(CudaEngine(balanced(), device)) as session:
        device.is_lost = True
        run_into(session, DeviceUnavailable)
        assert not any(text.startswith("session.move") for text in texts(session))
