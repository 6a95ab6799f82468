"""`Device`: what the engine needs of a GPU, so that it can also run where there is none.

The engine allocates, copies and launches through this protocol alone. `snnlab.cuda.cupy_device`
is a GPU; the tests have a device that runs the same sources on the host, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import DTypeLike, NDArray

__all__ = ["Array", "Device", "Kernel", "Module"]


class Array(Protocol):
    """Contiguous memory of a device with a shape and a type: a CuPy array on a GPU."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Its extents."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its elements."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        ...


class Kernel(Protocol):
    """A compiled ``__global__`` function."""

    def __call__(self, n_blocks: int, n_threads: int, *args: Array | int) -> None:
        """Launch `n_blocks` blocks of `n_threads` threads; do not wait for them.

        Parameters
        ----------
        n_blocks, n_threads : int
        *args : Array or int
            At most eight: an array becomes a pointer to its first element, an int a ``long long``.
        """
        ...

    def resident_blocks(self, n_threads: int) -> int:
        """Return how many blocks of this size the device holds at a time."""
        ...


class Module(Protocol):
    """A compiled source."""

    def kernel(self, name: str) -> Kernel:
        """Return the function of this name."""
        ...


class Device(Protocol):
    """A GPU, or what stands in for one. One thread uses it at a time."""

    name: str
    """For programs: ``"cuda:0"``, ``"host"``."""

    label: str
    """For people: ``"NVIDIA H100 (cuda:0)"``."""

    def compile(self, source: str) -> Module:
        """Compile CUDA C, or take it from a cache."""
        ...

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory that holds anything."""
        ...

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory filled with 0."""
        ...

    def upload(self, values: NDArray[Any]) -> Array:
        """Return a copy of an array on the device."""
        ...

    def download(self, array: Array, first: int = 0, n: int | None = None) -> NDArray[Any]:
        """Return a copy on the host, after all that was launched before.

        Parameters
        ----------
        array : Array
        first, n : int
            Of a flat array, which elements; default: all, in the array's shape.
        """
        ...

    def fetch(self, array: Array, first: int, n: int) -> Callable[[], NDArray[Any]]:
        """Begin to copy elements of a flat array, while launches that follow go on.

        Parameters
        ----------
        array : Array
            What is copied must not change before it has arrived.
        first, n : int
            Which elements.

        Returns
        -------
        callable
            Waits until they have arrived, and returns them.
        """
        ...

    def write(self, array: Array, values: NDArray[Any], first: int | None = None) -> None:
        """Overwrite all of an array, after all that was launched before.

        Parameters
        ----------
        array : Array
        values : ndarray
        first : int, optional
            Of a flat array, from which element on: only as many as there are `values`.
        """
        ...

    def address(self, array: Array) -> int:
        """Return where an array begins in the memory of the device."""
        ...

    def current(self) -> AbstractContextManager[None]:
        """Return a context in which other libraries take addresses for those of this device."""
        ...

    def free_bytes(self) -> int:
        """Return how much memory can still be allocated."""
        ...

    def synchronize(self) -> None:
        """Wait for all that was launched."""
        ...

    def twin(self) -> Device:
        """Return the same device for another thread, with copies and launches of its own."""
        ...

    def release(self) -> None:
        """Give freed memory back to the driver."""
        ...
