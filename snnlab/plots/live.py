"""HoloViews plots that follow a run: ordinary DynamicMaps, fed through a Pipe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import holoviews as hv
from holoviews.streams import Pipe

from snnlab.errors import unknown_name
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from snnlab.plots.activity import Activity
from snnlab.plots.backend import load
from snnlab.plots.maps.live import MAP_KINDS, MapView
from snnlab.plots.population_rates import draw_rates
from snnlab.plots.recent import RecentFrames
from snnlab.plots.samples import Trace, find_recorder
from snnlab.plots.spike_raster import draw_image
from snnlab.plots.state_trace import draw_trace

__all__ = ["KINDS", "Kind", "LiveView", "view_of"]

Draw = Callable[[Sequence[Frame], Network], Any]


@dataclass(frozen=True)
class Kind:
    """A sort of live plot.

    Parameters
    ----------
    draw : callable
        Turns frames and the network into a HoloViews element; always of the same type.
    window_ms : float [ms]
        Model time that is on screen.
    interval_s : float [s]
        Wall-clock time between two drawings, at least.
    """

    draw: Draw
    window_ms: float
    interval_s: float


RASTER_MS, RATES_MS, TRACE_MS = 250.0, 500.0, 200.0
"""Model time that is on screen."""


def _draw_raster(frames: Sequence[Frame], network: Network) -> hv.Image:
    """Always an image: with a row per neuron and short columns it shows every spike too."""
    return draw_image(_last(frames, network, RASTER_MS), pixels=(500, 360))


def _draw_rates(frames: Sequence[Frame], network: Network) -> hv.Overlay:
    return draw_rates(_last(frames, network, RATES_MS), bin_ms=2.0)


def _last(frames: Sequence[Frame], network: Network, duration: float) -> Activity:
    """The activity of the last `duration` [ms]; always as long, so that an image keeps its size."""
    activity = Activity.of_frames(frames, network)
    start = max(0.0, activity.t_stop - duration)
    return activity.window(start, start + duration)


def _draw_trace(frames: Sequence[Frame], network: Network) -> hv.Overlay:
    recorder = find_recorder(network.recorders, None)
    return draw_trace(Trace.of_frames(frames, network, recorder, recorder.variables[0]))


KINDS = {
    "raster": Kind(_draw_raster, window_ms=RASTER_MS, interval_s=0.05),
    "rates": Kind(_draw_rates, window_ms=RATES_MS, interval_s=0.2),
    "trace": Kind(_draw_trace, window_ms=TRACE_MS, interval_s=0.2),
}
"""Name -> sort of live plot."""


class LiveView:
    """A plot that shows the last frames of a run each time it is refreshed.

    It does not know when the browser has painted; whoever refreshes it waits for that, because
    HoloViews takes data faster than a browser draws them.

    Parameters
    ----------
    kind : str
        A name in `KINDS`.
    network : callable
        Returns the network as it is now.
    recent : RecentFrames
        Where the frames are read.

    Raises
    ------
    SpecError
        No such kind, or nothing is recorded that it could draw.
    """

    def __init__(self, kind: str, network: Callable[[], Network], recent: RecentFrames) -> None:
        if kind not in KINDS:
            raise unknown_name("live plot", kind, [*KINDS, *MAP_KINDS])
        load()
        self.kind = KINDS[kind]
        self._network = network
        self._recent = recent
        self._drawn = (-1, -1)
        self._pipe = Pipe(data=self._frames())
        self.kind.draw(self._frames(), network())  # an error is raised here, not while it runs
        self.plot = hv.DynamicMap(self._draw, streams=[self._pipe])

    def follow(self) -> None:
        """Do nothing: what it shows is kept by others."""

    def refresh(self) -> bool:
        """Draw what is new; returns whether there was anything."""
        frames = self._frames()
        state = (self._recent.epoch, frames[-1].t_stop if frames else 0)
        if state == self._drawn:
            return False
        self._drawn = state
        self._pipe.send(frames)
        return True

    def _frames(self) -> tuple[Frame, ...]:
        return self._recent.last(self.kind.window_ms)

    def _draw(self, data: Sequence[Frame]) -> Any:
        return self.kind.draw(data, self._network())


def view_of(
    kind: str, session: Any, recent: RecentFrames, projection: str | None = None
) -> LiveView | MapView:
    """Return a live plot of a session, of its frames or of a map.

    Parameters
    ----------
    kind : str
        A name in `KINDS` or `MAP_KINDS`.
    session : Session
    recent : RecentFrames
        Where frames are read.
    projection : str, optional
        Which map; default: the first projection between two grids that is rewired.

    Raises
    ------
    SpecError
        No such kind, or nothing that it could draw.
    """
    if kind in MAP_KINDS:
        return MapView(kind, session, projection)
    return LiveView(kind, lambda: session.network, recent)
