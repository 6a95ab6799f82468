"""Where rows start, summed by many blocks: also beyond 32 bits."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.cuda.row_starts import start_rows
from tests.device_rows import source
from tests.host_device.host_device import HostDevice

BASE = 3


@pytest.mark.parametrize("resident", [1, 4, 300])
@pytest.mark.parametrize(
    ("n_partitions", "n_pre"), [(1, 1), (1, 256), (3, 257), (7, 100), (90, 1000)]
)
def test_rows_start_where_those_before_end(n_partitions: int, n_pre: int, resident: int) -> None:
    device = HostDevice(seed=1, resident=resident)
    counts = np.random.default_rng(2).integers(0, 2**33, (n_partitions, n_pre), np.uint64)
    row_start = device.zeros(BASE + n_partitions * (n_pre + 1) + 1, np.int64)
    n, longest = start_rows(
        device.upload(counts), counts.size, n_pre, row_start, BASE, device, device.compile(source())
    )
    ends = np.cumsum(counts).reshape(n_partitions, n_pre)
    firsts = np.concatenate([[0], ends[:-1, -1]])
    found = device.download(row_start)
    assert (n, longest) == (ends[-1, -1], counts.max())
    assert found[:BASE].tolist() == [0] * BASE
    assert found[-1] == 0
    expected = np.column_stack([firsts, ends])
    np.testing.assert_array_equal(found[BASE:-1].reshape(n_partitions, n_pre + 1), expected)
