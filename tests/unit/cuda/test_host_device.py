"""The device of the tests: threads meet, blocks wait for one another, and no mistake hangs."""

from __future__ import annotations

import time

import numpy as np
import pytest

from snnlab.errors import InternalError, OutOfMemory
from tests.host_device.host_device import HostDevice, HostKernel

SEEDS = [None, 1, 2]


def kernel(source: str, device: HostDevice | None = None, name: str = "f") -> HostKernel:
    return (device or HostDevice(patience=0.3)).compile(source).kernel(name)


def results(body: str, n: int, *, blocks: int = 1, seed: int | None = None) -> np.ndarray:
    """What the threads of one launch leave in ``out``, an array of zeros."""
    device = HostDevice(seed)
    out = device.zeros(n * blocks, np.int32)
    source = 'extern "C" __global__ void f(int *out) {\n    int i = threadIdx.x;\n%s\n}\n'
    kernel(source % body, device)(blocks, n, out)
    return device.download(out)


SCAN = """
    __shared__ int sums[300];
    sums[i] = i + blockIdx.x;
    __syncthreads();
    for (int d = 1; d < blockDim.x; d *= 2) {
        int other = i >= d ? sums[i - d] : 0;
        __syncthreads();
        sums[i] += other;
        __syncthreads();
    }
    out[blockIdx.x * blockDim.x + i] = sums[i];
"""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 31, 32, 33, 256, 300])
def test_barriers_of_blocks(n: int, seed: int | None) -> None:
    got = results(SCAN, n, blocks=3, seed=seed)
    expected = [np.cumsum(np.arange(n) + block) for block in range(3)]
    np.testing.assert_array_equal(got, np.concatenate(expected))


@pytest.mark.parametrize("seed", SEEDS)
def test_counting_barriers(seed: int | None) -> None:
    body = """
    int some = __syncthreads_or(i == 5), none = __syncthreads_or(i > 99);
    int every = __syncthreads_and(i < 40), most = __syncthreads_and(i != 7);
    out[i] = some + 2 * none + 4 * every + 8 * most + 16 * __syncthreads_count(i % 3 == 0);
"""
    assert (results(body, 40, seed=seed) == 1 + 4 + 16 * 14).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [32, 45, 64])
def test_votes_of_warps(n: int, seed: int | None) -> None:
    body = """
    unsigned odd = __ballot_sync(0xffffffff, i % 2);
    int any = __any_sync(0xffffffff, i == 40), all = __all_sync(0xffffffff, i < 32);
    __syncwarp();
    out[i] = __popc(odd) + 100 * any + 1000 * all;
"""
    last = (n - 32) // 2
    second = [last + 100 * (n > 40)] * (n - 32)
    np.testing.assert_array_equal(results(body, n, seed=seed), [1016] * 32 + second)


@pytest.mark.parametrize("seed", SEEDS)
def test_shuffles(seed: int | None) -> None:
    body = """
    float x = 0.5f * i;
    int lane = i % 32;
    bool right = __shfl_sync(0xffffffff, x, 3) == 0.5f * (i - lane + 3)
        && __shfl_up_sync(0xffffffff, i, 2u) == (lane < 2 ? i : i - 2)
        && __shfl_down_sync(0xffffffff, (unsigned)i, 5u) == (unsigned)(lane > 26 ? i : i + 5)
        && __shfl_xor_sync(0xffffffff, i, 9) == (i ^ 9);
    out[i] = right;
"""
    assert results(body.replace("&&", "&"), 96, seed=seed).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_warp_goes_on_while_another_waits(seed: int | None) -> None:
    body = """
    __shared__ int sum;
    if (i < 32) {
        int mine = i;
        for (int d = 16; d > 0; d /= 2) mine += __shfl_xor_sync(0xffffffff, mine, d);
        if (i == 0) sum = mine;
    }
    __syncthreads();
    out[i] = sum;
"""
    assert (results(body, 128, seed=seed) == 496).all()


def test_atomics() -> None:
    body = """
    int before = atomicAdd(&out[0], i);
    atomicMin(&out[1], -i);
    atomicMax(&out[2], i);
    atomicOr((unsigned *)&out[3], 1u << (i % 32));
    if (i == 50) out[4] = atomicExch(&out[5], 7);
    __syncthreads();
    if (atomicCAS(&out[5], 7, i + 1) == 7) out[6] = i;
    if (before == 0) atomicAdd(&out[7], 1);
    atomicAdd((unsigned long long *)&out[8], ~0ull);
"""
    got = results(body, 64)
    np.testing.assert_array_equal(got[:8], [2016, -63, 63, -1, 0, 1, 0, 2])
    assert got[8:10].view(np.int64)[0] == -64


def test_bits() -> None:
    body = """
    bool right = __popcll(~0ull) == 64 & __ffs(8) == 4 & __ffs(0) == 0 & __ffsll(1ll << 40) == 41
        & __clz(1) == 31 & __clz(0) == 32 & __umulhi(0x80000000u, 6u) == 3u
        & __float_as_int(1.0f) == 0x3f800000 & __int_as_float(0x40000000) == 2.0f
        & __double_as_longlong(1.0) == 0x3ffll << 52 & __longlong_as_double(1ll << 62) == 2.0
        & __ldg(&out[i]) == 0;
    out[i] = right;
"""
    assert results(body, 1)[0] == 1


def test_indices_are_unsigned_as_in_cuda() -> None:
    assert results("out[i] = threadIdx.x - 1 > 5 && blockIdx.x - 1 > 5;", 1)[0] == 1


GRID = """
// cooperative: f
extern "C" __global__ void f(unsigned *arrived, int *turns, long long n) {
    __shared__ int mine;
    if (threadIdx.x == 0) mine = 0;
    for (int k = 0; k < n; k++) {
        __syncthreads();
        if (threadIdx.x == 0) {
            turns[k * gridDim.x + blockIdx.x] = atomicAdd(arrived, 1u) / gridDim.x == k;
            while (*(volatile unsigned *)arrived < (k + 1) * gridDim.x) WAIT;
            __threadfence();
        }
        __syncthreads();
        for (int b = 0; b < gridDim.x; b++)
            if (turns[k * gridDim.x + b]) atomicAdd(&mine, 1);
    }
    __syncthreads();
    if (threadIdx.x == 0) turns[n * gridDim.x + blockIdx.x] = mine;
}
"""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("wait", ["__nanosleep(50)", "atomicAdd(arrived, 0u)"])
def test_blocks_that_wait_for_one_another(wait: str, seed: int | None) -> None:
    device = HostDevice(seed, resident=4)
    arrived, turns = device.zeros(1, np.uint32), device.zeros(4 * 21, np.int32)
    f = kernel(GRID.replace("WAIT", wait), device)
    f(f.resident_blocks(64), 64, arrived, turns, 20)
    assert device.download(arrived)[0] == 80
    assert (device.download(turns)[:80] == 1).all()
    assert (device.download(turns)[80:] == 20 * 4 * 64).all()


def test_more_blocks_than_run_at_a_time_are_refused() -> None:
    device = HostDevice(resident=2)
    with pytest.raises(InternalError, match="at most 2 blocks"):
        kernel(GRID.replace("WAIT", "__nanosleep(50)"), device)(3, 32, 0, 0, 0)


STUCK = {
    "if (i != 5) __syncthreads();": "1 thread(s), the first is 5, returned",
    "if (i != 5) __syncwarp();\n    else __syncthreads();":
        "31 thread(s), the first is 0, at __syncwarp in line 3; "
        "1 thread(s), the first is 5, at __syncthreads in line 4",
    "if (i < 8) __syncthreads();\n    else __syncthreads();":
        "thread 8 is at __syncthreads in line 4, but threads that it has to meet are "
        "at __syncthreads in line 3",
    "if (i == 0) __any_sync(0xffffffff, 1); else __all_sync(0xffffffff, 1);":
        "thread 1 is at __all_sync in line 3",
    "__ballot_sync(0xff, 1);": "line 3: the mask of __ballot_sync is 0xff, not full",
    "if (i == 0) while (atomicAdd(out, 0) == 0) __nanosleep(100);": "sleeping for more than 0.5 s",
    "if (i == 0) while (atomicAdd(out, 0) == 0) ;": "atomics for more than 0.5 s",
}  # fmt: skip


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize(("body", "message"), STUCK.items(), ids=range(len(STUCK)))
def test_what_would_hang_a_gpu_is_told(body: str, message: str, seed: int | None) -> None:
    # Only what waits for ever needs to be given up; a busy machine may be slow with the rest.
    device = HostDevice(seed, patience=0.5 if "more than" in message else 60.0)
    out = device.zeros(32, np.int32)
    source = 'extern "C" __global__ void f(int *out) {\n    int i = threadIdx.x;\n    %s\n}\n'
    f = kernel(source % body, device)
    if seed is not None:
        message = message.partition("thread ")[0]  # another thread is the first to notice
    began = time.monotonic()
    for _ in range(2):  # the second launch finds the threads of the first where it left them
        with pytest.raises(InternalError) as caught:
            f(2, 32, out)
        assert message in str(caught.value)
    assert time.monotonic() - began < 30
    kernel(source % "__syncthreads();", device)(1, 32, out)


def test_a_lane_that_does_not_exist_is_told() -> None:
    with pytest.raises(InternalError, match="line 3 reads lane 20, which does not exist"):
        results("out[i] = __shfl_sync(0xffffffff, i, 20);", 20)


@pytest.mark.parametrize("wait", ["__nanosleep(100)", ""])
def test_a_block_that_fails_stops_those_that_wait_for_it(wait: str) -> None:
    source = """
    // cooperative: f
    extern "C" __global__ void f(int *flag) {
        if (blockIdx.x == 1 && threadIdx.x == 0) __syncthreads();
        if (blockIdx.x != 1 && threadIdx.x == 0) while (atomicAdd(flag, 0) == 0) WAIT;
    }
    """
    source = source.replace("WAIT", wait)
    device = HostDevice(patience=60.0)
    began = time.monotonic()
    with pytest.raises(InternalError, match="block 1 waits for ever"):
        kernel(source, device)(3, 32, device.zeros(1, np.int32))
    assert time.monotonic() - began < 20


ORDER = """
__device__ int next;
extern "C" __global__ void f(int *out) {
    out[blockIdx.x * blockDim.x + threadIdx.x] = atomicAdd(&next, 1);
}
"""


def order(seed: int | None, launches: int = 1) -> list[int]:
    """Ranks of the threads of four blocks in the order in which they ran."""
    device = HostDevice(seed)
    out = device.zeros(160, np.int32)
    f = kernel(ORDER, device)
    for _ in range(launches):
        f(4, 40, out)
    ranks = device.download(out)
    return (ranks - ranks.min()).tolist()


def test_threads_and_blocks_run_in_ascending_order() -> None:
    assert order(None) == list(range(160))


def test_a_seed_is_an_order_of_its_own() -> None:
    assert sorted(order(1)) == list(range(160))
    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in (None, 1, 2)}) == 3
    assert order(1, launches=2) != order(1)
    blocks = np.array(order(1)).reshape(4, 40)
    assert set(blocks.min(axis=1)) == {0, 40, 80, 120}  # one after the other
    assert (np.diff(blocks[0]) != 1).any()


def test_a_source_that_does_not_compile_shows_the_line() -> None:
    with pytest.raises(InternalError, match=r"kernels\.cu:2:5: error: 'y' was not declared"):
        HostDevice().compile('extern "C" __global__ void f(int *x) {\n    y = 1;\n}\n')


def test_a_kernel_that_is_not_there_is_told() -> None:
    with pytest.raises(InternalError, match=r"must be in the source \(got g\)"):
        kernel('extern "C" __global__ void f() {}', name="g")


def test_local_variables_outlive_barriers() -> None:
    body = """
    double x[8];
    for (int k = 0; k < 8; k++) {
        x[k] = i * k;
        __syncthreads();
    }
    double sum = 0;
    for (int k = 0; k < 8; k++) sum += x[k];
    out[i] = (int)sum;
"""
    np.testing.assert_array_equal(results(body, 70, seed=4), 28 * np.arange(70))


def test_memory() -> None:
    device = HostDevice(memory_limit=1000)
    a = device.upload(np.arange(50.0))
    assert (a.shape, a.dtype, a.nbytes) == ((50,), np.float64, 400)
    assert device.free_bytes() == 600
    with pytest.raises(OutOfMemory, match="608 bytes, 600 bytes are free"):
        device.empty(76, np.float64)
    device.write(a, -np.arange(50.0))
    np.testing.assert_array_equal(device.download(a), -np.arange(50.0))
    with pytest.raises(InternalError, match="must be overwritten by"):
        device.write(a, np.zeros(50, np.float32))
    del a
    assert device.free_bytes() == 1000
    assert (device.zeros((2, 3), np.int8).values == 0).all()
    assert device.address(device.empty((), np.int64)) % 256 == 0
    assert device.upload(np.zeros((0, 4), np.int32)).shape == (0, 4)


def test_an_array_of_the_host_is_refused() -> None:
    with pytest.raises(InternalError, match="must lie on the device"):
        kernel('extern "C" __global__ void f(int *x) {}')(1, 1, np.zeros(3, np.int32))  # type: ignore[arg-type]


@pytest.mark.parametrize("where", [-1, 3])
def test_a_write_next_to_an_array_is_told(where: int) -> None:
    device = HostDevice()
    a = device.zeros(3, np.int32)
    source = 'extern "C" __global__ void f(int *x, long long at) { x[at] = 5; }'
    kernel(source, device)(1, 1, a, where)
    with pytest.raises(InternalError, match="a write next to an array of shape"):
        device.synchronize()


def test_eight_arguments_arrive() -> None:
    device = HostDevice()
    out = device.zeros(7, np.int64)
    names = ", ".join(f"long long a{k}" for k in range(7))
    body = " ".join(f"out[{k}] = a{k};" for k in range(7))
    source = f'extern "C" __global__ void f(long long *out, {names}) {{ {body} }}'
    values = [-1, 2**62, 0, -(2**63), 5, np.int64(-6), True]
    kernel(source, device)(1, 1, out, *values)
    assert device.download(out).tolist() == [int(v) for v in values]
