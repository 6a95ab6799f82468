"""The look at the machine, with stand-ins for what this machine does not have."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from snnlab.cuda import probe
from snnlab.cuda.facts import Facts, Gpu


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver for CUDA 12.4, and no CuPy."""
    monkeypatch.setattr(probe, "_driver_cuda", lambda: (12, 4))
    monkeypatch.setattr(probe, "_packages", list)
    monkeypatch.setitem(sys.modules, "cupy", None)


class CudaError(RuntimeError):
    """As CuPy's runtime raises it."""


def cupy_with(gpus: list[tuple[str, int, int]], **changes: Any) -> SimpleNamespace:
    """Enough of CuPy to be asked about devices."""
    properties = [
        {"name": name.encode(), "major": major, "minor": minor, "totalGlobalMem": 2**34}
        for name, major, minor in gpus
    ]
    runtime = SimpleNamespace(
        runtimeGetVersion=lambda: 12090,
        getDeviceCount=lambda: len(properties),
        getDeviceProperties=lambda index: properties[index],
        CUDARuntimeError=CudaError,
    )
    nvrtc = SimpleNamespace(getVersion=lambda: (12, 9))
    cuda = SimpleNamespace(runtime=runtime, nvrtc=nvrtc, is_available=lambda: bool(properties))
    for path, value in changes.items():
        part, _, name = path.rpartition("__")
        setattr(getattr(cuda, part) if part else cuda, name, value)
    return SimpleNamespace(__version__="14.2.0", cuda=cuda)


def failing(error: Exception) -> Any:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_this_machine_can_be_looked_at() -> None:
    """Whatever it has; a machine without a driver has nothing else to say."""
    facts = probe.look()
    assert facts.visible == os.environ.get("CUDA_VISIBLE_DEVICES")
    assert facts.has_driver or (facts.gpus, facts.cupy) == ((), "")


@pytest.mark.usefixtures("driver")
def test_cupy_that_is_not_installed() -> None:
    assert probe.look() == Facts(
        driver_cuda=(12, 4),
        driver=probe.look().driver,
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )


@pytest.mark.usefixtures("driver")
def test_two_packages_are_not_even_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_packages", lambda: ["cupy-cuda12x 14", "cupy-cuda13x 14"])
    monkeypatch.setitem(sys.modules, "cupy", cupy_with([("H100", 9, 0)]))
    assert (probe.look().cupy, len(probe.look().packages)) == ("", 2)


@pytest.mark.usefixtures("driver")
@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("raise ImportError('=====\\nFailed to import CuPy.\\n\\nImportError: libcublas')",
         "ImportError: libcublas"),
        ("raise OSError('cannot map')", "cannot map"),
        ("import cuda_pathfinder_of_nobody", "No module named 'cuda_pathfinder_of_nobody'"),
    ],
)  # fmt: skip
def test_cupy_that_breaks_while_it_is_imported(
    error: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cupy.py").write_text(error)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "cupy")
    assert probe.look().import_error == line


@pytest.mark.usefixtures("driver")
def test_devices_and_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", cupy_with([("H100", 9, 0), ("T4", 7, 5)]))
    facts = probe.look()
    assert facts.gpus == (Gpu("H100", 90, 2**34), Gpu("T4", 75, 2**34))
    assert (facts.cupy, facts.cupy_cuda, facts.nvrtc) == ("14.2.0", (12, 9), (12, 9))
    assert (facts.nvrtc_error, facts.device_error) == ("", "")


@pytest.mark.usefixtures("driver")
def test_compiler_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = failing(OSError('Failure finding "libnvrtc.so.12"'))
    cupy = cupy_with([("H100", 9, 0)], nvrtc__getVersion=absent)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    facts = probe.look()
    assert facts.nvrtc_error == 'Failure finding "libnvrtc.so.12"'
    assert len(facts.gpus) == 1


@pytest.mark.usefixtures("driver")
def test_devices_that_cannot_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    error = CudaError("cudaErrorNoDevice: no CUDA-capable device is detected")
    cupy = cupy_with([], runtime__getDeviceCount=failing(error))
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert probe.look().device_error.startswith("cudaErrorNoDevice")


@pytest.mark.usefixtures("driver")
def test_device_that_cupy_cannot_use_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    cupy = cupy_with([("H100", 9, 0)], is_available=lambda: False)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    assert probe.look().gpus == ()


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024",
         "550.54.15"),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86  Release Build\n",
         "570.86"),
        ("nothing that is known", ""),
    ],
)  # fmt: skip
def test_version_of_the_driver(
    text: str, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "version"
    monkeypatch.setattr(probe, "_DRIVER_FILE", file)
    assert probe._driver_version() == ""
    file.write_text(text)
    assert probe._driver_version() == version


def test_facts_are_written_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    probe.write_facts()
    assert Facts.from_json(json.loads(capsys.readouterr().out)) == probe.look()
