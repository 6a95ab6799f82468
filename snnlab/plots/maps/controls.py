"""What chance makes of a map: the range of shuffled maps, one drawn after the other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from snnlab.analysis.map_controls import shuffle_connections, shuffle_weights
from snnlab.analysis.maps import MapQuality, map_quality
from snnlab.plots.maps.state import MapState

__all__ = ["UNKNOWN", "Controls", "Range"]


class Range(NamedTuple):
    """The smallest and the largest value."""

    low: float
    high: float


UNKNOWN = Range(float("nan"), float("nan"))


class Controls:
    """Shuffled maps that one state of a map is compared with.

    Parameters
    ----------
    state : MapState
    width : float [grid steps], optional
        Standard deviation of the kernel by which synapses form; without it there is no control
        of the synapses, and its range is nan.
    autapses : bool
        Whether a target may be its own source, for maps from a sheet to itself.
    n : int
        Number of shuffled maps of each kind that a range is of; 0: there is none.
    """

    def __init__(
        self, state: MapState, width: float | None = None, *, autapses: bool = True, n: int = 5
    ) -> None:
        self.state = state
        self._width = width
        self._autapses = autapses
        self._n = n if state.n else 0
        self._drawn: list[MapQuality] = []
        self._exchanged: list[MapQuality] = []

    @property
    def is_complete(self) -> bool:
        """Whether there are enough of them."""
        return len(self._exchanged) >= self._n

    def draw(self) -> None:
        """Shuffle the map once more."""
        state, seed = self.state, len(self._exchanged)
        if self._width is not None:
            ends = shuffle_connections(
                state.post, state.sheet, self._width, seed=seed, autapses=self._autapses
            )
            self._drawn.append(map_quality(*ends, state.sheet))
        weight = shuffle_weights(state.post, np.abs(state.weight), seed=seed)
        self._exchanged.append(map_quality(state.pre, state.post, state.sheet, weight=weight))

    def complete(self) -> Controls:
        """Draw all that are lacking; returns itself."""
        while not self.is_complete:
            self.draw()
        return self

    def of_synapses(self, measure: str) -> Range:
        """Return the range of a measure where sources were drawn anew."""
        return _range(self._drawn, measure)

    def of_weights(self, measure: str) -> Range:
        """Return the range of a measure where weights were exchanged among afferents."""
        return _range(self._exchanged, measure)


def _range(found: list[MapQuality], measure: str) -> Range:
    values = [getattr(each, measure) for each in found]
    return Range(min(values), max(values)) if values else UNKNOWN
