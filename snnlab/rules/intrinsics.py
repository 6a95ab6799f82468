"""The functions of the rule language, as plain Python.

Import them in a model file and its functions run as they stand. On numpy scalars they return
what the compiled code returns, to the bit: `exp`, `log` and `tanh` are snnlab's own.
"""

from __future__ import annotations

import builtins
import math
import random
from typing import Any

import numpy as np

from snnlab.rules import elementary

__all__ = [
    "abs",
    "ceil",
    "exp",
    "floor",
    "log",
    "max",
    "min",
    "normal",
    "poisson",
    "sqrt",
    "tanh",
    "uniform",
]

abs = builtins.abs
max = builtins.max
min = builtins.min


def exp(x: Any) -> Any:
    """Return e to the power of x."""
    return elementary.of_precision(x).exp(_real(x))


def log(x: Any) -> Any:
    """Return the natural logarithm of x; -inf at 0, nan below."""
    return elementary.of_precision(x).log(_real(x))


def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent of x."""
    return elementary.of_precision(x).tanh(_real(x))


def sqrt(x: Any) -> Any:
    """Return the square root of x, correctly rounded; nan below 0."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(_real(x))


def floor(x: Any) -> Any:
    """Return the largest whole number <= x, as a real."""
    return np.floor(_real(x))


def ceil(x: Any) -> Any:
    """Return the smallest whole number >= x, as a real."""
    return np.ceil(_real(x))


def uniform() -> float:
    """Return a random number between 0 and 1, both excluded.

    In plain Python it comes from Python's own generator; compiled, from the counter-based
    stream of the population.
    """
    return (random.getrandbits(32) + 0.5) * 2.0**-32


def normal() -> float:
    """Return a random number of the standard normal distribution."""
    return float(elementary.FLOAT64.normal_quantile(np.float64(uniform())))


def poisson(lam: float) -> int:
    """Return a random count with mean and variance `lam`; 0 where `lam` is not positive."""
    parts = math.ceil(lam / elementary.POISSON_PART) if lam > 0 else 0
    quantile = elementary.FLOAT64.poisson_quantile
    return sum(int(quantile(np.float64(uniform()), np.float64(lam / parts))) for _ in range(parts))


def _real(x: Any) -> Any:
    return x if isinstance(x, np.floating) else np.float64(x)
