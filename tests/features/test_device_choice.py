"""Which device computes a network: the one asked for, or the one that gains; never silently."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnlab import cli, launch
from snnlab.cpu.engine import CpuEngine
from snnlab.cuda.facts import Facts, Gpu
from snnlab.errors import DeviceUnavailable, OutOfMemory, SpecError
from snnlab.interop.checkpoint_file import load_checkpoint
from snnlab.session import Session, SessionState
from tests.features.reference_engine import ReferenceEngine, balanced
from tests.features.session_bench import LIMIT_S

GPU = Facts(
    driver_cuda=(12, 4),
    packages=("cupy-cuda12x 14.2.0",),
    cupy="14.2.0",
    cupy_cuda=(12, 9),
    nvrtc=(12, 9),
    gpus=(Gpu("NVIDIA H100", 90, 2**36), Gpu("NVIDIA H100", 90, 2**36)),
)
NO_CUPY = Facts(driver_cuda=(12, 4))
NO_GPU = Facts()


class OnGpu(ReferenceEngine):
    """Stands for the CUDA engine: it knows its device."""

    def __init__(self, network: Any, device: Any, precision: str) -> None:
        super().__init__(network)
        self.device, self.device_label = device.name, f"NVIDIA H100 ({device.name})"
        self.precision = precision


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the machine has, and which error stops the engine on its GPU."""

    def engine(network: Any, device: Any, precision: str) -> OnGpu:
        if stops:
            raise stops[0]
        return OnGpu(network, device, precision)

    stops: list[Exception] = []

    def have(facts: Facts, *, stopped_by: Exception | None = None, is_large: bool = True) -> None:
        monkeypatch.setattr("snnlab.launch.look", lambda: facts)
        monkeypatch.setattr("snnlab.cuda.probe.look", lambda: facts)
        monkeypatch.setattr("snnlab.launch.gains", lambda network: is_large)
        stops[:] = [] if stopped_by is None else [stopped_by]

    device = SimpleNamespace(CupyDevice=lambda index: SimpleNamespace(name=f"cuda:{index}"))
    monkeypatch.setitem(sys.modules, "snnlab.cuda.cupy_device", device)
    monkeypatch.setitem(sys.modules, "snnlab.cuda.engine", SimpleNamespace(CudaEngine=engine))
    return have


def made(**settings: Any) -> str:
    """Device of the engine that is made; a warning would be an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine = launch.make_engine(balanced(), **settings)
    engine.close()
    return engine.device


@pytest.mark.parametrize(
    ("device", "expected"),
    [("auto", "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")],
)
def test_large_network_where_there_is_a_gpu(machine: Any, device: str, expected: str) -> None:
    machine(GPU)
    assert made(device=device) == expected


def test_small_network_stays_on_the_cpu_unless_told(machine: Any) -> None:
    machine(GPU, is_large=False)
    assert made() == "cpu"
    assert made(device="cuda:0") == "cuda:0"


def test_who_chooses_threads_means_the_cpu(machine: Any) -> None:
    machine(GPU)
    assert made(threads=1) == "cpu"


def test_machine_without_a_gpu_says_nothing(machine: Any) -> None:
    machine(NO_GPU)
    assert made() == "cpu"


def test_precision_reaches_the_gpu(machine: Any) -> None:
    machine(GPU)
    engine: Any = launch.make_engine(balanced(), device="cuda", precision="float64")
    assert engine.precision == "float64"


LOST = DeviceUnavailable("NVIDIA H100 (cuda:0)", "must stay usable", got="unknown error")
FULL = OutOfMemory("NVIDIA H100 (cuda:0)", "must have room for the network", got="90 GiB too much")


@pytest.mark.parametrize(
    ("facts", "stopped_by", "words"),
    [
        (NO_CUPY, None, "CuPy: must be installed"),
        (GPU, LOST, "must stay usable"),
        (GPU, FULL, "90 GiB too much"),
    ],
)
def test_auto_falls_back_and_says_so(
    machine: Any, facts: Facts, stopped_by: Exception | None, words: str
) -> None:
    machine(facts, stopped_by=stopped_by)
    with launch.open(balanced()) as session:
        assert session.device == "cpu"
        (message,) = session.messages
        assert message.level == "warning"
        assert message.text.startswith("Computing on the CPU. ")
        assert words in message.text
        assert message.error is not None
    with pytest.warns(UserWarning, match=words):
        launch.make_engine(balanced()).close()


@pytest.mark.parametrize(("facts", "stopped_by"), [(NO_GPU, None), (NO_CUPY, None), (GPU, LOST)])
def test_what_was_asked_for_is_never_replaced(
    machine: Any, facts: Facts, stopped_by: Exception | None
) -> None:
    machine(facts, stopped_by=stopped_by)
    with pytest.raises(DeviceUnavailable):
        launch.open(balanced(), device="cuda:0")


def test_too_little_memory_is_told_where_the_gpu_was_asked_for(machine: Any) -> None:
    machine(GPU, stopped_by=FULL)
    with pytest.raises(OutOfMemory, match="90 GiB"):
        launch.open(balanced(), device="cuda")


def test_other_errors_are_not_hidden_by_the_cpu(machine: Any) -> None:
    machine(GPU, stopped_by=SpecError("Network", "must make sense", got="none"))
    with pytest.raises(SpecError):
        launch.open(balanced())


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:-1", "CUDA", ""])
def test_unknown_name(device: str) -> None:
    with pytest.raises(DeviceUnavailable, match="must be auto, cpu, cuda or cuda:0"):
        launch.open(balanced(), device=device)


def test_gpu_that_is_not_there_leaves_the_session_of_its_name(machine: Any) -> None:
    machine(GPU)
    with launch.open(balanced(), name="mine", device="cpu") as session:
        with pytest.raises(DeviceUnavailable, match="cuda:0 to cuda:1"):
            launch.open(balanced(), name="mine", device="cuda:2")
        assert session.state is SessionState.PAUSED


def test_session_knows_its_gpu(machine: Any) -> None:
    machine(GPU)
    with launch.open(balanced()) as session:
        assert (session.device, session.device_label) == ("cuda:0", "NVIDIA H100 (cuda:0)")
        assert len(session.messages) == 0


def test_devices_that_can_be_used(machine: Any) -> None:
    machine(GPU)
    assert launch.devices() == {
        "cpu": "CPU", "cuda:0": "NVIDIA H100 (cuda:0)", "cuda:1": "NVIDIA H100 (cuda:1)",
    }  # fmt: skip
    old = Gpu("Tesla K80", 37, 2**34)
    machine(replace(GPU, gpus=(old, *GPU.gpus[:1])))
    assert list(launch.devices()) == ["cpu", "cuda:1"]
    for facts in (NO_GPU, NO_CUPY):
        machine(facts)
        assert launch.devices() == {"cpu": "CPU"}


def test_session_moves_to_the_gpu_that_is_named(machine: Any) -> None:
    machine(GPU)
    with launch.open(balanced(), device="cuda:1") as session:
        session.move("cuda")
        assert (session.device, session.device_label) == ("cuda:0", "NVIDIA H100 (cuda:0)")
        with pytest.raises(DeviceUnavailable, match="Choose one of cpu, cuda:0, cuda:1"):
            session.move("auto")
        with pytest.raises(DeviceUnavailable, match="must be auto, cpu, cuda"):
            session.move("gpu")
        with pytest.raises(DeviceUnavailable, match="cuda:0 to cuda:1"):
            session.move("cuda:2")
        assert session.device == "cuda:0"


@pytest.mark.parametrize(("facts", "stopped_by"), [(NO_GPU, None), (GPU, FULL), (GPU, LOST)])
def test_session_stays_where_the_gpu_cannot_be_used(
    machine: Any, facts: Facts, stopped_by: Exception | None
) -> None:
    machine(facts, stopped_by=stopped_by)
    with launch.open(balanced(), device="cpu", threads=1) as session:
        session.run(10).wait(LIMIT_S)
        with pytest.raises((DeviceUnavailable, OutOfMemory)):
            session.move("cuda")
        session.run(10).wait(LIMIT_S)
        assert (session.device, session.step) == ("cpu", 200)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_threads_and_precision_stay(machine: Any, tmp_path: Path, precision: str) -> None:
    machine(GPU)
    engine = CpuEngine(balanced(), threads=1, precision=precision)
    path = tmp_path / "run.checkpoint"
    with Session(engine) as session:
        session.run(10).wait(LIMIT_S)
        session.checkpoint(path)
    with launch.open(path, device="cpu", threads=2) as session:
        session.move("cuda")
        on_gpu: Any = session._simulation.place.engine
        assert (on_gpu.device, on_gpu.precision) == ("cuda:0", precision)
        on_gpu.checkpoint = lambda: load_checkpoint(path)  # in the form that real engines share
        session.move("cpu")
        again: Any = session._simulation.place.engine
        assert (session.device_label, again.precision) == ("CPU, 2 threads", precision)


def test_command_says_why_it_takes_the_cpu(
    machine: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(NO_CUPY)
    assert cli.main(["run", "brunel", "--set", "N=500", "--time", "1"]) == 0
    out, err = capsys.readouterr()
    assert "Computing on the CPU. CuPy: must be installed" in err
    assert "on cpu" in out


def test_command_fails_where_the_gpu_was_asked_for(
    machine: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(NO_GPU)
    assert cli.main(["run", "brunel", "--set", "N=500", "--device", "cuda:0"]) == 2
    assert "NVIDIA driver" in capsys.readouterr().err
