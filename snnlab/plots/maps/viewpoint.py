"""Where somebody stands who looks at a map that develops: at the run as it is, or back in time."""

from __future__ import annotations

import threading

from snnlab.analysis.turnover import Turnover
from snnlab.plots.maps.history import MapHistory
from snnlab.plots.maps.sampler import MapSampler
from snnlab.plots.maps.state import MapState
from snnlab.units import to_canonical

__all__ = ["Viewpoint"]

WINDOW_MS = 5000.0
"""Model time before the moment that is shown, in which synapses that come and go count by their
length [ms]."""


class Viewpoint:
    """What plots of a map show: its last reading, or one that was kept.

    It looks like a `MapSampler` to whatever draws. Several may look at one sampler, each at
    another time. Any thread may use it.

    Parameters
    ----------
    sampler : MapSampler

    Examples
    --------
    ::

        view = Viewpoint(sampler_of(session))
        view.look("20 s")
        plots.map_mesh(view.state)
        view.look(None)  # follow the run again
    """

    def __init__(self, sampler: MapSampler) -> None:
        self.sampler = sampler
        self._back: MapState | None = None
        self._looks = 0
        self._lock = threading.Lock()

    @property
    def is_live(self) -> bool:
        """Whether it follows the run."""
        return self._back is None

    @property
    def version(self) -> tuple[int, int]:
        """Changes with each reading and with each look elsewhere."""
        return self._looks, self.sampler.version

    @property
    def state_version(self) -> tuple[int, int]:
        """Changes when `state` does."""
        return self._looks, self.sampler.version if self.is_live else -1

    def look(self, to: float | str | None) -> MapState:
        """Show another time.

        Parameters
        ----------
        to : number or str [ms], optional
            The last reading before it is shown; None, or a time not before the last reading of
            all: the run as it is.

        Returns
        -------
        MapState
            What is shown.
        """
        t = None if to is None else to_canonical(to, "ms", where="Viewpoint.look.to")
        film = self.sampler.film
        with self._lock:
            is_past = t is not None and len(film) > 1 and t < film.times[-1]
            self._back = film.at(t) if is_past and t is not None else None
            self._looks += 1
        return self.state

    def follow(self) -> bool:
        """Look at the run again if what was shown lies after it, since it went back.

        Returns
        -------
        bool
            Whether it did.
        """
        back = self._back
        if back is None or back.t <= self.sampler.state.t:
            return False
        self.look(None)
        return True

    @property
    def state(self) -> MapState:
        """The synapses at the time that is shown."""
        back = self._back
        return self.sampler.state if back is None else back

    @property
    def mark(self) -> float | None:
        """The time that is shown [ms]; None: the last one."""
        back = self._back
        return None if back is None else back.t

    @property
    def history(self) -> MapHistory:
        """The quality of the map over the whole run."""
        return self.sampler.history

    def turnover_over_time(self) -> Turnover:
        """Return how many synapses came and went in a second, over the whole run."""
        return self.sampler.turnover_over_time()

    def turnover_over_distance(self) -> Turnover:
        """Return how many came and went in a second, of late, over their lengths."""
        return self.sampler.turnover_over_distance(*self.span)

    @property
    def span(self) -> tuple[float, float]:
        """The time that `turnover_over_distance` is of [ms]: up to what is shown."""
        return max(0.0, self.state.t - WINDOW_MS), self.state.t
