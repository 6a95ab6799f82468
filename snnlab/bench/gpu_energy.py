"""Energy that NVIDIA's driver counts for a GPU (NVML), where it lets it be read."""

from __future__ import annotations

import os
from typing import Any

from snnlab.bench.energy import Counter

__all__ = ["METHOD", "gpu_counter"]

METHOD = "NVML: all that a GPU did meanwhile"

NO_END = 2**64


def gpu_counter(device: str) -> tuple[dict[str, Counter], str]:
    """Return the counter of a GPU under its name, ``"cuda:0 NVIDIA H100"``, or why there is none.

    Parameters
    ----------
    device : str
        As a specification has it: ``"cuda"``, ``"cuda:1"``.

    Returns
    -------
    dict, str
        One of the two is empty.

    Notes
    -----
    The driver counts since it was loaded, on GPUs from Volta on. It orders GPUs by their place on
    the bus, as CUDA does with ``CUDA_DEVICE_ORDER=PCI_BUS_ID``: GPUs of several models in one
    machine need that.
    """
    try:
        import pynvml
    except ModuleNotFoundError:
        return {}, "the package nvidia-ml-py is not installed (extra energy)"
    number = int(device.partition(":")[2] or 0)
    try:
        pynvml.nvmlInit()
        try:
            handle = _handle(pynvml, number)
            name = f"cuda:{number} {pynvml.nvmlDeviceGetName(handle)}"
            microjoules = 1000 * int(pynvml.nvmlDeviceGetTotalEnergyConsumption(handle))
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return {}, f"NVML: {error}"
    except (IndexError, ValueError):
        return {}, f"CUDA_VISIBLE_DEVICES names no device {number} that NVML knows"
    return {name: Counter(microjoules, NO_END)}, ""


def _handle(pynvml: Any, number: int) -> Any:
    """What NVML calls the GPU that CUDA calls by this number."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return pynvml.nvmlDeviceGetHandleByIndex(number)
    name = visible.split(",")[number].strip()
    if name.startswith(("GPU-", "MIG-")):
        return pynvml.nvmlDeviceGetHandleByUUID(name)
    return pynvml.nvmlDeviceGetHandleByIndex(int(name))
