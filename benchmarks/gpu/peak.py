"""`Watched`: a device that knows how much memory was in use at most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snnlab.cuda.device import Array, Device

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

__all__ = ["Watched"]


class Watched:
    """Does what another device does, and looks at its free memory whenever some is taken.

    Parameters
    ----------
    device : Device

    Attributes
    ----------
    peak_bytes : int
        Most memory that was in use beyond what was at first.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._free = device.free_bytes()
        self.peak_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory that holds anything."""
        return self._looked(self._device.empty(shape, dtype))

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory filled with 0."""
        return self._looked(self._device.zeros(shape, dtype))

    def upload(self, values: NDArray[np.generic]) -> Array:
        """Return a copy of an array on the device."""
        return self._looked(self._device.upload(values))

    def _looked(self, array: Array) -> Array:
        self.peak_bytes = max(self.peak_bytes, self._free - self._device.free_bytes())
        return array
