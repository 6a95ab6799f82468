"""A device that is lost, or has no memory left, when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from snnlab.cuda.device import Array
from snnlab.errors import DeviceUnavailable, OutOfMemory
from tests.host_device.host_device import HostArray, HostDevice

LOST = DeviceUnavailable(
    "a GPU on the host", "must stay usable while the network runs", got="it is no longer there",
    remedy="session.move('cpu') goes on.",
)  # fmt: skip
FULL = OutOfMemory("a GPU on the host", "must have room for the network", got="8 GiB too much")


class FailingDevice(HostDevice):
    """Is lost from a launch on, for good, as a GPU is; or has no room for new arrays.

    Attributes
    ----------
    lost_at : int or None
        Number of the launch that does not come back.
    is_lost, is_full : bool
    """

    def __init__(self) -> None:
        super().__init__(seed=1, resident=1)
        self.lost_at: int | None = None
        self.is_lost = self.is_full = False

    def lose_after(self, n_launches: int) -> None:
        """Let so many more launches come back."""
        self.lost_at = self.n_launches + n_launches + 1

    def next_order(self) -> int:
        order = super().next_order()
        self.is_lost |= self.lost_at is not None and self.n_launches >= self.lost_at
        self._refuse_lost()
        return order

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> HostArray:
        self._refuse_lost()
        if self.is_full:
            raise FULL
        return super().empty(shape, dtype)

    def download(self, array: Array, first: int = 0, n: int | None = None) -> NDArray[Any]:
        self._refuse_lost()
        return super().download(array, first, n)

    def fetch(self, array: Array, first: int, n: int) -> Callable[[], NDArray[Any]]:
        self._refuse_lost()
        return super().fetch(array, first, n)

    def write(self, array: Array, values: NDArray[np.generic]) -> None:
        self._refuse_lost()
        super().write(array, values)

    def _refuse_lost(self) -> None:
        if self.is_lost:
            raise LOST
