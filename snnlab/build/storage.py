"""How synapses are stored: one weight for all, packed with the target, wide, or plastic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["PACKED", "PLASTIC", "SHARED", "WIDE", "Pools"]

SHARED, PACKED, WIDE, PLASTIC = range(4)


class Pools(NamedTuple):
    """Where the synapses of one table are written.

    Parameters
    ----------
    targets : (n,) uint16
        Local targets of all but packed synapses.
    packed : (n,) uint32
        Packed synapses: weight << 16 | target.
    wide : (n,) int32
        Weights of wide synapses, beside `targets`; of plastic ones, the number of a quantile.
    """

    targets: NDArray[np.uint16]
    packed: NDArray[np.uint32]
    wide: NDArray[np.int32]
