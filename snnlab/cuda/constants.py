"""The constants of the elementary functions and of the draws as C, from where Python has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from snnlab.rules.elementary import (
    CENTRAL_HALF_WIDTH,
    CENTRAL_SQUARE,
    DOUBLE,
    POISSON_PART,
    SINGLE,
    TAIL_SHIFT,
    Precision,
)
from snnlab.rules.lanes import BLOCK, DRAW_PURPOSE, PARTS_SHIFT, PASS_SHIFT, POISSON_MOST

__all__ = ["constants_text", "real_literal"]

_TYPES = {SINGLE: ("float", "i32", "u32"), DOUBLE: ("double", "i64", "u64")}
_FUNCTION = "    static __device__ __forceinline__"


def constants_text() -> str:
    """Return the C that follows ``elementary.cu``: `Constants` of both types, and of the draws."""
    numbers = {
        "QUARTER": BLOCK // 4, "DRAW_PURPOSE": DRAW_PURPOSE,
        "PASS_SHIFT": PASS_SHIFT, "PARTS_SHIFT": PARTS_SHIFT,
    }  # fmt: skip
    lines = [f"constexpr u32 {name} = {value}u;" for name, value in numbers.items()]
    return "\n".join([*lines, "", *_struct(SINGLE), *_struct(DOUBLE)])


def real_literal(value: float, precision: Precision) -> str:
    """Return a finite number as a C literal of a type, exact to the bit.

    Parameters
    ----------
    value : float
    precision : Precision
        Of the literal; `value` is rounded to it.
    """
    suffix = "f" if precision.real is np.float32 else ""
    return float(precision.real(value)).hex() + suffix


def _struct(p: Precision) -> Iterator[str]:
    real, signed, unsigned = _TYPES[p]
    yield f"template <> struct Constants<{real}> {{"
    yield f"    typedef {signed} Signed;"
    yield f"    typedef {unsigned} Unsigned;"
    for name, whole in _wholes(p).items():
        yield f"    static constexpr {signed} {name} = {whole};"
    for name, value in _reals(p).items():
        yield f"    static constexpr {real} {name} = {real_literal(value, p)};"
    for name, coefficients in _polynomials(p).items():
        yield f"{_FUNCTION} {real} {name}({real} x) {{"
        terms = ", ".join(real_literal(c, p) for c in coefficients)
        yield f"        return horner(x, {terms});"
        yield "    }"
    for name, bits in _not_finite(p).items():
        yield f"{_FUNCTION} {real} {name}() {{ return from_bits(({signed}){bits}); }}"
    yield "};"
    yield ""


def _wholes(p: Precision) -> dict[str, int]:
    return {
        "mantissa": p.mantissa, "bias": p.bias, "unit_shift": p.unit_shift,
        "root_half_bits": int(p.root_half_bits),
    }  # fmt: skip


def _reals(p: Precision) -> dict[str, float]:
    smallest, largest = p.exp_range
    return {
        "log2_e": p.log2_e, "ln2_high": p.ln2_high, "ln2_low": p.ln2_low, "magic": p.magic,
        "exp_smallest": smallest, "exp_largest": largest, "tanh_limit": p.tanh_limit,
        "smallest_normal": float(np.finfo(p.real).tiny), "lift": 2.0**p.lift, "lifted": p.lift,
        "centre": CENTRAL_SQUARE, "split": CENTRAL_HALF_WIDTH, "tail_shift": TAIL_SHIFT,
        "unit_scale": 2.0 ** (p.unit_shift - 32), "negligible": float(np.finfo(p.real).epsneg),
        "poisson_part": POISSON_PART, "most_poisson": POISSON_MOST,
    }  # fmt: skip


def _polynomials(p: Precision) -> dict[str, Sequence[float]]:
    return {
        "exp_series": p.exp_series, "log_series": p.log_series,
        "central_above": p.central[0], "central_below": p.central[1],
        "tail_above": p.tail[0], "tail_below": p.tail[1],
    }  # fmt: skip


def _not_finite(p: Precision) -> dict[str, str]:
    """Bits of numbers for which C has no literal."""
    ones = 2 * p.bias + 1
    infinity = ones << p.mantissa
    return {"infinity": hex(infinity), "undefined": hex(infinity | 1 << (p.mantissa - 1))}
