"""NVIDIA's own compiler takes what every program begins with."""

from __future__ import annotations

import pytest

from snnlab.cuda.sources import program_text
from tests.host_device.nvrtc import NvrtcError, compile_ptx

USES = """
extern "C" __global__ void use(real *x, i32 *n, i64 *m) {
    i32 i = threadIdx.x;
    Draws draws = {1u, 2u, 3u, 4u, i};
    x[i] = exp_(x[i]) + log_(x[i]) + tanh_(x[i]) + normal<real>(one_word(draws, 5u, 0u));
    x[i] = floor_divide(x[i], (real)3) + modulo(x[i], (real)3) + (real)exp_((double)x[i]);
    n[i] = poisson(x[i], draws, 6u, 0u) + floor_divide(n[i], i) + modulo(n[i], i);
    m[i] = floor_divide(m[i], min_i64(i, 7)) + modulo(m[i], (i64)i);
}
"""

ROUNDED = """
extern "C" __global__ void use(real *x) {
    i32 i = threadIdx.x;
    Draws draws = {1u, 2u, 3u, 4u, i};
    x[i] = exp_(x[i]) + log_(x[i]) + tanh_(x[i]) + normal<real>(one_word(draws, 5u, 0u));
    x[i] = x[i] * x[i + 1] + x[i + 2] + poisson(x[i], draws, 6u, 0u);
}
"""


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("architecture", ["compute_70", "compute_80", "compute_90"])
def test_the_beginning_of_every_program_compiles(precision: str, architecture: str) -> None:
    ptx = compile_ptx(program_text(precision, USES), architecture)
    assert f".target {architecture.replace('compute', 'sm')}" in ptx
    assert ".entry use" in ptx


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_operation_is_rounded_as_ieee_says(precision: str) -> None:
    ptx = compile_ptx(program_text(precision, ROUNDED), "compute_80")
    for approximate in ("fma.", ".approx", ".ftz"):
        assert approximate not in ptx
    assert "sqrt.rn." in ptx
    assert "div.rn." in ptx


def test_the_log_of_a_refused_source_names_the_line() -> None:
    with pytest.raises(NvrtcError, match=r"kernels\.cu\(2\): error"):
        compile_ptx('extern "C" __global__ void f(int *x) {\n    x[0] = y;\n}\n', "compute_80")
