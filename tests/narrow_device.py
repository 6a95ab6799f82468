"""A device that says it holds few blocks at a time: the same work in another grid."""

from __future__ import annotations

from typing import Any

from snnlab.cuda.device import Array, Device, Kernel, Module


class Narrow:
    """Does what another device does, in grids of at most so many blocks.

    Parameters
    ----------
    device : Device
    most : int
        Blocks of any kernel that its grid depends on.
    """

    def __init__(self, device: Device, most: int) -> None:
        self._device, self._most = device, most

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)

    def compile(self, source: str) -> _Module:
        """Compile as the other device does."""
        return _Module(self._device.compile(source), self._most)


class _Module:
    def __init__(self, module: Module, most: int) -> None:
        self._module, self._most = module, most

    def kernel(self, name: str) -> _Kernel:
        return _Kernel(self._module.kernel(name), self._most)


class _Kernel:
    def __init__(self, kernel: Kernel, most: int) -> None:
        self._kernel, self._most = kernel, most

    def __call__(self, n_blocks: int, n_threads: int, *args: Array | int) -> None:
        self._kernel(n_blocks, n_threads, *args)

    def resident_blocks(self, n_threads: int) -> int:
        return min(self._kernel.resident_blocks(n_threads), self._most)
