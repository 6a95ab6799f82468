"""How a map became what it is: its quality at many moments, in bounded memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snnlab.errors import SpecError
from snnlab.plots.maps.controls import UNKNOWN, Controls
from snnlab.plots.maps.state import MapState

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MapHistory", "Moment", "measured"]


class Moment(NamedTuple):
    """The quality of a map at one moment.

    Each ``..._low`` and ``..._high`` is the range of shuffled maps: with sources drawn anew for
    synapses, with weights exchanged among the afferents of each target for weights.
    """

    t: float
    n: float
    sigma_aff: float
    sigma_aff_low: float
    sigma_aff_high: float
    weighted_sigma_aff: float
    weighted_sigma_aff_low: float
    weighted_sigma_aff_high: float
    AD: float
    AD_low: float
    AD_high: float
    weighted_AD: float
    weighted_AD_low: float
    weighted_AD_high: float


def measured(state: MapState, controls: Controls | None = None) -> Moment:
    """Return the quality of a map beside the range of its controls.

    Parameters
    ----------
    state : MapState
    controls : Controls, optional
        Without them the ranges are nan.
    """
    of_synapses, of_weights = state.quality(), state.quality(weighted=True)
    values: list[float] = []
    for name in ("sigma_aff", "AD"):
        values += [getattr(of_synapses, name)]
        values += controls.of_synapses(name) if controls else UNKNOWN
        values += [getattr(of_weights, name)]
        values += controls.of_weights(name) if controls else UNKNOWN
    return Moment(state.t, float(state.n), *values)


class MapHistory:
    """Moments in order of time; when there are too many, every second one is forgotten.

    Any thread may add and read.

    Parameters
    ----------
    most : int
        Moments that are kept, at least 4; 112 bytes each.

    Examples
    --------
    >>> history = MapHistory()
    >>> history.append(Moment(1000.0, 7.0, *[1.0] * 12))
    >>> history.column("t").tolist(), history.column("sigma_aff").tolist()
    ([1000.0], [1.0])
    """

    def __init__(self, most: int = 1000) -> None:
        if most < 4:
            raise SpecError("MapHistory.most", "must be >= 4", got=str(most))
        self.most = most
        self._moments: list[Moment] = []
        self._spacing = 0.0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._moments)

    @property
    def t(self) -> float:
        """Time of the last moment [ms]; -inf if there is none."""
        with self._lock:
            return self._moments[-1].t if self._moments else float("-inf")

    def append(self, moment: Moment) -> None:
        """Add a moment; those that are not before it belong to a run that went back, and go."""
        self.rewind(moment.t)
        with self._lock:
            kept = self._moments
            # The last moment is always there; the others keep their distance.
            if len(kept) > 1 and kept[-1].t - kept[-2].t < self._spacing:
                kept.pop()
            kept.append(moment)
            if len(kept) > self.most:
                self._thin()

    def amend(self, moment: Moment, by: Moment) -> bool:
        """Put another in the place of a moment; returns False if it is not kept any more."""
        with self._lock:
            for k in reversed(range(len(self._moments))):
                if self._moments[k] is moment:
                    self._moments[k] = by
                    return True
        return False

    def _thin(self) -> None:
        first, last = self._moments[0], self._moments[-1]
        self._spacing = 2.0 * (last.t - first.t) / self.most
        kept = [first]
        for moment in self._moments[1:-1]:
            if moment.t - kept[-1].t >= self._spacing:
                kept.append(moment)
        self._moments = [*kept, last]

    def rewind(self, t: float) -> None:
        """Forget the moments at `t` [ms] and after it."""
        with self._lock:
            while self._moments and self._moments[-1].t >= t:
                self._moments.pop()

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one field of all moments, shape (n_moments,); see `Moment`."""
        with self._lock:
            moments = list(self._moments)
        return np.array([getattr(moment, name) for moment in moments], np.float64)

    def table(self) -> NDArray[np.float64]:
        """Return all moments, shape (n_moments, n_fields), columns in the order of `Moment`."""
        with self._lock:
            moments = list(self._moments)
        return np.array(moments, np.float64).reshape(len(moments), len(Moment._fields))
