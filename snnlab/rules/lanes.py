"""What generated Numba kernels call: elementary functions, random draws, stack memory.

A block has `BLOCK` lanes, one neuron each. One Philox call serves four lanes (its four words go
to lanes j, j + 32, j + 64 and j + 96), so that the random numbers of a block are filled in by a
loop that vectorises.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import (  # type: ignore[attr-defined]
    carray,
    float32,
    float64,
    int32,
    int64,
    njit,
    types,
    uint32,
)
from numba.core import cgutils
from numba.extending import intrinsic

from snnlab.rules import elementary
from snnlab.rules.philox import philox4x32

__all__ = [
    "BLOCK",
    "DRAW_PURPOSE",
    "ELEMENTARY",
    "LANES",
    "PARTS_SHIFT",
    "PASS_SHIFT",
    "POISSON_MOST",
    "Lanes",
    "stack_array",
    "stack_lanes",
]

BLOCK = 128
"""Neurons per block."""

DRAW_PURPOSE = 1
"""Low byte of the fourth counter word of all draws that a neuron's rule makes."""

PARTS_SHIFT = 16
"""Where the draw of one poisson() is numbered: above the site in the third counter word."""

PASS_SHIFT = 8
"""Where the pass of a loop is numbered: above the purpose in the fourth counter word."""

POISSON_MOST = 1e6
"""Largest mean of a poisson()."""

_QUARTER = BLOCK // 4


@intrinsic
def _to_bits(_context: Any, x: Any) -> Any:
    """Integer with the bits of a real."""
    integer = int32 if x == float32 else int64

    def code(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(integer))

    return integer(x), code


@intrinsic
def _from_bits(_context: Any, bits: Any) -> Any:
    """Real with the bits of an integer."""
    real = float32 if bits == int32 else float64

    def code(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(real))

    return real(bits), code


@intrinsic(prefer_literal=True)
def _stack_memory(_context: Any, example: Any, size: Any) -> Any:
    """Pointer to so many numbers on the stack, which cost nothing to take and to give back."""
    n = size.literal_value

    def code(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        kind = context.get_value_type(example)
        return cgutils.alloca_once(builder, kind, size=n)  # type: ignore[no-untyped-call]

    return types.CPointer(example)(example, size), code  # type: ignore[no-untyped-call]


def stack_array(size: int) -> Any:
    """Return a compiled function that makes uninitialised arrays, alive in their caller.

    Parameters
    ----------
    size : int
        Elements of the arrays; the function's argument is an example of one.
    """

    @njit(forceinline=True)
    def make(example):  # type: ignore[no-untyped-def]
        return carray(_stack_memory(example, size), size)  # type: ignore[call-arg]

    return make


stack_lanes = stack_array(BLOCK)
"""Makes an array with one element for each lane of a block."""


@njit(forceinline=True)
def fill_words(words, random, site):  # type: ignore[no-untyped-def]
    """Draw one uint32 per lane for the draw numbered `site` of this block and step.

    Parameters
    ----------
    words : (BLOCK,) uint32
        Filled in.
    random : (4,) uint32
        Seed, stream, block within the population, step.
    site : uint32
        Which draw of the rule this is.
    """
    seed, stream, first, step = random[0], random[1], random[2] * uint32(_QUARTER), random[3]
    for j in range(_QUARTER):
        a, b, c, d = philox4x32(
            uint32(first + j), step, uint32(site), uint32(DRAW_PURPOSE), seed, stream
        )
        words[j] = a
        words[j + _QUARTER] = b
        words[j + 2 * _QUARTER] = c
        words[j + 3 * _QUARTER] = d


@njit
def one_word(random, lane, site, passed):  # type: ignore[no-untyped-def]
    """Draw the uint32 of a single lane; equals `fill_words` where `passed` is 0.

    Parameters
    ----------
    random : (4,) uint32
        Seed, stream, block within the population, step.
    lane : int
        Position within the block.
    site : int
        Which draw of the rule this is, plus the part of a poisson() above bit 16.
    passed : int
        Which pass of the surrounding loops this is.
    """
    counter = uint32(random[2] * uint32(_QUARTER) + uint32(lane % _QUARTER))
    purpose = uint32(uint32(DRAW_PURPOSE) | (uint32(passed) << uint32(PASS_SHIFT)))
    words = philox4x32(counter, random[3], uint32(site), purpose, random[0], random[1])
    return words[lane // _QUARTER]


class Lanes:
    """The functions that a generated kernel of one precision calls.

    Parameters
    ----------
    precision : Precision
        float32 or float64.

    Attributes
    ----------
    exp, log, tanh : compiled functions
        The same as the plain ones, to the bit.
    unit : compiled function
        uint32 -> uniform real between 0 and 1, both excluded.
    normal : compiled function
        uint32 -> standard normal real.
    poisson : compiled function
        (lam, random, lane, site, passed) -> int32 count.
    """

    def __init__(self, precision: elementary.Precision) -> None:
        compiled = njit(forceinline=True, error_model="numpy")
        made = elementary.build(precision, compiled, _to_bits, _from_bits)
        self.exp, self.log, self.tanh = made.exp, made.log, made.tanh
        self.unit = _unit(precision)
        self.normal = _normal(self.unit, made.normal_quantile)
        self.poisson = _poisson(precision, self.unit, made.poisson_quantile)


def _unit(precision: elementary.Precision) -> Any:
    """Only as many bits are used as leave room for the half that keeps 0 and 1 out."""
    real = precision.real
    shift = np.uint32(precision.unit_shift)
    half, scale = real(0.5), real(2.0 ** (int(shift) - 32))

    @njit(forceinline=True)
    def unit(word):  # type: ignore[no-untyped-def]
        return (real(uint32(word) >> shift) + half) * scale

    return unit


def _normal(unit: Any, quantile: Any) -> Any:
    @njit(forceinline=True)
    def normal(word):  # type: ignore[no-untyped-def]
        return quantile(unit(word))

    return normal


def _poisson(precision: elementary.Precision, unit: Any, quantile: Any) -> Any:
    real = precision.real
    part, most = real(elementary.POISSON_PART), real(POISSON_MOST)

    @njit(error_model="numpy")
    def poisson(lam, random, lane, site, passed):  # type: ignore[no-untyped-def]
        if not lam > real(0):  # also nan, which a branch not taken may hand in
            return int32(0)
        mean = most if lam > most else lam
        parts = int32(np.ceil(mean / part))
        total = int32(0)
        for k in range(parts):
            word = one_word(random, lane, site + (k << PARTS_SHIFT), passed)
            total = int32(total + quantile(unit(word), mean / real(parts)))
        return total

    return poisson


LANES = {"float32": Lanes(elementary.SINGLE), "float64": Lanes(elementary.DOUBLE)}
"""Precision name -> functions for kernels of that precision."""

ELEMENTARY = ("exp", "log", "tanh")
"""Functions of the language that a kernel takes from `LANES`."""
