"""`HostDevice`: the device of the CUDA engine on a machine without a GPU.

The kernels are compiled by the system's C++ compiler behind `shim.h`, which runs the threads of a
block as fibers. Memory that was never written holds a pattern, and what a kernel writes beyond an
array is found out when the array is read or freed.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from snnlab.cuda.device import Array
from snnlab.errors import InternalError, OutOfMemory
from snnlab.rules.cache import cache_directory

__all__ = ["HostArray", "HostDevice", "HostKernel", "HostModule"]

SHIM = Path(__file__).with_name("shim.h")
FLAGS = (
    "-std=c++17", "-Og", "-ffp-contract=off", "-fwrapv", "-fno-strict-aliasing",
    "-U_FORTIFY_SOURCE", "-fvisibility=hidden", "-fno-gnu-unique", "-ftls-model=local-dynamic",
    "-shared", "-fPIC", "-pthread",
)  # fmt: skip
COOPERATIVE = re.compile(r"^\s*// cooperative: (\w+)\s*$", re.MULTILINE)
MOST_ARGUMENTS = 8
MOST_THREADS = 1024
MESSAGE_BYTES = 1024
ALIGNMENT = 256
GUARD = 64
"""Bytes before and after an array that nothing may write."""
PATTERN = 0xCB
"""What memory holds that was never written: an implausible number in any type."""
GIBIBYTE = 2**30


class HostArray:
    """Memory of the host device: opaque, as that of a GPU is for the host.

    Parameters
    ----------
    shape : tuple of int
    dtype : np.dtype

    Attributes
    ----------
    values : ndarray
        The contents, for tests that want to look or write without a copy.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        whole = np.full(n_bytes + 2 * GUARD + ALIGNMENT, PATTERN, np.uint8)
        start = GUARD + (-(whole.ctypes.data + GUARD)) % ALIGNMENT
        self._guards = (whole[start - GUARD : start], whole[start + n_bytes :][:GUARD])
        self.address = int(whole.ctypes.data) + start
        self.values: NDArray[Any] = whole[start : start + n_bytes].view(dtype).reshape(shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """Its extents."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of its elements."""
        return self.values.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.values.nbytes

    def check(self) -> None:
        """Fail if a kernel wrote next to the array."""
        if not all((guard == PATTERN).all() for guard in self._guards):
            raise InternalError(
                "device memory", "must be written within its bounds",
                got=f"a write next to an array of shape {self.shape} and type {self.dtype}",
            )  # fmt: skip


class HostDevice:
    """Implements `snnlab.cuda.device.Device` on the host.

    Parameters
    ----------
    seed : int, optional
        Order in which threads and blocks run; ascending when it is None. Every launch has
        another order.
    resident : int
        How many blocks of a cooperative kernel run at a time.
    memory_limit : int, optional [bytes]
        Size of the memory; 8 GiB when it is None.
    patience : float [s]
        How long threads may wait without getting on before a launch fails.
    """

    name = "host"
    label = "a GPU on the host"

    def __init__(
        self, seed: int | None = None, resident: int = 3, memory_limit: int | None = None, *,
        patience: float = 60.0,
    ) -> None:  # fmt: skip
        self.seed, self.resident, self.patience = seed, resident, patience
        self.memory_limit = 8 * GIBIBYTE if memory_limit is None else memory_limit
        self.n_launches = 0
        self._arrays: weakref.WeakSet[HostArray] = weakref.WeakSet()

    def compile(self, source: str) -> HostModule:
        """Compile CUDA C, or take it from the cache."""
        return HostModule(self, _library(source), frozenset(COOPERATIVE.findall(source)))

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> HostArray:
        """Allocate memory that holds a pattern."""
        extents = (shape,) if isinstance(shape, int) else tuple(shape)
        kind = np.dtype(dtype)
        need = int(np.prod(extents, dtype=np.int64)) * kind.itemsize
        if need > self.free_bytes():
            raise OutOfMemory(
                self.name, "must have memory for an array",
                got=f"{need} bytes, {self.free_bytes()} bytes are free",
            )  # fmt: skip
        array = HostArray(extents, kind)
        self._arrays.add(array)
        return array

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> HostArray:
        """Allocate memory filled with 0."""
        array = self.empty(shape, dtype)
        array.values[...] = 0
        return array

    def upload(self, values: NDArray[Any]) -> HostArray:
        """Return a copy of an array on the device."""
        array = self.empty(values.shape, values.dtype)
        array.values[...] = values
        return array

    def download(self, array: Array, first: int = 0, n: int | None = None) -> NDArray[Any]:
        """Return a copy on the host, of some elements of a flat array or of all."""
        own = _own(array)
        own.check()
        return own.values.copy() if n is None else own.values[first : first + n].copy()

    def fetch(self, array: Array, first: int, n: int) -> Callable[[], NDArray[Any]]:
        """Return what returns a copy that has been made already."""
        copied = self.download(array, first, n)
        return lambda: copied

    def write(self, array: Array, values: NDArray[Any], first: int | None = None) -> None:
        """Overwrite all of an array, or the elements from `first` on of a flat one."""
        whole = _own(array).values
        target = whole if first is None else whole[first : first + values.size]
        if (target.shape, target.dtype) != (values.shape, values.dtype):
            raise InternalError(
                "device memory", f"must be overwritten by {target.shape} {target.dtype}",
                got=f"{values.shape} {values.dtype}",
            )  # fmt: skip
        target[...] = values

    def address(self, array: Array) -> int:
        """Return where an array begins."""
        return _own(array).address

    def current(self) -> AbstractContextManager[None]:
        """Return a context that does nothing: addresses are those of the host."""
        return nullcontext()

    def free_bytes(self) -> int:
        """Return how much memory can still be allocated."""
        return self.memory_limit - sum(array.nbytes for array in self._arrays)

    def synchronize(self) -> None:
        """Look for writes next to arrays; launches are over when they return."""
        for array in self._arrays:
            array.check()

    def twin(self) -> HostDevice:
        """Return the same device for another thread, with memory of its own."""
        return HostDevice(self.seed, self.resident, self.memory_limit, patience=self.patience)

    def release(self) -> None:
        """Give nothing back: Python has freed what is no longer used."""

    def next_order(self) -> int:
        """Return the order of the next launch: negative for ascending."""
        self.n_launches += 1
        if self.seed is None:
            return -1
        text = f"{self.seed} {self.n_launches}".encode()
        return int.from_bytes(hashlib.sha256(text).digest()[:7], "little")


class HostModule:
    """A compiled source.

    Parameters
    ----------
    device : HostDevice
    library : ctypes.CDLL
    cooperative : frozenset of str
        Kernels whose blocks wait for one another.
    """

    def __init__(
        self, device: HostDevice, library: ctypes.CDLL, cooperative: frozenset[str]
    ) -> None:
        self._device, self._library, self._cooperative = device, library, cooperative

    def kernel(self, name: str) -> HostKernel:
        """Return the function of this name."""
        try:
            function = getattr(self._library, name)
        except AttributeError as error:
            raise InternalError("kernel", "must be in the source", got=name) from error
        launch = self._library.snnlab_host_launch
        return HostKernel(self._device, name, launch, function, name in self._cooperative)


class HostKernel:
    """A compiled ``__global__`` function.

    Parameters
    ----------
    device : HostDevice
    name : str
    launch, function : ctypes function
        The launcher of the library and the kernel itself.
    cooperative : bool
        Whether its blocks wait for one another.
    """

    def __init__(
        self, device: HostDevice, name: str, launch: Any, function: Any, cooperative: bool
    ) -> None:
        self._device, self._name, self._launch = device, name, launch
        self._address = ctypes.cast(function, ctypes.c_void_p)
        self._cooperative = cooperative
        self._message = ctypes.create_string_buffer(MESSAGE_BYTES)

    def __call__(self, n_blocks: int, n_threads: int, *args: Array | int) -> None:
        """Run `n_blocks` blocks of `n_threads` threads to their end."""
        self._check(n_blocks, n_threads, len(args))
        words = (ctypes.c_uint64 * MOST_ARGUMENTS)(*map(_word, args))
        self._launch(
            self._address, n_blocks, n_threads, words, self._cooperative,
            ctypes.c_int64(self._device.next_order()), ctypes.c_double(self._device.patience),
            self._message,
        )  # fmt: skip
        if self._message.value:
            self._fail("run to its end", self._message.value.decode())

    def resident_blocks(self, n_threads: int) -> int:
        """Return how many blocks of this size the device holds at a time."""
        return self._device.resident

    def _check(self, n_blocks: int, n_threads: int, n_arguments: int) -> None:
        if not 1 <= n_threads <= MOST_THREADS:
            self._fail(f"have 1 to {MOST_THREADS} threads per block", str(n_threads))
        if n_blocks < 1:
            self._fail("have at least 1 block", str(n_blocks))
        if self._cooperative and n_blocks > self._device.resident:
            self._fail(f"have at most {self._device.resident} blocks", str(n_blocks))
        if n_arguments > MOST_ARGUMENTS:
            self._fail(f"have at most {MOST_ARGUMENTS} arguments", str(n_arguments))

    def _fail(self, expected: str, got: str) -> None:
        raise InternalError(f"kernel {self._name!r}", f"must {expected}", got=got)


def _own(array: object) -> HostArray:
    """Return the array if it lies on the device; an array of the host would crash a GPU."""
    if not isinstance(array, HostArray):
        raise InternalError("array", "must lie on the device", got=type(array).__name__)
    return array


def _word(argument: Array | int) -> int:
    if isinstance(argument, int | np.integer):
        return int(argument) & 0xFFFFFFFFFFFFFFFF
    return _own(argument).address


@cache
def _library(source: str) -> ctypes.CDLL:
    """Compile a source, or find it in the cache, and load it."""
    parts = [SHIM.read_text("utf-8"), source, _compiler_version(), *FLAGS]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    folder = cache_directory() / "host_device"
    path = folder / f"{digest}.so"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _build(source, path)
    return ctypes.CDLL(str(path))


def _build(source: str, path: Path) -> None:
    """Write the library whole or not at all."""
    shim = _shim()
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        (folder / "kernels.cu").write_text(source, "utf-8")
        _run("-include", str(shim), "-x", "c++", "kernels.cu", "-o", "it.so", folder=folder)
        (folder / "it.so").replace(path)


@cache
def _shim() -> Path:
    """Copy the shim to the cache, beside what the compiler makes of it before all sources."""
    parts = [SHIM.read_text("utf-8"), _compiler_version(), *FLAGS]
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    kept = cache_directory() / "host_device" / f"shim_{digest}"
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=kept.parent) as name:
            folder = Path(name) / "shim"
            folder.mkdir()
            shutil.copy(SHIM, folder)
            _run("-x", "c++-header", "shim.h", "-o", "shim.h.gch", folder=folder)
            # Another process that was faster has made the same.
            with suppress(OSError):
                folder.rename(kept)
    return kept / "shim.h"


def _run(*arguments: str, folder: Path) -> None:
    done = subprocess.run(
        [_compiler(), *FLAGS, *arguments], cwd=folder, capture_output=True, text=True,
        check=False, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    if done.returncode != 0:
        raise InternalError("kernel source", "must compile", got="\n" + done.stderr.strip())


def _compiler() -> str:
    return os.environ.get("CXX", "g++")


@cache
def _compiler_version() -> str:
    done = subprocess.run([_compiler(), "--version"], capture_output=True, text=True, check=True)
    return done.stdout
