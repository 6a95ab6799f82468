"""Plots of a map that follow a run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import holoviews as hv
from holoviews.streams import Pipe

from snnlab.errors import unknown_name
from snnlab.plots.backend import load
from snnlab.plots.maps.connection_matrix import draw_matrix
from snnlab.plots.maps.preferred_locations import draw_mesh, draw_preferred
from snnlab.plots.maps.quality import draw_quality
from snnlab.plots.maps.receptive_fields import draw_fields
from snnlab.plots.maps.sampler import MapSampler, sampler_of
from snnlab.plots.maps.synapse_turnover import turnover

__all__ = ["MAP_KINDS", "MapKind", "MapView"]


@dataclass(frozen=True)
class MapKind:
    """A sort of live plot of a map.

    Parameters
    ----------
    draw : callable
        Turns what a sampler knows into a HoloViews element; always of the same type.
    interval_s : float [s]
        Wall-clock time between two drawings, at least.
    """

    draw: Callable[[MapSampler], Any]
    interval_s: float = 0.5


MAP_KINDS = {
    "receptive_fields": MapKind(lambda sampler: draw_fields(sampler.state)),
    "map_mesh": MapKind(lambda sampler: draw_mesh(sampler.state)),
    "preferred_x": MapKind(lambda sampler: draw_preferred(sampler.state, "x")),
    "preferred_y": MapKind(lambda sampler: draw_preferred(sampler.state, "y")),
    "connection_matrix": MapKind(lambda sampler: draw_matrix(sampler.state)),
    "sigma_aff": MapKind(lambda sampler: draw_quality(sampler.history, "sigma_aff")),
    "AD": MapKind(lambda sampler: draw_quality(sampler.history, "AD")),
    "turnover": MapKind(lambda sampler: turnover(sampler, "time"), 1.0),
    "turnover_distance": MapKind(lambda sampler: turnover(sampler, "distance"), 1.0),
}
"""Name -> sort of live plot."""


class MapView:
    """A plot that shows a map as it was read last, each time it is refreshed.

    Parameters
    ----------
    kind : str
        A name in `MAP_KINDS`.
    session : Session
    projection : str, optional
        Name of a projection between two grids; default: the first that is rewired.

    Attributes
    ----------
    sampler : MapSampler
        Shared by all live plots of the map.
    plot : holoviews.DynamicMap

    Raises
    ------
    SpecError
        No such kind, or a projection that is no map.
    """

    def __init__(self, kind: str, session: Any, projection: str | None = None) -> None:
        if kind not in MAP_KINDS:
            raise unknown_name("live plot", kind, MAP_KINDS)
        load()
        self.kind = MAP_KINDS[kind]
        self.sampler = sampler_of(session, projection)
        self._drawn = self.sampler.version
        self._pipe = Pipe(data=self._drawn)
        self.plot = hv.DynamicMap(self._draw, streams=[self._pipe])

    def follow(self) -> None:
        """Read the synapses if it is time to, whether or not anybody looks."""
        self.sampler.sample()

    def refresh(self) -> bool:
        """Draw what is new; returns whether there was anything."""
        self.follow()
        if self.sampler.version == self._drawn:
            return False
        self._drawn = self.sampler.version
        self._pipe.send(self._drawn)
        return True

    def _draw(self, data: int) -> Any:
        return self.kind.draw(self.sampler)
