"""Named tuples of Python and structs of C agree on every member."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.cuda.engine_source import NETWORK
from snnlab.cuda.structs import declare, declare_type, pack, uploaded
from tests.host_device.host_device import HostDevice


class Sample(NamedTuple):
    """One of each."""

    counts: NDArray[np.int64]
    n: int
    values: NDArray[np.float64]
    factor: float
    is_on: bool
    bits: NDArray[np.uint16]


SAMPLE = Sample(np.arange(3), -5, np.array([0.25]), 1.5, True, np.array([7, 8], np.uint16))

READ = """
typedef signed char i8; typedef int i32; typedef long long i64;
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32;
typedef unsigned long long u64;
{struct}
extern "C" __global__ void read(const Sample *sample, double *found) {{
    found[0] = (double)sample->counts[2];
    found[1] = (double)sample->n;
    found[2] = sample->values[0];
    found[3] = sample->factor;
    found[4] = (double)sample->is_on;
    found[5] = sample->bits[1];
}}
"""


@pytest.mark.parametrize("struct", [declare("Sample", SAMPLE), declare_type(Sample)])
def test_a_kernel_reads_every_member_by_name(struct: str) -> None:
    device = HostDevice()
    on_device: Any = uploaded(SAMPLE, device)
    words, found = device.upload(pack(on_device, device)), device.zeros(6, np.float64)
    device.compile(READ.format(struct=struct)).kernel("read")(1, 1, words, found)
    assert device.download(found).tolist() == [2.0, -5.0, 0.25, 1.5, 1.0, 8.0]


def test_both_ways_to_declare_agree() -> None:
    assert declare("Sample", SAMPLE) == declare_type(Sample)


@pytest.mark.parametrize("kind", dict.fromkeys(NETWORK.values()), ids=lambda kind: kind.__name__)
def test_every_struct_of_the_engine_can_be_declared(kind: Any) -> None:
    lines = declare_type(kind).splitlines()
    assert len(lines) == len(kind._fields) + 2
