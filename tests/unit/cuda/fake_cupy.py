"""As much of CuPy as a device uses, on the host: it notes what it is asked, and fails on demand.

It has CuPy's names and argument lists, and its habits that matter: a launch of no block becomes
one block, calls of the driver need a context of the thread, memory comes from a pool.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

N_MULTIPROCESSORS = 10
FREE_BYTES = 2**30


class CudaError(RuntimeError):
    """An error with CUDA's number."""

    def __init__(self, status: int, text: str = "words of CUDA") -> None:
        self.status = status
        super().__init__(text)


class OutOfMemoryError(MemoryError):
    """What the pool raises."""


class Memory:
    """Some bytes, at an address."""

    def __init__(self, n_bytes: int) -> None:
        self.bytes = np.full(n_bytes, 0xAB, np.uint8)
        self.ptr = self.bytes.ctypes.data

    def memset_async(self, value: int, size: int, stream: object) -> None:
        assert isinstance(stream, Stream)
        self.bytes[:size] = value


class ndarray:  # noqa: N801
    """An array whose numbers only `set` and `get` reach."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], memptr: Memory) -> None:
        self.shape, self.dtype, self.data = shape, dtype, memptr
        self.size = int(np.prod(shape, dtype=np.int64))
        self.nbytes = self.size * dtype.itemsize

    @property
    def values(self) -> np.ndarray:
        return self.data.bytes[: self.nbytes].view(self.dtype).reshape(self.shape)

    def set(self, arr: np.ndarray, stream: object = None) -> None:
        assert isinstance(stream, Stream)
        if (arr.shape, arr.dtype) != (self.shape, self.dtype):
            raise ValueError("Shape or type mismatch")
        self.values[...] = arr

    def __getitem__(self, part: slice) -> ndarray:
        first, stop, _ = part.indices(self.size)
        memory = Memory(0)
        size = self.dtype.itemsize
        memory.bytes = self.data.bytes[first * size : stop * size]
        return ndarray((stop - first,), self.dtype, memory)

    def get(
        self, stream: object = None, order: str = "C", out: Any = None, blocking: bool = True
    ) -> np.ndarray:
        assert isinstance(stream, Stream)
        assert order == "C"
        if out is None:
            return self.values.copy()
        assert (out.shape, out.dtype) == (self.shape, self.dtype)
        out[...] = self.values
        return out  # type: ignore[no-any-return]


class Stream:
    """A stream that can be the current one."""

    def __init__(self, *, non_blocking: bool) -> None:
        assert non_blocking
        self.n_waits = 0
        self.fails: CudaError | None = None
        self.is_current = False

    def __enter__(self) -> None:
        self.is_current = True

    def __exit__(self, *_: object) -> None:
        self.is_current = False

    def record(self) -> Stream:
        """An event of the fake is over when its stream is."""
        return self

    def wait_event(self, event: object) -> None:
        assert isinstance(event, Stream)

    def synchronize(self) -> None:
        self.n_waits += 1
        if self.fails is not None:
            raise self.fails


class FakeCupy:
    """The module; `install` puts it in CuPy's place."""

    __version__ = "14.2.0"
    ndarray = ndarray

    def __init__(self) -> None:
        self.device = 0
        self.context = 0
        self.devices: list[int] = []
        self.launches: list[tuple[Any, ...]] = []
        self.loaded: list[bytes] = []
        self.n_freed = 0
        self.memory_left = FREE_BYTES
        self.fails: CudaError | None = None
        self.cuda = SimpleNamespace(
            runtime=SimpleNamespace(
                getDevice=lambda: self.device,
                setDevice=self._set_device,
                memGetInfo=lambda: (self.memory_left, 2**34),
                cudaDevAttrMultiProcessorCount=16,
                deviceGetAttribute=lambda attribute, device: {16: N_MULTIPROCESSORS}[attribute],
                CUDARuntimeError=CudaError,
            ),
            driver=SimpleNamespace(
                ctxGetCurrent=lambda: self.context,
                occupancyMaxActiveBlocksPerMultiprocessor=self._occupancy,
                CUDADriverError=CudaError,
            ),
            memory=SimpleNamespace(OutOfMemoryError=OutOfMemoryError),
            nvrtc=SimpleNamespace(),
            Stream=Stream,
            MemoryPool=lambda: SimpleNamespace(
                malloc=self._malloc, free_bytes=lambda: 2**20, free_all_blocks=self._free
            ),
            Module=lambda: SimpleNamespace(load=self.loaded.append, get_function=self._function),
            alloc_pinned_memory=bytearray,
        )

    def _set_device(self, index: int) -> None:
        if self.fails is not None:
            raise self.fails
        self.device = self.context = index
        self.devices.append(index)

    def _malloc(self, n_bytes: int) -> Memory:
        if n_bytes > self.memory_left:
            raise OutOfMemoryError
        self.memory_left -= n_bytes
        return Memory(n_bytes)

    def _free(self) -> None:
        self.n_freed += 1

    def _occupancy(self, function: int, block_size: int, dynamic_memory: int) -> int:
        assert function == 77
        assert dynamic_memory == 0
        return 2048 // block_size

    def _function(self, name: str) -> Any:
        def launch(grid: Any, block: Any, args: Any, shared_mem: int = 0, stream: object = None,
                   enable_cooperative_groups: bool = False) -> None:  # fmt: skip
            assert isinstance(stream, Stream)
            assert shared_mem == 0
            if self.fails is not None:
                raise self.fails
            self.launches.append((name, grid, block, args, enable_cooperative_groups))

        launch.ptr = 77  # type: ignore[attr-defined]
        return launch
