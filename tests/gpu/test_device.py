"""A GPU keeps the promises of the `Device` protocol, and computes as exactly as the host.

The twins of what CuPy is asked for are in ``tests/unit/cuda/test_cupy_device.py``.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import cupy
import numpy as np
import pytest

from snnlab.cuda.cupy_device import CupyDevice
from snnlab.errors import InternalError, OutOfMemory

SOURCE = """
typedef long long i64;
extern "C" __global__ void add(i64* values, i64 n, i64 what) {
    i64 first = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    for (i64 i = first; i < n; i += gridDim.x * (i64)blockDim.x) values[i] += what;
}
extern "C" __global__ void multiply_add(float* values, const float* factors, i64 n) {
    i64 i = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    if (i < n) values[i] = values[i] * factors[i] + factors[i];
}
extern "C" __global__ void divide(float* values, const float* divisors, i64 n) {
    i64 i = blockIdx.x * (i64)blockDim.x + threadIdx.x;
    if (i < n) values[i] = sqrtf(values[i] / divisors[i]);
}
// cooperative: meet
extern "C" __global__ void meet(unsigned* arrived, i64* seen) {
    if (threadIdx.x == 0) {
        __threadfence();
        atomicAdd(arrived, 1u);
        while (atomicAdd(arrived, 0u) < gridDim.x) __nanosleep(100);
        seen[blockIdx.x] = gridDim.x;
    }
}
"""


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype=np.int16).reshape(2, 3), np.array(2.5), np.array([True, False]),
        np.arange(12.0).reshape(3, 4).T, np.empty((0, 3)), np.arange(2**21, dtype=np.float64),
    ],
)  # fmt: skip
def test_arrays_go_there_and_back(device: CupyDevice, values: np.ndarray) -> None:
    array = device.upload(values)
    assert (array.shape, array.dtype, array.nbytes) == (values.shape, values.dtype, values.nbytes)
    back = device.download(array)
    assert back.dtype == values.dtype
    np.testing.assert_array_equal(back, values)


def test_launches_and_copies_keep_their_order(device: CupyDevice) -> None:
    add = device.compile(SOURCE).kernel("add")
    array, values = device.zeros(1000, "int64"), np.arange(1000)
    for k in range(20):
        device.write(array, values)
        values += 1  # the copy is under way
        add(4, 64, array, 1000, 10 * k)
    np.testing.assert_array_equal(device.download(array), np.arange(1000) + 19 + 190)


def test_numbers_are_long(device: CupyDevice) -> None:
    array = device.zeros(1, "int64")
    device.compile(SOURCE).kernel("add")(1, 32, array, 1, 2**40 + 1)
    assert device.download(array)[0] == 2**40 + 1
    device.compile(SOURCE).kernel("add")(0, 32, array, 1, 1)
    assert device.download(array)[0] == 2**40 + 1


@pytest.mark.parametrize("scale", [1.0, 1e-22, 1e-38, 1e-44])
def test_arithmetic_is_that_of_the_host(device: CupyDevice, scale: float) -> None:
    """Also of numbers that are too small for a full mantissa, and without fused multiplications."""
    rng = np.random.default_rng(1)
    a = (rng.normal(size=10_000) * scale).astype(np.float32)
    b = rng.normal(size=10_000).astype(np.float32)
    module, array = device.compile(SOURCE), device.upload(a)
    module.kernel("multiply_add")(40, 256, array, device.upload(b * np.float32(scale)), a.size)
    factors = b * np.float32(scale)
    np.testing.assert_array_equal(device.download(array), a * factors + factors)
    array = device.upload(np.abs(a))
    module.kernel("divide")(40, 256, array, device.upload(np.abs(b)), a.size)
    np.testing.assert_array_equal(device.download(array), np.sqrt(np.abs(a) / np.abs(b)))


def test_all_blocks_of_a_cooperative_kernel_meet(device: CupyDevice) -> None:
    meet = device.compile(SOURCE).kernel("meet")
    n = meet.resident_blocks(128)
    assert n >= device.n_multiprocessors
    seen = device.zeros(n, "int64")
    meet(n, 128, device.zeros(1, "uint32"), seen)
    assert set(device.download(seen)) == {n}
    with pytest.raises(InternalError, match="at most"):
        meet(n + 1, 128, device.zeros(1, "uint32"), seen)


def test_second_start_compiles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, device: CupyDevice
) -> None:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path))
    device.compile(SOURCE)
    assert len(list(tmp_path.iterdir())) == 1
    monkeypatch.setattr(cupy.cuda.nvrtc, "compileProgram", None)
    array = device.zeros(1, "int64")
    CupyDevice(0).compile(SOURCE).kernel("add")(1, 32, array, 1, 5)
    cupy.cuda.runtime.deviceSynchronize()
    assert device.download(array)[0] == 5


def test_source_that_does_not_compile(device: CupyDevice) -> None:
    with pytest.raises(InternalError, match="must compile"):
        device.compile("nonsense")


def test_another_thread_can_go_on(device: CupyDevice) -> None:
    add, array = device.compile(SOURCE).kernel("add"), device.zeros(4, "int64")
    found: list[object] = []

    def go_on() -> None:
        assert add.resident_blocks(32) > 0
        add(1, 32, array, 4, 3)
        found.append(device.download(array).tolist())

    thread = threading.Thread(target=go_on)
    thread.start()
    thread.join()
    assert found == [[3, 3, 3, 3]]


def test_too_little_memory_leaves_the_device_usable(device: CupyDevice) -> None:
    with pytest.raises(OutOfMemory, match="too much"):
        device.empty(device.free_bytes() * 2, "uint8")
    assert device.download(device.zeros(3, "int32")).tolist() == [0, 0, 0]


def test_released_memory_goes_back(device: CupyDevice) -> None:
    cupy.cuda.runtime.deviceSynchronize()
    before, _ = cupy.cuda.runtime.memGetInfo()
    array = device.zeros(2**28, "uint8")
    held, _ = cupy.cuda.runtime.memGetInfo()
    assert before - held >= 2**28
    del array
    assert device.free_bytes() >= before
    device.release()
    assert cupy.cuda.runtime.memGetInfo()[0] >= before


def test_lost_device_is_told_as_such() -> None:
    """In a process of its own: CUDA cannot go on in one that has lost its device."""
    code = (
        "from snnlab.cuda.cupy_device import CupyDevice\n"
        "from snnlab.errors import DeviceUnavailable\n"
        "device = CupyDevice(0)\n"
        "source = 'extern \"C\" __global__ void f(long long* p) { p[1LL << 50] = 1; }'\n"
        "device.compile(source).kernel('f')(1, 1, device.zeros(1, 'int64'))\n"
        "for _ in range(2):\n"
        "    try:\n"
        "        device.synchronize()\n"
        "    except DeviceUnavailable as error:\n"
        "        print('lost:', error.got)\n"
        "device.release()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.count("lost: a kernel touched memory that is not its own") == 2, done.stderr
