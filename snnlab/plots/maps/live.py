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
from snnlab.plots.maps.quality import map_quality
from snnlab.plots.maps.rate_map import draw_rate_map
from snnlab.plots.maps.receptive_fields import draw_fields
from snnlab.plots.maps.sampler import sampler_of
from snnlab.plots.maps.synapse_turnover import turnover
from snnlab.plots.maps.viewpoint import Viewpoint

__all__ = ["MAP_KINDS", "MapKind", "MapView"]

NARROW = 300
"""Longer side of a plot of a sheet where there is little room [px]."""


@dataclass(frozen=True)
class MapKind:
    """A sort of live plot of a map.

    Parameters
    ----------
    draw : callable
        Turns what a `MapSampler` or a `Viewpoint` knows into a HoloViews element; always of the
        same type.
    interval_s : float [s]
        Wall-clock time between two drawings, at least.
    is_of_state : bool
        Whether the synapses at one moment are all that it shows.
    """

    draw: Callable[[Any], Any]
    interval_s: float = 0.5
    is_of_state: bool = True


MAP_KINDS = {
    "receptive_fields": MapKind(lambda seen: draw_fields(seen.state)),
    "map_mesh": MapKind(lambda seen: draw_mesh(seen.state)),
    "preferred_x": MapKind(lambda seen: draw_preferred(seen.state, "x")),
    "preferred_y": MapKind(lambda seen: draw_preferred(seen.state, "y")),
    "rate_map": MapKind(lambda seen: draw_rate_map(seen.state)),
    "connection_matrix": MapKind(lambda seen: draw_matrix(seen.state)),
    "sigma_aff": MapKind(lambda seen: map_quality(seen, "sigma_aff"), is_of_state=False),
    "AD": MapKind(lambda seen: map_quality(seen, "AD"), is_of_state=False),
    "turnover": MapKind(lambda seen: turnover(seen, "time"), 1.0, is_of_state=False),
    "turnover_distance": MapKind(lambda seen: turnover(seen, "distance"), 1.0, is_of_state=False),
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
    viewpoint : Viewpoint, optional
        What is shown: plots that share one look at the same time. Default: the run as it is.
    is_narrow : bool
        Whether there is little room: the key stands below the plot, and there are no tools.

    Attributes
    ----------
    sampler : MapSampler
        Shared by all live plots of the map.
    viewpoint : Viewpoint or None
    plot : holoviews.DynamicMap

    Raises
    ------
    SpecError
        No such kind, or a projection that is no map.
    """

    def __init__(
        self,
        kind: str,
        session: Any,
        projection: str | None = None,
        *,
        viewpoint: Viewpoint | None = None,
        is_narrow: bool = False,
    ) -> None:
        if kind not in MAP_KINDS:
            raise unknown_name("live plot", kind, MAP_KINDS)
        load()
        self.kind = MAP_KINDS[kind]
        self.sampler = sampler_of(session, projection) if viewpoint is None else viewpoint.sampler
        self.viewpoint = viewpoint
        self._is_narrow = is_narrow
        self._drawn = self._version
        self._pipe = Pipe(data=self._drawn)
        self.plot = hv.DynamicMap(self._draw, streams=[self._pipe])

    def follow(self) -> None:
        """Read the synapses if it is time to, whether or not anybody looks."""
        self.sampler.sample()

    def refresh(self) -> bool:
        """Draw what is new; returns whether there was anything."""
        self.follow()
        if self._version == self._drawn:
            return False
        self._drawn = self._version
        self._pipe.send(self._drawn)
        return True

    @property
    def _version(self) -> tuple[int, int]:
        """Changes whenever the plot does."""
        view = self.viewpoint
        if view is None:
            return 0, self.sampler.version
        return view.state_version if self.kind.is_of_state else view.version

    def _draw(self, data: tuple[int, int]) -> Any:
        drawn = self.kind.draw(self.viewpoint or self.sampler)
        return _narrowed(drawn) if self._is_narrow else drawn


def _narrowed(plot: Any) -> Any:
    """A plot for half a page."""
    options = hv.Store.lookup_options("bokeh", plot, "plot").kwargs
    frame = {name: options[name] for name in ("frame_width", "frame_height") if name in options}
    longest = max(frame.values(), default=0)
    smaller = {name: round(side * NARROW / longest) for name, side in frame.items()}
    key = {} if frame else {"legend_position": "bottom", "legend_cols": 2, "height": NARROW + 20}
    return plot.opts(toolbar=None, backend="bokeh", **smaller, **key)
