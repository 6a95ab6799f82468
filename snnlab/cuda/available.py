"""Which GPU can be used, and if none can, why and how to mend it.

The decisions are functions of `Facts`; only `require` looks at the machine.
"""

from __future__ import annotations

import re

from snnlab.cuda.facts import Facts, Gpu
from snnlab.errors import DeviceUnavailable

__all__ = ["device_index", "obstacle", "require", "summary", "usable"]

OLDEST_CUPY = 14
LOWEST_CAPABILITY = 70
"""From 7.0 on the threads of a warp go their own ways, which the kernels rely on."""
LOWEST_CAPABILITY_13 = 75
"""CUDA 13 compiles for nothing older."""


def device_index(device: str) -> int | None:
    """Return which GPU a name means: 1 for ``"cuda:1"``, 0 for ``"cuda"``, else None."""
    found = re.fullmatch(r"cuda(?::(\d+))?", device)
    return int(found[1] or 0) if found else None


def require(index: int) -> Gpu:
    """Look at the machine and return a GPU that can be used.

    Parameters
    ----------
    index : int

    Raises
    ------
    DeviceUnavailable
        It cannot be used; says why, and how to mend it.
    """
    from snnlab.cuda.probe import look

    facts = look()
    error = obstacle(facts, index)
    if error is not None:
        raise DeviceUnavailable(
            error.where, error.expected, got=error.got,
            remedy=f"{error.remedy} Or leave device out to compute on the CPU.",
        )  # fmt: skip
    return facts.gpus[index]


def obstacle(facts: Facts, index: int) -> DeviceUnavailable | None:
    """Return why a GPU cannot be used, None if it can.

    Parameters
    ----------
    facts : Facts
    index : int
    """
    return (
        _without_driver(facts)
        or _without_cupy(facts)
        or _with_old_versions(facts)
        or _without_compiler(facts)
        or _without_device(facts, index)
    )


def usable(facts: Facts) -> dict[str, str]:
    """Return the GPUs that can be used, name -> in words.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    dict of str
        ``{"cuda:0": "NVIDIA H100 (cuda:0)"}``.
    """
    return {
        f"cuda:{index}": f"{gpu.name} (cuda:{index})"
        for index, gpu in enumerate(facts.gpus)
        if obstacle(facts, index) is None
    }


def summary(facts: Facts) -> str:
    """Return devices, driver and CuPy in a line."""
    gpus = "; ".join(f"{gpu.name}, {gpu.total_bytes / 2**30:.1f} GiB" for gpu in facts.gpus)
    driver = f"driver {facts.driver} " if facts.driver else "driver "
    return f"{gpus}; {driver}(CUDA {_text(facts.driver_cuda)}), CuPy {facts.cupy}"


def _without_driver(facts: Facts) -> DeviceUnavailable | None:
    if facts.has_driver:
        return None
    return DeviceUnavailable(
        "NVIDIA driver", "must be installed and running", got="no driver",
        remedy="Install the driver of the GPU, until nvidia-smi shows it; start a container with "
        "its GPUs (docker run --gpus all).",
    )  # fmt: skip


def _without_cupy(facts: Facts) -> DeviceUnavailable | None:
    install = f"pip install 'snnlab-jupyter[{_extra(facts)}]'"
    if not (facts.packages or facts.cupy or facts.import_error):
        return DeviceUnavailable(
            "CuPy", "must be installed to compute on a GPU", got="no CuPy package",
            remedy=f"{install}.",
        )  # fmt: skip
    if len(facts.packages) > 1:
        return DeviceUnavailable(
            "CuPy", "must be installed once", got=", ".join(facts.packages),
            remedy=f"They overwrite each other: pip uninstall -y {_names(facts)}, then {install}.",
        )  # fmt: skip
    if facts.import_error:
        return DeviceUnavailable(
            "CuPy", "must be importable", got=facts.import_error,
            remedy=f"Install it anew: pip uninstall -y {_names(facts)}, then {install}.",
        )  # fmt: skip
    return None


def _with_old_versions(facts: Facts) -> DeviceUnavailable | None:
    if int(facts.cupy.partition(".")[0]) < OLDEST_CUPY:
        return DeviceUnavailable(
            "CuPy", f"must be version {OLDEST_CUPY} or newer", got=facts.cupy,
            remedy=f"pip install --upgrade 'snnlab-jupyter[{_extra(facts)}]'.",
        )  # fmt: skip
    needed = max(facts.cupy_cuda[0], facts.nvrtc[0])
    if facts.driver_cuda[0] < needed:
        driver = f"driver {facts.driver} " if facts.driver else "a driver "
        swap = f", or pip uninstall -y {_names(facts)}, then pip install 'snnlab-jupyter[cuda12]'"
        return DeviceUnavailable(
            "NVIDIA driver", f"must know CUDA {needed}, which CuPy here is made for",
            got=f"{driver}for CUDA {_text(facts.driver_cuda)}",
            remedy=f"Update the driver{swap if facts.driver_cuda >= (12, 0) else ''}.",
        )  # fmt: skip
    return None


def _without_compiler(facts: Facts) -> DeviceUnavailable | None:
    if not facts.nvrtc_error:
        return None
    return DeviceUnavailable(
        "NVRTC", "must be there to compile the network", got=facts.nvrtc_error,
        remedy=f"pip install 'snnlab-jupyter[{_extra(facts)}]', which brings it.",
    )  # fmt: skip


def _without_device(facts: Facts, index: int) -> DeviceUnavailable | None:
    n = len(facts.gpus)
    if n == 0:
        return _nothing_visible(facts)
    if not 0 <= index < n:
        names = "cuda:0" if n == 1 else f"cuda:0 to cuda:{n - 1}"
        return DeviceUnavailable(
            "device", f"must be {names}", got=f"cuda:{index}",
            remedy="Choose one of these; CUDA_VISIBLE_DEVICES hides all others."
            if facts.visible else "nvidia-smi -L shows what there is.",
        )  # fmt: skip
    gpu = facts.gpus[index]
    is_13 = max(facts.cupy_cuda, facts.nvrtc) >= (13, 0)
    lowest = LOWEST_CAPABILITY_13 if is_13 else LOWEST_CAPABILITY
    if gpu.capability >= lowest:
        return None if gpu.is_cooperative else _not_cooperative(gpu, index)
    swap = f"pip uninstall -y {_names(facts)}, then pip install 'snnlab-jupyter[cuda12]'"
    return DeviceUnavailable(
        f"cuda:{index}", f"must have compute capability {lowest / 10:.1f} or higher",
        got=f"{gpu.name} with {gpu.capability / 10:.1f}",
        remedy=f"CUDA 12 still compiles for it: {swap}."
        if gpu.capability >= LOWEST_CAPABILITY else "Use a newer GPU.",
    )  # fmt: skip


def _not_cooperative(gpu: Gpu, index: int) -> DeviceUnavailable:
    return DeviceUnavailable(
        f"cuda:{index}", "must let all blocks of a kernel wait for each other",
        got=f"{gpu.name} without cooperative launch",
        remedy="Use a GPU that is not shared (MPS, vGPU), or another one.",
    )  # fmt: skip


def _nothing_visible(facts: Facts) -> DeviceUnavailable:
    if facts.visible is not None and "NoDevice" in (facts.device_error or "NoDevice"):
        return DeviceUnavailable(
            "CUDA_VISIBLE_DEVICES", "must name a GPU of this machine", got=repr(facts.visible),
            remedy="Unset it before Python is started, or name one: 0.",
        )  # fmt: skip
    return DeviceUnavailable(
        "CUDA", "must show a device", got=facts.device_error or "none",
        remedy="nvidia-smi -L must list it; after an update of the driver the machine has to be "
        "restarted.",
    )  # fmt: skip


def _extra(facts: Facts) -> str:
    """The extra that brings a CuPy which the driver can run."""
    return "cuda13" if facts.driver_cuda >= (13, 0) else "cuda12"


def _names(facts: Facts) -> str:
    return " ".join(package.partition(" ")[0] for package in facts.packages) or "cupy"


def _text(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
