"""snnlab's own exp, log, tanh and quantiles, built from + - * / sqrt and bit operations alone.

Every step of them is correctly rounded IEEE arithmetic, so the result is the same to the bit in
plain Python, on the CPU and on a GPU, and a loop that calls them vectorises. They are written once:
`build` makes them for one precision, as plain functions on numpy scalars or as compiled ones.

References
----------
Cody, Waite, "Software Manual for the Elementary Functions", 1980 (argument reduction).
Wichura, "Algorithm AS 241: The percentage points of the normal distribution", 1988.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = [
    "CENTRAL_HALF_WIDTH",
    "CENTRAL_SQUARE",
    "DOUBLE",
    "FLOAT32",
    "FLOAT64",
    "POISSON_PART",
    "SINGLE",
    "TAIL_SHIFT",
    "Elementary",
    "Precision",
    "build",
    "of_precision",
]

Function = Callable[..., Any]
Decorator = Callable[[Function], Function]

POISSON_PART = 30.0
"""Largest mean that one uniform number turns into a count; larger means are summed of parts."""

CENTRAL_HALF_WIDTH = 0.425
"""How far from 1/2 a uniform number may be for the first of the two normal quantiles."""

CENTRAL_SQUARE = 0.180625
"""Square of `CENTRAL_HALF_WIDTH`."""

TAIL_SHIFT = 1.6
"""What is subtracted from the argument of the second of the two normal quantiles."""


@dataclass(frozen=True)
class Precision:
    """What distinguishes the two floating point formats for the functions of this module."""

    real: type[np.floating[Any]]
    integer: type[np.signedinteger[Any]]
    ln2_high: float
    ln2_low: float
    exp_terms: int
    log_terms: int
    tanh_limit: float
    central: tuple[tuple[float, ...], tuple[float, ...]]
    tail: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def mantissa(self) -> int:
        """Number of stored bits after the point."""
        return int(np.finfo(self.real).nmant)

    @property
    def bias(self) -> int:
        """Stored exponent of 1.0."""
        return int(np.finfo(self.real).maxexp) - 1

    @property
    def log2_e(self) -> float:
        """Logarithm of e to the base 2."""
        return 1 / math.log(2)

    @property
    def magic(self) -> float:
        """Adding this number rounds to a whole number and leaves it in the lowest bits."""
        return float(1.5 * 2.0**self.mantissa)

    @property
    def exp_range(self) -> tuple[float, float]:
        """Below the first number exp is 0, above the second infinite."""
        largest = math.log(float(np.finfo(self.real).max))
        return (2 - self.bias) * math.log(2), largest

    @property
    def exp_series(self) -> tuple[float, ...]:
        """Coefficients of (exp(x) - 1 - x) / x**2, highest power first."""
        return tuple(1 / math.factorial(n) for n in range(self.exp_terms, 1, -1))

    @property
    def log_series(self) -> tuple[float, ...]:
        """Coefficients of the logarithm in the square of its argument, highest power first."""
        return tuple(2 / (2 * n + 1) for n in range(self.log_terms, 0, -1))

    @property
    def lift(self) -> int:
        """Power of two that makes every subnormal number a normal one."""
        return self.mantissa + 2

    @property
    def root_half_bits(self) -> np.signedinteger[Any]:
        """Bits of the square root of 1/2."""
        bits: np.signedinteger[Any] = _plain_to_bits(self.real(math.sqrt(0.5)))
        return bits

    @property
    def unit_shift(self) -> int:
        """Lowest bits of a random word that a uniform number has no room for."""
        return max(0, 32 - self.mantissa)


SINGLE = Precision(
    real=np.float32, integer=np.int32,
    ln2_high=0.693359375, ln2_low=-2.12194440054690583e-4,
    exp_terms=7, log_terms=4, tanh_limit=20.0,
    central=(
        (5.9109374720e1, 1.5929113202e2, 5.0434271938e1, 3.3871327179e0),
        (6.7187563600e1, 7.8757757664e1, 1.7895169469e1, 1.0),
    ),
    tail=(
        (1.7023821103e-1, 1.3067284816e0, 2.7568153900e0, 1.4234372777e0),
        (1.2021132975e-1, 7.3700164250e-1, 1.0),
    ),
)  # fmt: skip
"""float32."""

DOUBLE = Precision(
    real=np.float64, integer=np.int64,
    ln2_high=6.93147180369123816490e-01, ln2_low=1.90821492927058770002e-10,
    exp_terms=13, log_terms=11, tanh_limit=44.0,
    central=(
        (
            2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
            4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
            1.3314166789178437745e2, 3.3871328727963666080e0,
        ),
        (
            5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
            2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
            4.2313330701600911252e1, 1.0,
        ),
    ),
    tail=(
        (
            7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
            1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
            4.63033784615654529590e0, 1.42343711074968357734e0,
        ),
        (
            1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
            1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
            2.05319162663775882187e0, 1.0,
        ),
    ),
)  # fmt: skip
"""float64."""


@dataclass(frozen=True)
class Elementary:
    """The functions of one precision; all take and return reals of it."""

    exp: Function
    log: Function
    tanh: Function
    normal_quantile: Function
    """Uniform number in (2**-33, 1 - 2**-33) -> standard normal number."""
    poisson_quantile: Function
    """Uniform number, mean <= `POISSON_PART` -> count."""


def build(
    precision: Precision, compiled: Decorator,
    to_bits: Function, from_bits: Function,
) -> Elementary:  # fmt: skip
    """Make the functions for one precision.

    Parameters
    ----------
    precision : Precision
        `SINGLE` or `DOUBLE`.
    compiled : callable
        Decorator of every function: a compiler, or one that leaves plain Python.
    to_bits, from_bits : callable
        Reinterpret a real as the integer with the same bits, and back.
    """
    exp, expm1_parts = _exponentials(precision, compiled, to_bits, from_bits)
    log = _logarithm(precision, compiled, to_bits, from_bits)
    return Elementary(
        exp=exp,
        log=log,
        tanh=_hyperbolic_tangent(precision, compiled, expm1_parts),
        normal_quantile=_normal_quantile(precision, compiled, log),
        poisson_quantile=_poisson_quantile(precision, compiled, exp),
    )


def _polynomial(p: Precision, compiled: Decorator, coefficients: tuple[float, ...]) -> Function:
    """Polynomial by Horner's scheme, highest power first."""
    first, *rest = (p.real(c) for c in coefficients)
    others = tuple(rest)

    @compiled
    def polynomial(x: Any) -> Any:
        value = first
        for c in others:
            value = value * x + c
        return value

    return polynomial


def _exponentials(
    p: Precision, compiled: Decorator, to_bits: Function, from_bits: Function
) -> tuple[Function, Function]:
    real, integer, mantissa, bias = p.real, p.integer, p.mantissa, p.bias
    log2_e, high, low = real(p.log2_e), real(p.ln2_high), real(p.ln2_low)
    one, infinity, zero = real(1), real(math.inf), real(0)
    magic = real(p.magic)
    smallest, largest = (real(x) for x in p.exp_range)
    polynomial = _polynomial(p, compiled, p.exp_series)

    @compiled
    def expm1_parts(x: Any) -> Any:
        """Remainder r with exp(x) = (1 + r) 2**k, and the real whose low bits hold k."""
        shifted = x * log2_e + magic
        k = shifted - magic
        f = (x - k * high) - k * low
        return f + f * f * polynomial(f), shifted

    @compiled
    def exp(x: Any) -> Any:
        remainder, shifted = expm1_parts(x)
        value = one + remainder
        # Half the power of two, twice the value: the largest powers are not finite numbers.
        half = from_bits(integer((integer(to_bits(shifted) + integer(bias - 1))) << mantissa))
        result = (value + value) * half
        result = infinity if x > largest else result
        return zero if x < smallest else result

    @compiled
    def expm1(x: Any) -> Any:
        """Return exp(x) - 1 for 0 <= x < 60, exact to a few units in the last place."""
        remainder, shifted = expm1_parts(x)
        power = from_bits(integer((integer(to_bits(shifted) + integer(bias))) << mantissa))
        return power * remainder + (power - one)

    return exp, expm1


def _logarithm(
    p: Precision, compiled: Decorator, to_bits: Function, from_bits: Function
) -> Function:
    real, integer, mantissa = p.real, p.integer, p.mantissa
    high, low, half, one, two = (real(c) for c in (p.ln2_high, p.ln2_low, 0.5, 1, 2))
    zero, infinity, undefined = real(0), real(math.inf), real(math.nan)
    normal, lift, lifted = np.finfo(real).tiny, real(2.0**p.lift), real(p.lift)
    magic = real(p.magic)
    magic_bits, root_half = _plain_to_bits(magic), p.root_half_bits
    polynomial = _polynomial(p, compiled, p.log_series)

    @compiled
    def log(x: Any) -> Any:
        bits = to_bits(x * lift if x < normal else x)
        exponent = integer(integer(bits - root_half) >> mantissa)
        k = from_bits(integer(magic_bits + exponent)) - magic
        k = k - lifted if x < normal else k
        f = from_bits(integer(bits - integer(exponent << mantissa))) - one
        s = f / (two + f)
        z = s * s
        hump = half * f * f
        result = k * high - ((hump - (s * (hump + z * polynomial(z)) + k * low)) - f)
        result = infinity if x == infinity else result
        outside = -infinity if x == zero else undefined
        return result if x > zero else outside

    return log


def _hyperbolic_tangent(p: Precision, compiled: Decorator, expm1: Function) -> Function:
    zero, two, limit = p.real(0), p.real(2), p.real(p.tanh_limit)

    @compiled
    def tanh(x: Any) -> Any:
        twice = x + x
        twice = twice if x >= zero else -twice
        t = expm1(limit if twice > limit else twice)
        value = t / (t + two)
        return value if x >= zero else -value

    return tanh


def _normal_quantile(p: Precision, compiled: Decorator, log: Function) -> Function:
    half, split, centre, shift = (
        p.real(c) for c in (0.5, CENTRAL_HALF_WIDTH, CENTRAL_SQUARE, TAIL_SHIFT)
    )
    one, zero = p.real(1), p.real(0)
    above, below = (_polynomial(p, compiled, c) for c in p.central)
    tail_above, tail_below = (_polynomial(p, compiled, c) for c in p.tail)

    @compiled
    def normal_quantile(u: Any) -> Any:
        q = u - half
        r = centre - q * q
        inner = q * above(r) / below(r)
        t = np.sqrt(-log(u if q < zero else one - u)) - shift
        outer = tail_above(t) / tail_below(t)
        outer = -outer if q < zero else outer
        return inner if abs(q) <= split else outer

    return normal_quantile


def _poisson_quantile(p: Precision, compiled: Decorator, exp: Function) -> Function:
    one, negligible = p.real(1), np.finfo(p.real).epsneg

    @compiled
    def poisson_quantile(u: Any, lam: Any) -> Any:
        probability = exp(-lam)
        cumulative = probability
        count, n = 0, one
        while u > cumulative and probability > cumulative * negligible:
            probability = probability * (lam / n)
            cumulative = cumulative + probability
            count, n = count + 1, n + one
        return count

    return poisson_quantile


def _plain(function: Function) -> Function:
    """Leave a function plain Python, without numpy's warnings about infinities."""

    @functools.wraps(function)
    def quiet(*args: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*args)

    return quiet


def _plain_to_bits(x: Any) -> Any:
    return x.view(np.int32 if x.dtype == np.float32 else np.int64)


def _plain_from_bits(bits: Any) -> Any:
    return bits.view(np.float32 if bits.dtype == np.int32 else np.float64)


FLOAT32 = build(SINGLE, _plain, _plain_to_bits, _plain_from_bits)
"""The functions on np.float32 scalars."""

FLOAT64 = build(DOUBLE, _plain, _plain_to_bits, _plain_from_bits)
"""The functions on np.float64 scalars."""


def of_precision(x: object) -> Elementary:
    """Return the plain functions of the precision of `x`; plain floats count as float64."""
    return FLOAT32 if isinstance(x, np.float32) else FLOAT64
