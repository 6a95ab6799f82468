"""`ElementStates`: calcium and synaptic elements of one population at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ElementStates"]


@dataclass(frozen=True)
class ElementStates:
    """Calcium and synaptic elements of a population.

    Parameters
    ----------
    population : str
    step : int
        Number of steps done when they were read.
    Ca : (n,) float64
        Calcium of each neuron.
    z : mapping of str to (n,) float64
        Kind -> elements of each neuron; its whole ones can have synapses.
    connected : mapping of str to (n,) int64
        Kind -> elements that have one. Vacant are ``floor(z) - connected``; where that is negative,
        synapses go at the next update.
    """

    population: str
    step: int
    Ca: NDArray[np.float64]
    z: Mapping[str, NDArray[np.float64]]
    connected: Mapping[str, NDArray[np.int64]]
