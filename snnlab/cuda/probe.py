"""A look at the machine: driver, CuPy, compiler, devices.

CuPy is imported only where there is a driver and one CuPy package, so that a machine without a
GPU pays nothing, and nothing that is broken is loaded without need.
"""

from __future__ import annotations

import ctypes
import dataclasses
import importlib.metadata
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from snnlab.cuda.facts import Facts, Gpu

__all__ = ["look", "write_facts"]

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_PACKAGES = ("cupy", "cupy-cuda11x", "cupy-cuda12x", "cupy-cuda13x")
_DRIVER_FILE = Path("/proc/driver/nvidia/version")


def look() -> Facts:
    """Return what there is to know about GPUs; stops at the first obstacle."""
    facts = Facts(
        driver_cuda=_driver_cuda(),
        driver=_driver_version(),
        packages=tuple(_packages()),
        visible=os.environ.get("CUDA_VISIBLE_DEVICES"),
    )
    if not facts.has_driver or len(facts.packages) > 1:
        return facts
    try:
        import cupy
    except ModuleNotFoundError as error:
        is_absent = error.name == "cupy"
        return facts if is_absent else dataclasses.replace(facts, import_error=_line(error))
    except Exception as error:  # whatever a broken installation may raise
        return dataclasses.replace(facts, import_error=_line(error))
    return _with_cupy(facts, cupy)


def write_facts() -> None:
    """Write the facts to stdout as JSON, for a process that asks another one."""
    sys.stdout.write(json.dumps(dataclasses.asdict(look())))


def _with_cupy(facts: Facts, cupy: Any) -> Facts:
    """Add what CuPy can tell."""
    runtime = cupy.cuda.runtime
    facts = dataclasses.replace(
        facts, cupy=str(cupy.__version__), cupy_cuda=_version(runtime.runtimeGetVersion())
    )
    try:
        facts = dataclasses.replace(facts, nvrtc=tuple(cupy.cuda.nvrtc.getVersion()))
    except Exception as error:  # the library's own, or that of the package which looks for it
        facts = dataclasses.replace(facts, nvrtc_error=_line(error))
    try:
        n = runtime.getDeviceCount()
        gpus = tuple(_gpu(runtime.getDeviceProperties(i)) for i in range(n))
    except runtime.CUDARuntimeError as error:
        return dataclasses.replace(facts, device_error=_line(error))
    # False where devices are there and CuPy can use none of them.
    return dataclasses.replace(facts, gpus=gpus if cupy.cuda.is_available() else ())


def _gpu(properties: dict[str, Any]) -> Gpu:
    name = properties["name"]
    return Gpu(
        name.decode() if isinstance(name, bytes) else str(name),
        10 * int(properties["major"]) + int(properties["minor"]),
        int(properties["totalGlobalMem"]),
        bool(properties.get("cooperativeLaunch", True)),
    )


def _driver_cuda() -> tuple[int, int]:
    """Newest CUDA of the driver, asked of the driver itself; (0, 0) if there is none."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        return (0, 0)
    number = ctypes.c_int(0)
    is_told = library.cuDriverGetVersion(ctypes.byref(number)) == 0
    return _version(number.value) if is_told else (0, 0)


def _driver_version() -> str:
    """Version of the driver where Linux tells it: ``"550.54.15"``."""
    if not _DRIVER_FILE.is_file():
        return ""
    found = re.search(r"\s(\d+\.\d+(?:\.\d+)*)\s", _DRIVER_FILE.read_text())
    return found[1] if found else ""


def _packages() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _version(number: int) -> tuple[int, int]:
    """(12, 4) of CUDA's 12040."""
    return number // 1000, number % 1000 // 10


def _line(error: BaseException) -> str:
    """An error in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip(" =")]
    original = [line for line in lines if re.match(r"\w*Error: ", line)]
    return (original or lines or [type(error).__name__])[0]
