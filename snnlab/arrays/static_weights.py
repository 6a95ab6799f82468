"""The weights of static synapses as real numbers: tables hold whole ones, or one for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.built import Built
from snnlab.build.storage import PACKED, SHARED

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["static_weights"]


def static_weights(built: Built, k: int, at: NDArray[np.int64] | slice) -> NDArray[np.floating]:
    """Return the weights of synapses of the static table `k` at these places of its pool."""
    plan, connections = built.connections.plans[k], built.connections
    if plan.kind == SHARED:
        weight = built.network.weight_of(plan.projections[0]).quantile(np.array([0.5]))
        return np.full(connections.targets[at].size, weight[0], built.dtype)
    stored = (
        connections.packed[at].view(np.int32) >> 16 if plan.kind == PACKED else connections.wide[at]
    )
    return np.ldexp(stored.astype(np.float64), -plan.exponent).astype(built.dtype)
