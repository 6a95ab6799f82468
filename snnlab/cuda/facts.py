"""What is known of the GPUs of this machine and of what it takes to use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Facts", "Gpu"]


@dataclass(frozen=True)
class Gpu:
    """One device that the driver shows.

    Parameters
    ----------
    name : str
        ``"NVIDIA H100 80GB HBM3"``.
    capability : int
        Compute capability, 90 for 9.0.
    total_bytes : int
        Its memory.
    is_cooperative : bool
        Whether all blocks of a kernel can wait for each other. Some shared and virtual ones cannot.
    """

    name: str
    capability: int
    total_bytes: int
    is_cooperative: bool = True


@dataclass(frozen=True)
class Facts:
    """What a look at the machine has found; what comes after the first obstacle is left empty.

    Parameters
    ----------
    driver_cuda : tuple of int
        Newest CUDA that the driver knows, ``(12, 4)``; ``(0, 0)``: there is no driver.
    driver : str
        Version of the driver, ``"550.54.15"``; empty if it is not told.
    packages : tuple of str
        Installed CuPy packages: ``"cupy-cuda12x 14.2.0"``.
    import_error : str
        Why CuPy cannot be imported; empty if it can.
    cupy : str
        Version of CuPy.
    cupy_cuda : tuple of int
        CUDA that CuPy was made for.
    nvrtc : tuple of int
        Version of the compiler, ``(12, 9)``.
    nvrtc_error : str
        Why it cannot be loaded; empty if it can.
    visible : str or None
        The variable ``CUDA_VISIBLE_DEVICES``; None: not set.
    gpus : tuple of Gpu
        The devices, in order.
    device_error : str
        What CUDA said when it was asked for devices; empty if nothing was wrong.
    """

    driver_cuda: tuple[int, int] = (0, 0)
    driver: str = ""
    packages: tuple[str, ...] = ()
    import_error: str = ""
    cupy: str = ""
    cupy_cuda: tuple[int, int] = (0, 0)
    nvrtc: tuple[int, int] = (0, 0)
    nvrtc_error: str = ""
    visible: str | None = None
    gpus: tuple[Gpu, ...] = ()
    device_error: str = ""

    @property
    def has_driver(self) -> bool:
        """Whether there is a driver; without one there is no GPU to speak of."""
        return self.driver_cuda > (0, 0)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Facts:
        """Return the facts that `dataclasses.asdict` took apart, after a way through JSON."""
        gpus = tuple(Gpu(**gpu) for gpu in values["gpus"])
        plain: dict[str, Any] = {
            k: tuple(v) if isinstance(v, list) else v for k, v in values.items()
        }
        return cls(**plain | {"gpus": gpus})
