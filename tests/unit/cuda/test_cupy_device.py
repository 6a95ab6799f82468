"""What `CupyDevice` asks of CuPy, and what it makes of CuPy's errors; without a GPU."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from snnlab.cuda import cupy_device
from snnlab.cuda.cupy_device import CupyDevice
from snnlab.cuda.facts import Gpu
from snnlab.errors import DeviceUnavailable, InternalError, OutOfMemory
from tests.unit.cuda.fake_cupy import FREE_BYTES, N_MULTIPROCESSORS, CudaError, FakeCupy

SOURCE = """
extern "C" __global__ void one(i64 n) {}
// cooperative: all
extern "C" __global__ void all(i64 n) {}
"""


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> FakeCupy:
    fake = FakeCupy()
    monkeypatch.setitem(sys.modules, "cupy", fake)
    monkeypatch.setattr(cupy_device, "require", lambda index: Gpu("NVIDIA H100", 90, 2**34))
    monkeypatch.setattr(cupy_device, "compiled", lambda source, capability, nvrtc: b"binary")
    return fake


@pytest.fixture
def device(cupy: FakeCupy) -> CupyDevice:
    return CupyDevice(0)


def test_names(cupy: FakeCupy) -> None:
    device = CupyDevice(1)
    assert (device.name, device.label) == ("cuda:1", "NVIDIA H100 (cuda:1)")


@pytest.mark.parametrize("values", [
    np.arange(6, dtype=np.int16).reshape(2, 3), np.array(2.5), np.array([True, False]),
    np.arange(12.0).reshape(3, 4).T, np.empty((0, 3)), np.arange(2**20, dtype=np.float64),
])  # fmt: skip
def test_arrays_go_there_and_back(device: CupyDevice, values: np.ndarray) -> None:
    array = device.upload(values)
    assert (array.shape, array.dtype, array.nbytes) == (values.shape, values.dtype, values.nbytes)
    back = device.download(array)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_downloads_do_not_share_memory(device: CupyDevice) -> None:
    first = device.download(device.upload(np.arange(4)))
    device.download(device.upload(np.zeros(4, np.int64)))
    assert first.tolist() == [0, 1, 2, 3]


def test_part_of_an_array_arrives_later(device: CupyDevice) -> None:
    array = device.upload(np.arange(10))
    arrived, nothing = device.fetch(array, 3, 4), device.fetch(array, 3, 0)
    assert arrived().tolist() == [3, 4, 5, 6]
    assert nothing().size == 0
    assert device.download(array, 8, 2).tolist() == [8, 9]


def test_zeros_and_shapes(device: CupyDevice) -> None:
    assert device.download(device.zeros((2, 3), "int32")).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert device.empty(5, np.float32).nbytes == 20
    assert device.download(device.zeros(0, "int32")).size == 0


def test_what_is_written_may_be_changed_at_once(device: CupyDevice) -> None:
    array, values = device.zeros(3, "int64"), np.arange(3)
    device.write(array, values)
    (kept,) = device._under_way
    values[:] = 9
    assert kept.tolist() == [0, 1, 2]
    assert device.download(array).tolist() == [0, 1, 2]
    assert device._under_way == []


def test_many_writes_wait_for_the_device(
    device: CupyDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cupy_device, "_UNDER_WAY_BYTES", 100)
    array, before = device.zeros(8, "int64"), device.stream.n_waits
    device.write(array, np.arange(8))
    assert device.stream.n_waits == before
    device.write(array, np.arange(8))
    assert device.stream.n_waits == before + 1
    assert device._under_way == []


def test_address_is_that_of_the_memory(device: CupyDevice) -> None:
    array = device.zeros(4, "int32")
    assert device.address(array) == array.data.ptr  # type: ignore[attr-defined]


# --- kernels ------------------------------------------------------------------------------------


def test_launch_passes_pointers_and_long_numbers(device: CupyDevice, cupy: FakeCupy) -> None:
    array = device.zeros(4, "int32")
    device.compile(SOURCE).kernel("one")(3, 128, array, 7, np.int32(8), True)
    ((name, grid, block, args, is_cooperative),) = cupy.launches
    assert (name, grid, block, is_cooperative) == ("one", (3,), (128,), False)
    assert args[0] is array
    assert [type(a) for a in args[1:]] == [np.int64] * 3
    assert cupy.loaded == [b"binary"]


def test_no_block_is_no_launch(device: CupyDevice, cupy: FakeCupy) -> None:
    device.compile(SOURCE).kernel("one")(0, 128)
    assert cupy.launches == []


def test_cooperative_kernel_is_never_cut_down(device: CupyDevice, cupy: FakeCupy) -> None:
    kernel = device.compile(SOURCE).kernel("all")
    most = kernel.resident_blocks(512)
    assert most == 4 * N_MULTIPROCESSORS
    kernel(most, 512)
    assert cupy.launches[0][-1] is True
    with pytest.raises(InternalError, match="at most 40 blocks of 512"):
        kernel(most + 1, 512)


# --- the current device -------------------------------------------------------------------------


def test_device_that_was_in_use_is_current_again(cupy: FakeCupy) -> None:
    device = CupyDevice(1)
    cupy.device = cupy.context = 2
    device.zeros(4, "int32")
    device.synchronize()
    assert cupy.device == 2
    assert cupy.devices[-2:] == [1, 2]


def test_device_that_was_not_in_use_is_left_alone(cupy: FakeCupy) -> None:
    CupyDevice(1).synchronize()
    assert set(cupy.devices) == {1}


def test_new_thread_gets_a_context(device: CupyDevice, cupy: FakeCupy) -> None:
    cupy.context, cupy.devices = 0, []
    device.compile(SOURCE).kernel("one").resident_blocks(32)
    assert set(cupy.devices) == {0}


# --- trouble ------------------------------------------------------------------------------------


def test_too_little_memory(device: CupyDevice, cupy: FakeCupy) -> None:
    freed = cupy.n_freed
    with pytest.raises(OutOfMemory, match=r"2 GiB too much; 1 GiB are free"):
        device.empty(2 * FREE_BYTES, "uint8")
    assert cupy.n_freed == freed + 1
    device.zeros(4, "int32")


def test_memory_that_a_launch_needs(device: CupyDevice, cupy: FakeCupy) -> None:
    kernel = device.compile(SOURCE).kernel("one")
    with pytest.raises(OutOfMemory):
        _fail(cupy, 2, lambda: kernel(1, 32))
    kernel(1, 32)


def _fail(cupy: FakeCupy, status: int, call: object) -> None:
    """Let one launch fail."""
    set_device = cupy.cuda.runtime.setDevice
    cupy.cuda.runtime.setDevice = lambda index: None
    cupy.fails = CudaError(status)
    try:
        call()  # type: ignore[operator]
    finally:
        cupy.cuda.runtime.setDevice, cupy.fails = set_device, None


def test_lost_device_stays_lost(device: CupyDevice, cupy: FakeCupy) -> None:
    array = device.zeros(4, "int32")
    device.stream.fails = CudaError(700, "cudaErrorIllegalAddress: an illegal memory access")
    with pytest.raises(DeviceUnavailable, match=r"NVIDIA H100 \(cuda:0\).*IllegalAddress"):
        device.synchronize()
    device.stream.fails = None
    for call in (device.synchronize, lambda: device.download(array), device.free_bytes):
        with pytest.raises(DeviceUnavailable, match="IllegalAddress"):
            call()
    device.release()


def test_device_that_is_lost_before_a_call(device: CupyDevice, cupy: FakeCupy) -> None:
    cupy.fails = CudaError(46, "cudaErrorDevicesUnavailable: busy")
    with pytest.raises(DeviceUnavailable, match="another program keeps it busy"):
        device.synchronize()


def test_other_errors_are_told_as_they_are(device: CupyDevice) -> None:
    device.stream.fails = CudaError(1, "cudaErrorInvalidValue: invalid argument")
    with pytest.raises(InternalError, match="invalid argument"):
        device.synchronize()
    array = device.zeros(4, "int32")
    with pytest.raises(ValueError, match="mismatch"):
        device.write(array, np.zeros(5, np.int32))


def test_twin_has_copies_and_launches_of_its_own(cupy: FakeCupy) -> None:
    device = CupyDevice(1)
    twin = device.twin()
    assert (twin.name, twin.label) == (device.name, device.label)
    assert twin.stream is not device.stream
    assert twin._pool is not device._pool


def test_released_memory_goes_back(device: CupyDevice, cupy: FakeCupy) -> None:
    device.download(device.zeros(4, "int32"))
    freed = cupy.n_freed
    device.release()
    assert cupy.n_freed == freed + 1
    assert device.free_bytes() == cupy.memory_left + 2**20
