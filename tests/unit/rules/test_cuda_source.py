"""What is written down as CUDA C means the same to the compilers as to Python."""

from __future__ import annotations

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.cuda.sources import program_text
from snnlab.rules.cuda_source import CudaSource
from snnlab.rules.tree import Const, Field, Local, Type
from tests.host_device.host_device import HostDevice
from tests.host_device.nvrtc import compile_ptx
from tests.unit.rules.equal_bits import assert_equal_bits

EDGES = (
    0.0, -0.0, np.inf, -np.inf, np.nan, 1e300, -1e300, 1e-310, 5e-324, 1e-42, 2.0**-126,
    2.0**127, 3.4028235e38, 3.4028235677973366e38, 1.0000000596046448, 2.0**-149, 0.7e-45,
)  # fmt: skip


def numbers() -> NDArray[np.float64]:
    """Doubles of all sizes, and some that lie halfway between two floats."""
    rng = np.random.default_rng(1)
    floats = rng.normal(0, 1, 100).astype(np.float32)
    halfway = (floats.astype(float) + np.nextafter(floats, np.float32(9)).astype(float)) / 2
    anything = rng.integers(0, 0x7FF << 52, 200, dtype=np.uint64).view(np.float64)
    return np.concatenate([EDGES, halfway, anything, 10.0 ** rng.uniform(-45, 39, 200)])


def store_all(values: NDArray[np.float64], precision: str) -> str:
    literals = (CudaSource().literal(Const(float(v), Type.REAL)) for v in values)
    lines = [f"    out[{k}] = {literal};" for k, literal in enumerate(literals)]
    head = 'extern "C" __global__ void store(real *out) {'
    return program_text(precision, "\n".join([head, *lines, "}", ""]))


def rounded(precision: str) -> NDArray[np.floating]:
    with np.errstate(over="ignore", under="ignore"):
        return numbers().astype(precision)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_literals_on_the_host(precision: str) -> None:
    device = HostDevice()
    out = device.empty(len(numbers()), precision)
    device.compile(store_all(numbers(), precision)).kernel("store")(1, 1, out)
    assert_equal_bits(device.download(out), rounded(precision))


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_literals_on_a_gpu(precision: str) -> None:
    ptx = compile_ptx(store_all(numbers(), precision), "compute_80")
    unsigned = np.dtype(precision.replace("float", "uint"))
    registers = dict(re.findall(r"mov\.\w+\s+(%\w+), ([-\w]+);", ptx))
    stores = re.findall(r"st\.global\.\w+\s+\[%\w+(?:\+(\d+))?\], (\S+);", ptx)
    found = np.zeros(len(numbers()), unsigned)
    for offset, value in stores:
        text = registers.get(value, value)
        is_real = text[:2] in ("0f", "0d")
        bits = int(text[2:], 16) if is_real else int(text) % 2 ** (8 * unsigned.itemsize)
        found[int(offset or 0) // unsigned.itemsize] = bits
    assert len(stores) == len(found)
    assert_equal_bits(found.view(precision), rounded(precision))


def test_names_stay_different_in_ascii() -> None:
    names = ["λ", "λλ", "z", "zλ", "λz", "λzz", "zzλ", "z3bb_", "z3bb_λ", "λ_", "_λ", "bb_λ"]
    variables = [Field("state", name) for name in names]
    variables += [Field("p", name) for name in names]
    variables += [Local(f"update.{name}", Type.REAL) for name in names]
    written = [CudaSource().variable(variable) for variable in variables]
    assert len(set(written)) == len(written)
    assert all(name.isascii() and name.isidentifier() for name in written)
