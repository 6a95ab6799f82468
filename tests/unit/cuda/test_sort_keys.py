"""One block sorts any number of keys, of either size, in threads of any order."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cuda.sources import kernel_text, program_text
from tests.host_device.host_device import HostDevice

KERNELS = """
extern "C" __global__ void sort_u32(u32* keys, i64 n) { sort_keys(keys, n); }
extern "C" __global__ void sort_u64(u64* keys, i64 n) { sort_keys(keys, n); }
"""
TYPES = {"sort_u32": np.uint32, "sort_u64": np.uint64}
SIZES = [*range(70), 127, 128, 129, 500, 1024, 1025, 3000]


@pytest.mark.parametrize("n_threads", [32, 64, 160, 512])
@pytest.mark.parametrize("name", TYPES)
def test_keys_are_sorted(name: str, n_threads: int) -> None:
    device = HostDevice(seed=n_threads)
    kernel = device.compile(program_text("float32", kernel_text("sort_keys"), KERNELS)).kernel(name)
    random = np.random.default_rng(n_threads)
    for n in SIZES:
        largest = np.iinfo(TYPES[name]).max
        for most in (3, largest):  # many equal ones, and few
            keys = random.integers(0, most, n, TYPES[name], endpoint=True)
            on_device = device.upload(keys)
            kernel(1, n_threads, on_device, n)
            np.testing.assert_array_equal(device.download(on_device), np.sort(keys))
