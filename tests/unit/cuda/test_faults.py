"""CUDA's errors in snnlab's words."""

from __future__ import annotations

import pytest

from snnlab.cuda.faults import fault, is_lost, out_of_memory
from snnlab.errors import DeviceUnavailable, InternalError, OutOfMemory

DEVICE = "NVIDIA H100 (cuda:0)"


@pytest.mark.parametrize("status", [46, 214, 700, 702, 719, 999])
def test_lost_device_says_what_happened_and_how_to_go_on(status: int) -> None:
    error = fault(DEVICE, status, "cudaErrorX: words of CUDA")
    assert is_lost(status)
    assert isinstance(error, DeviceUnavailable)
    assert error.where == DEVICE
    assert error.got.endswith(": cudaErrorX: words of CUDA")
    for words in ("Restart the kernel", ".checkpoint", "session.move('cpu')"):
        assert words in error.remedy


def test_memory_that_is_not_there() -> None:
    error = fault(DEVICE, 2, "cudaErrorMemoryAllocation: out of memory", free=3 * 2**29)
    assert isinstance(error, OutOfMemory)
    assert error.got == "an allocation too much; 1.5 GiB are free"
    wanted = out_of_memory(DEVICE, 2**33, 2**20)
    assert wanted.got == "8 GiB too much; 1 MiB are free"
    assert "smaller scale" in wanted.remedy


def test_anything_else_is_a_bug_of_ours() -> None:
    error = fault(DEVICE, 1, "cudaErrorInvalidValue: invalid argument")
    assert not is_lost(1)
    assert isinstance(error, InternalError)
    assert "invalid argument" in error.got
