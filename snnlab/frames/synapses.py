"""`Synapses`: the synapses of one projection at one moment, as a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Synapses"]


@dataclass(frozen=True)
class Synapses:
    """The synapses of a projection, ordered by source, then delay, then target.

    Parameters
    ----------
    projection : str
    step : int
        Number of steps done when they were read.
    pre, post : (n,) int64
        Global ids of their neurons.
    delay : (n,) float64 [ms]
    weight : (n,) real [unit of the receptor]
    variables : mapping
        State variable of the synapse model -> (n,) real.
    """

    projection: str
    step: int
    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    delay: NDArray[np.float64]
    weight: NDArray[np.floating]
    variables: Mapping[str, NDArray[np.floating]] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.pre.size)
