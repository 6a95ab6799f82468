"""Why a GPU cannot be used: every obstacle is told apart, and says how to mend it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import replace

import pytest

from snnlab.cuda.available import device_index, obstacle, require, summary
from snnlab.cuda.facts import Facts, Gpu
from snnlab.errors import DeviceUnavailable

H100 = Gpu("NVIDIA H100 80GB HBM3", 90, 85_045_870_592)
V100 = Gpu("Tesla V100-SXM2-16GB", 70, 16_935_682_048)
P100 = Gpu("Tesla P100-PCIE-16GB", 60, 17_066_885_120)

GOOD = Facts(
    driver_cuda=(12, 4),
    driver="550.54.15",
    packages=("cupy-cuda12x 14.2.0",),
    cupy="14.2.0",
    cupy_cuda=(12, 9),
    nvrtc=(12, 9),
    gpus=(H100,),
)
NEWEST = replace(
    GOOD, driver_cuda=(13, 0), packages=("cupy-cuda13x 14.2.0",), cupy_cuda=(13, 0), nvrtc=(13, 0)
)

OBSTACLES = {
    "no driver": (Facts(), "NVIDIA driver", "no driver", "docker run --gpus all"),
    "no CuPy": (
        Facts(driver_cuda=(12, 4)), "CuPy", "no CuPy", "pip install 'snnlab-jupyter[cuda12]'"
    ),
    "no CuPy, new driver": (Facts(driver_cuda=(13, 1)), "CuPy", "no CuPy", "[cuda13]"),
    "two packages": (
        Facts(driver_cuda=(12, 4), packages=("cupy-cuda12x 14.2.0", "cupy-cuda13x 14.1.0")),
        "CuPy",
        "cupy-cuda12x 14.2.0, cupy-cuda13x 14.1.0",
        "pip uninstall -y cupy-cuda12x cupy-cuda13x, then pip install 'snnlab-jupyter[cuda12]'",
    ),
    "broken": (
        Facts(driver_cuda=(12, 4), packages=("cupy-cuda12x 14.2.0",), import_error="no _core"),
        "CuPy",
        "no _core",
        "pip uninstall -y cupy-cuda12x, then",
    ),
    "broken, of nobody": (
        Facts(driver_cuda=(12, 4), import_error="no file"), "CuPy", "no file", "uninstall -y cupy,"
    ),
    "old CuPy": (replace(GOOD, cupy="13.6.0"), "CuPy", "13.6.0", "pip install --upgrade"),
    "no cooperative launch": (
        replace(GOOD, gpus=(replace(H100, is_cooperative=False),)),
        "cuda:0",
        "without cooperative launch",
        "not shared",
    ),
    "old driver": (
        replace(GOOD, driver_cuda=(11, 8), driver="520.61.05"),
        "NVIDIA driver",
        "driver 520.61.05 for CUDA 11.8",
        "Update the driver.",
    ),
    "driver older than CuPy": (
        replace(NEWEST, driver_cuda=(12, 4), driver=""),
        "NVIDIA driver",
        "a driver for CUDA 12.4",
        "pip uninstall -y cupy-cuda13x, then pip install 'snnlab-jupyter[cuda12]'",
    ),
    "driver older than the compiler": (
        replace(GOOD, nvrtc=(13, 0)), "NVIDIA driver", "CUDA 12.4", "Update the driver"
    ),
    "no compiler": (
        replace(GOOD, nvrtc=(0, 0), nvrtc_error='Failure finding "libnvrtc.so.12"'),
        "NVRTC",
        "libnvrtc.so.12",
        "which brings it",
    ),
    "hidden": (replace(GOOD, gpus=(), visible=""), "CUDA_VISIBLE_DEVICES", "''", "Unset it"),
    "hidden, and said so": (
        replace(GOOD, gpus=(), visible="7", device_error="cudaErrorNoDevice: no device"),
        "CUDA_VISIBLE_DEVICES",
        "'7'",
        "name one: 0",
    ),
    "out of order": (
        replace(GOOD, gpus=(), visible="0", device_error="cudaErrorUnknown: unknown error"),
        "CUDA",
        "cudaErrorUnknown",
        "restarted",
    ),
    "nothing there": (replace(GOOD, gpus=()), "CUDA", "none", "nvidia-smi -L"),
    "too old": (replace(GOOD, gpus=(P100,)), "cuda:0", "P100-PCIE-16GB with 6.0", "newer GPU"),
    "too old for CUDA 13": (
        replace(NEWEST, gpus=(V100,)),
        "cuda:0",
        "V100-SXM2-16GB with 7.0",
        "pip uninstall -y cupy-cuda13x, then pip install 'snnlab-jupyter[cuda12]'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OBSTACLES)
def test_obstacle(name: str) -> None:
    facts, where, got, remedy = OBSTACLES[name]
    error = obstacle(facts, 0)
    assert isinstance(error, DeviceUnavailable)
    assert error.where == where
    assert error.expected.startswith("must ")
    assert got in error.got
    assert remedy in error.remedy


def test_all_obstacles_are_told_apart() -> None:
    texts = {str(obstacle(facts, 0)) for facts, *_ in OBSTACLES.values()}
    assert len(texts) == len(OBSTACLES)


@pytest.mark.parametrize(
    "facts", [GOOD, NEWEST, replace(GOOD, gpus=(V100,)), replace(GOOD, packages=())]
)
def test_what_can_be_used(facts: Facts) -> None:
    assert obstacle(facts, 0) is None


def test_index_out_of_range() -> None:
    one, two = obstacle(GOOD, 1), obstacle(replace(GOOD, gpus=(H100, V100), visible="3,4"), 2)
    assert one is not None
    assert two is not None
    assert (one.expected, one.got) == ("must be cuda:0", "cuda:1")
    assert (two.expected, two.got) == ("must be cuda:0 to cuda:1", "cuda:2")
    assert "CUDA_VISIBLE_DEVICES" in two.remedy
    assert obstacle(replace(GOOD, gpus=(P100, H100)), 1) is None


@pytest.mark.parametrize(
    ("name", "index"),
    [("cuda", 0), ("cuda:0", 0), ("cuda:12", 12), ("cpu", None), ("auto", None), ("cuda:", None),
     ("cuda:-1", None), ("Cuda", None), ("cuda:0 ", None)],
)  # fmt: skip
def test_names_of_devices(name: str, index: int | None) -> None:
    assert device_index(name) == index


def test_summary_has_all_that_a_reader_asks_for() -> None:
    assert summary(GOOD) == (
        "NVIDIA H100 80GB HBM3, 79.2 GiB; driver 550.54.15 (CUDA 12.4), CuPy 14.2.0"
    )


def test_facts_survive_json() -> None:
    facts = replace(GOOD, gpus=(H100, V100), visible="0,1")
    assert Facts.from_json(json.loads(json.dumps(dataclasses.asdict(facts)))) == facts


def test_what_is_required_offers_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snnlab.cuda.probe.look", lambda: GOOD)
    assert require(0) is H100
    monkeypatch.setattr("snnlab.cuda.probe.look", Facts)
    with pytest.raises(DeviceUnavailable, match="leave device out to compute on the CPU"):
        require(0)
