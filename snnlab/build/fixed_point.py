"""Synaptic input as integers: sums that do not depend on the order of their terms.

A weight w is stored as ``round(w * 2**exponent)`` and summed in int32. The exponent of a port is
the largest for which all synapses of a neuron may deliver in one step and fill half of the range.
The other half is for input that was under way when weights were edited: a synapse delivers at most
once to a step, so before the edit or after it, and neither half can overflow.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "LARGEST_SUM",
    "MAX_EXPONENT",
    "ROOM_UNDER_WAY",
    "exponent_for",
    "packing_exponent",
    "to_fixed",
]

MAX_EXPONENT = 26
LARGEST_SUM = 2**30
"""What all synapses of a neuron together may add in one step [fixed point], before rounding."""

_INT32_MAX = 2**31 - 1
ROOM_UNDER_WAY = _INT32_MAX - LARGEST_SUM - 2**23
"""Input that may be under way when weights are edited; less the rounding of 2^24 weights."""

_INT16_MAX = 2**15 - 1
_MIN_EXPONENT = -30


def exponent_for(largest_sum: float) -> int:
    """Return the largest exponent at which a sum of this size fits half of an int32.

    Parameters
    ----------
    largest_sum : float [unit of the port]
        Bound on the sum of |weight| over the incoming synapses of any neuron.
    """
    if largest_sum <= 0.0:
        return MAX_EXPONENT
    exponent = math.floor(math.log2(LARGEST_SUM / largest_sum))
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
