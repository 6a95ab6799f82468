"""Energy of a GPU is read through pynvml, from a stand-in for NVIDIA's library; no GPU is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from snnlab.bench.gpu_energy import METHOD, gpu_counter
from snnlab.bench.record import Record
from snnlab.bench.store import Store
from tests.architecture.source import ROOT
from tests.bench.commands import sleepy

SOURCE = Path(__file__).with_name("nvml_stand_in.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a libnvidia-ml.so.1."""
    folder = tmp_path_factory.mktemp("nvml")
    compiler = shutil.which("cc") or shutil.which("gcc")
    assert compiler, "needs a C compiler, as Brian2 and the host's shim of the kernels do"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", SOURCE], check=True
    )
    return folder


def counted(library: Path | None, device: str, visible: str | None = None) -> str:
    """What is said of a device, by a process that finds that library."""
    environment = {k: v for k, v in os.environ.items() if k != "CUDA_VISIBLE_DEVICES"}
    environment |= {"LD_LIBRARY_PATH": str(library), "PYTHONPATH": str(ROOT)}
    environment |= {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    code = f"from snnlab.bench.gpu_energy import gpu_counter; print(gpu_counter({device!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def test_the_gpu_is_the_one_that_cuda_means(library: Path) -> None:
    assert "'cuda:0 Stand-In 300': Counter(value=" in counted(library, "cuda")
    assert "NVML: Not Supported" in counted(library, "cuda:1")
    assert "'cuda:1 Stand-In 300'" in counted(library, "cuda:1", "1,0")
    assert "'cuda:0 Stand-In 300'" in counted(library, "cuda:0", "GPU-0000")
    assert "NVML: Not Found" in counted(library, "cuda:0", "GPU-1111")
    assert "names no device 3" in counted(library, "cuda:3", "0,1")


def test_without_library_or_package_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_bytes(b"")  # found before any that works
    assert "NVML: " in counted(tmp_path, "cuda")
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert gpu_counter("cuda") == ({}, "the package nvidia-ml-py is not installed (extra energy)")


def measured(folder: Path, library: Path, device: str) -> Record:
    path = sleepy(folder, more=f"device: {device}\n")
    path.write_text(path.read_text().replace("seconds: 0.01", "seconds: 0.2"))
    environment = os.environ | {"LD_LIBRARY_PATH": str(library), "PYTHONPATH": str(ROOT)}
    environment.pop("CUDA_VISIBLE_DEVICES", None)
    done = subprocess.run(
        [sys.executable, "-m", "snnlab", "bench", "run", path.name, "--store", device[-1]],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (record,) = Store(folder / device[-1]).records()
    return record


def test_a_record_has_the_energy_of_its_gpu(tmp_path: Path, library: Path) -> None:
    found = measured(tmp_path, library, "cuda:0")
    energy = found.dataset["energy"].sel(device="cuda:0 Stand-In 300")
    whole = found.dataset["wall_time"].sel(phase="process").values[0]
    beyond = energy.sel(phase="process").values[0] / 300.0 - whole
    assert ((beyond > -0.002) & (beyond < 2.0)).all()  # read shortly before, and after
    assert np.isnan(energy.sel(phase="simulate")).all()
    assert METHOD in found.dataset["energy"].attrs["method"]
    none = measured(tmp_path, library, "cuda:1")
    assert "NVML: Not Supported" in none.provenance["energy_unavailable"]
    devices = none.dataset["device"].values if "device" in none.dataset else ()
    assert not any("cuda" in device for device in devices)
