"""What chance makes of a map: the range of the last shuffled maps."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from snnlab.analysis.map_controls import shuffle_connections, shuffle_weights
from snnlab.analysis.maps import map_quality
from snnlab.plots.maps.state import MapState

__all__ = ["UNKNOWN", "Controls", "Range"]


class Range(NamedTuple):
    """The smallest and the largest value."""

    low: float
    high: float


UNKNOWN = Range(float("nan"), float("nan"))


class _Shuffled(NamedTuple):
    """The quality of a map whose sources were drawn anew, and of one with exchanged weights."""

    t: float
    sigma_aff: float
    weighted_sigma_aff: float
    AD: float
    weighted_AD: float


class Controls:
    """The last shuffled maps: all of one moment, or of one after the other.

    Shuffling takes far longer than measuring, so that a run that is watched has one shuffled map
    now and then instead of all of them at once. What chance makes of a map changes slowly.

    Parameters
    ----------
    n : int
        Shuffled maps of each kind that a range is of.

    Attributes
    ----------
    n_drawn : int
        Shuffled maps of each kind since the last `renew`.
    """

    def __init__(self, n: int = 5) -> None:
        self.n = n
        self._last: deque[_Shuffled] = deque(maxlen=n)
        self.n_drawn = 0

    def renew(self, state: MapState, width: float | None, *, autapses: bool = True) -> None:
        """Shuffle a map `n` times; earlier ones are forgotten.

        Parameters
        ----------
        state : MapState
        width : float [grid steps], optional
            Standard deviation of the kernel by which synapses form; without it there is no
            control of the synapses, and its range is nan.
        autapses : bool
            Whether a target may be its own source, for maps from a sheet to itself.
        """
        self._last.clear()
        self.n_drawn = 0
        for _ in range(self.n):
            self._draw(state, width, autapses)

    def add(self, state: MapState, width: float | None, *, autapses: bool = True) -> None:
        """Shuffle a map once, in the place of the oldest.

        Where there are fewer than `n` yet, or the run went back, it is shuffled `n` times.

        Parameters
        ----------
        state : MapState
        width : float [grid steps], optional
        autapses : bool
            As in `renew`.
        """
        if len(self._last) < self.n or self._last[-1].t > state.t:
            self.renew(state, width, autapses=autapses)
        else:
            self._draw(state, width, autapses)

    def range_of(self, measure: str) -> Range:
        """Return the range of a measure, as `snnlab.plots.maps.history.Moment` names it."""
        values = [getattr(each, measure) for each in self._last]
        return Range(min(values), max(values)) if values else UNKNOWN

    def _draw(self, state: MapState, width: float | None, autapses: bool) -> None:
        if not state.n:
            return
        seed, sheet = self.n_drawn, state.sheet
        self.n_drawn += 1
        spread = deviation = float("nan")
        if width is not None:
            ends = shuffle_connections(state.post, sheet, width, seed=seed, autapses=autapses)
            drawn = map_quality(*ends, sheet)
            spread, deviation = drawn.sigma_aff, drawn.AD
        weight = shuffle_weights(state.post, np.abs(state.weight), seed=seed)
        exchanged = map_quality(state.pre, state.post, sheet, weight=weight)
        self._last.append(
            _Shuffled(state.t, spread, exchanged.sigma_aff, deviation, exchanged.AD)
        )  # fmt: skip
