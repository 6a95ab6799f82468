"""`CupyDevice`: an NVIDIA GPU, through CuPy's arrays and calls of the CUDA driver."""

from __future__ import annotations

import re
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.available import require
from snnlab.cuda.binary import compiled
from snnlab.cuda.device import Array
from snnlab.cuda.faults import fault, is_lost, out_of_memory
from snnlab.errors import InternalError, SnnlabError

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

__all__ = ["CupyDevice"]

_PINNED_BYTES = 2**22
"""Downloads up to this size go through memory that the GPU reaches by itself, at twice the pace;
larger ones are rare."""
_UNDER_WAY_BYTES = 2**24
"""Copies to the device that are kept until it has taken them; then it is waited for."""

_COOPERATIVE = re.compile(r"^// cooperative: (\w+)\s*$", re.MULTILINE)


class CupyDevice:
    """A GPU. All copies and launches go one after the other, on a stream of their own.

    Parameters
    ----------
    index : int
        Which one of those that CUDA shows.

    Raises
    ------
    DeviceUnavailable
        It cannot be used; says why, and how to mend it.

    Notes
    -----
    Every call makes its GPU the current one of the thread, and afterwards the one that was in use
    before, so that other code in the process may use CuPy as it likes.
    """

    def __init__(self, index: int = 0) -> None:
        gpu = require(index)
        import cupy

        self.index = index
        self.name = f"cuda:{index}"
        self.label = f"{gpu.name} ({self.name})"
        self.capability = gpu.capability
        self.cupy: Any = cupy
        self._pool = cupy.cuda.MemoryPool()
        self._pinned: NDArray[np.uint8] | None = None
        self._under_way: list[NDArray[Any]] = []
        self._error: SnnlabError | None = None
        with self.current():
            runtime = cupy.cuda.runtime
            self.n_multiprocessors = int(
                runtime.deviceGetAttribute(runtime.cudaDevAttrMultiProcessorCount, index)
            )
            self.stream: Any = cupy.cuda.Stream(non_blocking=True)
            self._copies: Any = cupy.cuda.Stream(non_blocking=True)

    def current(self) -> _Current:
        """Return a context in which the GPU is the current one and its errors are snnlab's."""
        return _Current(self)

    def compile(self, source: str) -> _Module:
        """Compile CUDA C, or take it from the cache.

        Parameters
        ----------
        source : str
            A line ``// cooperative: name`` says that all blocks of this kernel run at a time.

        Raises
        ------
        InternalError
            It does not compile.
        """
        cuda = self.cupy.cuda
        code = compiled(source, self.capability, cuda.nvrtc)
        with self.current():
            module = cuda.Module()
            module.load(code)
        return _Module(self, module, frozenset(_COOPERATIVE.findall(source)))

    def empty(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory that holds anything.

        Raises
        ------
        OutOfMemory
            There is no room for it.
        """
        extents = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
        n_bytes = int(np.prod(extents, dtype=np.int64)) * np.dtype(dtype).itemsize
        with self.current(), self.stream:  # the pool gives memory out per stream
            memory = self._allocate(max(n_bytes, 1))
            array: Array = self.cupy.ndarray(extents, np.dtype(dtype), memptr=memory)
        return array

    def _allocate(self, n_bytes: int) -> Any:
        try:
            return self._pool.malloc(n_bytes)
        except self.cupy.cuda.memory.OutOfMemoryError as error:
            self._pool.free_all_blocks()
            free, _ = self.cupy.cuda.runtime.memGetInfo()
            raise out_of_memory(self.label, n_bytes, int(free)) from error

    def zeros(self, shape: int | tuple[int, ...], dtype: DTypeLike) -> Array:
        """Allocate memory filled with 0."""
        array: Any = self.empty(shape, dtype)
        if array.nbytes:
            with self.current():
                array.data.memset_async(0, array.nbytes, self.stream)
        return array  # type: ignore[no-any-return]

    def upload(self, values: NDArray[Any]) -> Array:
        """Return a copy of an array on the device, which has arrived."""
        array: Any = self.empty(values.shape, values.dtype)
        if array.nbytes:
            with self.current():
                array.set(np.asarray(values, order="C"), self.stream)
                self._wait()
        return array  # type: ignore[no-any-return]

    def download(self, array: Array, first: int = 0, n: int | None = None) -> NDArray[Any]:
        """Return a copy on the host, after all that was launched before.

        Parameters
        ----------
        array : Array
        first, n : int
            Of a flat array, which elements; default: all, in the array's shape.
        """
        whole: Any = array
        source = whole if n is None else whole[first : first + n]
        if source.nbytes == 0:
            return np.empty(source.shape, source.dtype)
        is_small = source.nbytes <= _PINNED_BYTES
        with self.current():
            buffer = self._pinned_like(source) if is_small else None
            found: NDArray[Any] = source.get(stream=self.stream, out=buffer)
            self._wait()
        return found.copy() if is_small else found

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
        whole: Any = array
        if n == 0:
            return lambda: np.empty(0, whole.dtype)
        with self.current():
            source = whole[first : first + n]
            memory = self.cupy.cuda.alloc_pinned_memory(source.nbytes)
            values: NDArray[Any] = np.frombuffer(memory, source.dtype, n)
            self._copies.wait_event(self.stream.record())
            source.get(stream=self._copies, out=values, blocking=False)
            arrival = self._copies.record()

        def arrived() -> NDArray[Any]:
            with self.current():
                arrival.synchronize()
            return values.reshape(source.shape).copy()  # `source` lives until then

        return arrived

    def _pinned_like(self, source: Any) -> NDArray[Any]:
        """Memory that the GPU reaches by itself, of the shape and type of an array."""
        if self._pinned is None:
            memory = self.cupy.cuda.alloc_pinned_memory(_PINNED_BYTES)
            self._pinned = np.frombuffer(memory, np.uint8, _PINNED_BYTES)
        view: NDArray[Any] = self._pinned[: source.nbytes].view(source.dtype)
        return view.reshape(source.shape)

    def write(self, array: Array, values: NDArray[Any], first: int | None = None) -> None:
        """Overwrite all of an array, after all that was launched before.

        `values` may be changed at once: a copy of them is under way.

        Parameters
        ----------
        array : Array
        values : ndarray
        first : int, optional
            Of a flat array, from which element on: only as many as there are `values`.
        """
        whole: Any = array
        target = whole if first is None else whole[first : first + values.size]
        if target.nbytes == 0:
            return
        kept = np.array(values, target.dtype, order="C")
        with self.current():
            target.set(kept, self.stream)
            self._under_way.append(kept)
            if sum(sent.nbytes for sent in self._under_way) > _UNDER_WAY_BYTES:
                self._wait()

    def address(self, array: Array) -> int:
        """Return where an array begins in the memory of the device."""
        source: Any = array
        return int(source.data.ptr)

    def free_bytes(self) -> int:
        """Return how much memory can still be allocated."""
        with self.current():
            free, _ = self.cupy.cuda.runtime.memGetInfo()
            return int(free) + int(self._pool.free_bytes())

    def synchronize(self) -> None:
        """Wait for all that was launched."""
        with self.current():
            self._wait()

    def _wait(self) -> None:
        self.stream.synchronize()
        self._under_way.clear()

    def twin(self) -> CupyDevice:
        """Return the same GPU for another thread, with a stream and memory of its own."""
        return CupyDevice(self.index)

    def release(self) -> None:
        """Give freed memory back to the driver; a lost device has taken it back already."""
        self._under_way.clear()
        self._pinned = None
        if self._error is None:
            with self.current():
                self._pool.free_all_blocks()

    def translated(self, error: BaseException) -> SnnlabError | None:
        """Return what to raise in place of an error of CUDA; None for any other.

        After an error that has cost the device, every further one is the same.
        """
        cuda = self.cupy.cuda
        if not isinstance(error, cuda.runtime.CUDARuntimeError | cuda.driver.CUDADriverError):
            return None
        if self._error is not None:
            return self._error
        status = int(error.status)
        if is_lost(status):
            self._error = fault(self.label, status, str(error))
            return self._error
        self._pool.free_all_blocks()
        free, _ = cuda.runtime.memGetInfo()
        return fault(self.label, status, str(error), free=int(free))

    def refuse_lost(self) -> None:
        """Raise what has cost the device, if anything has."""
        if self._error is not None:
            raise self._error


class _Current:
    """Makes a device the current one of the thread, and its errors snnlab's."""

    __slots__ = ("_before", "_device")

    def __init__(self, device: CupyDevice) -> None:
        self._device = device
        self._before: int | None = None

    def __enter__(self) -> None:
        device, cuda = self._device, self._device.cupy.cuda
        device.refuse_lost()
        try:
            before = cuda.runtime.getDevice()
            # A thread that has used no GPU yet names the first one; going back to it would claim
            # memory there.
            if before != device.index and cuda.driver.ctxGetCurrent():
                self._before = before
            # Also where it is the current one already: a new thread has no context yet.
            cuda.runtime.setDevice(device.index)
        except RuntimeError as error:
            self._raise_translated(error)
            raise

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                self._raise_translated(error)
        finally:
            if self._before is not None:
                self._device.cupy.cuda.runtime.setDevice(self._before)

    def _raise_translated(self, error: BaseException) -> None:
        better = self._device.translated(error)
        if better is not None:
            raise better from error


class _Module:
    """A compiled source on a device."""

    def __init__(self, device: CupyDevice, module: Any, cooperative: frozenset[str]) -> None:
        self._device = device
        self._module = module
        self._cooperative = cooperative

    def kernel(self, name: str) -> _Kernel:
        """Return the function of this name."""
        with self._device.current():
            function = self._module.get_function(name)
        return _Kernel(self._device, name, function, name in self._cooperative)


class _Kernel:
    """A compiled ``__global__`` function on a device."""

    def __init__(self, device: CupyDevice, name: str, function: Any, is_cooperative: bool) -> None:
        self._device = device
        self._name = name
        self._function = function
        self._is_cooperative = is_cooperative
        self._resident: dict[int, int] = {}

    def __call__(self, n_blocks: int, n_threads: int, *args: Array | int) -> None:
        """Launch `n_blocks` blocks of `n_threads` threads; do not wait for them.

        Parameters
        ----------
        n_blocks, n_threads : int
        *args : Array or int
            At most eight: an array becomes a pointer to its first element, an int a ``long long``.

        Raises
        ------
        InternalError
            More blocks of a cooperative kernel than the device holds at a time.
        """
        if n_blocks == 0:
            return
        if self._is_cooperative and n_blocks > self.resident_blocks(n_threads):
            raise InternalError(
                f"Kernel {self._name}",
                f"must have at most {self.resident_blocks(n_threads)} blocks of {n_threads}",
                got=str(n_blocks),
            )
        values = tuple(np.int64(a) if isinstance(a, int | np.integer) else a for a in args)
        with self._device.current():
            self._function(
                (n_blocks,), (n_threads,), values, 0, self._device.stream,
                enable_cooperative_groups=self._is_cooperative,
            )  # fmt: skip

    def resident_blocks(self, n_threads: int) -> int:
        """Return how many blocks of this size the device holds at a time."""
        if n_threads not in self._resident:
            driver = self._device.cupy.cuda.driver
            with self._device.current():
                each = driver.occupancyMaxActiveBlocksPerMultiprocessor(
                    self._function.ptr, n_threads, 0
                )
            self._resident[n_threads] = int(each) * self._device.n_multiprocessors
        return self._resident[n_threads]
