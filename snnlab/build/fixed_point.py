"""Synaptic input as integers: sums that do not depend on the order of their terms.

A weight w is stored as ``round(w * 2**exponent)`` and summed in int32. The exponent of a port is
the largest for which all synapses of a neuron may deliver in one step without overflow.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_EXPONENT", "exponent_for", "packing_exponent", "to_fixed"]

MAX_EXPONENT = 26
_INT32_MAX = 2**31 - 1
_INT16_MAX = 2**15 - 1
_MIN_EXPONENT = -30


def exponent_for(largest_sum: float) -> int:
    """Return the largest exponent at which a sum of this size fits an int32.

    Parameters
    ----------
    largest_sum : float [unit of the port]
        Bound on the sum of |weight| over the incoming synapses of any neuron.
    """
    if largest_sum <= 0.0:
        return MAX_EXPONENT
    exponent = math.floor(math.log2(_INT32_MAX / largest_sum))
    return max(min(exponent, MAX_EXPONENT), _MIN_EXPONENT)


def packing_exponent(largest_weight: float, port_exponent: int) -> int:
    """Return the exponent at which weights fit an int16; at most that of the port.

    Parameters
    ----------
    largest_weight : float [unit of the port]
        Largest |weight| that is drawn.
    port_exponent : int
        Exponent of the sum; at most 16 above the result.
    """
    if largest_weight <= 0.0:
        return port_exponent
    return min(math.floor(math.log2(_INT16_MAX / largest_weight)), port_exponent)


def to_fixed(weight: NDArray[np.float64] | float, exponent: int) -> NDArray[np.int32]:
    """Return weights as integers at `exponent`, rounded to nearest, half to even.

    Parameters
    ----------
    weight : array of float64 [unit of the port]

    Returns
    -------
    array of int32
    """
    scaled = np.rint(np.ldexp(np.asarray(weight, np.float64), exponent))
    return np.clip(scaled, -_INT32_MAX, _INT32_MAX).astype(np.int32)
