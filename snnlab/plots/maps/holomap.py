"""The development of a map in one HoloViews object, with a slider, that needs no kernel."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import holoviews as hv
from bokeh.resources import INLINE

from snnlab.errors import FormatError, SpecError, unknown_name
from snnlab.plots.backend import load
from snnlab.plots.maps.live import MAP_KINDS
from snnlab.plots.maps.sampler import MapSampler
from snnlab.plots.maps.state import MapState
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab.record.atomic import replacing

__all__ = ["holomap", "save_holomap"]


def holomap(
    source: MapSampler | Iterable[MapState], kind: str = "receptive_fields", *, most: int = 60
) -> hv.HoloMap:
    """Return a plot of a map at many moments, with the time as its key.

    Save it with ``hv.save(holomap(sampler), "map.html")``: the slider works without a kernel.

    Parameters
    ----------
    source : MapSampler, or iterable of MapState
        Of states alone only what synapses look like can be drawn.
    kind : str
        A name in `snnlab.plots.maps.live.MAP_KINDS`.
    most : int
        Moments that are shown, evenly over all that there are; at least 2.

    Returns
    -------
    holoviews.HoloMap
        Keyed by time [s].

    Raises
    ------
    SpecError
        No such kind, nothing to show, or a kind that states alone do not tell.
    """
    if kind not in MAP_KINDS:
        raise unknown_name("plot of a map", kind, MAP_KINDS)
    if most < 2:
        raise SpecError("holomap.most", "must be >= 2", got=str(most))
    load()
    plots = _of_sampler(source, kind, most) if isinstance(source, MapSampler) else _of_states(
        list(source), kind, most
    )  # fmt: skip
    return hv.HoloMap(plots, hv.Dimension("time", unit="s"))


def save_holomap(
    source: MapSampler | Iterable[MapState],
    path: str | Path,
    kind: str = "receptive_fields",
    *,
    most: int = 60,
) -> int:
    """Write `holomap` as a page with a slider that needs neither kernel nor network.

    A file that is there is replaced when the new one is complete.

    Parameters
    ----------
    source, kind, most
        As for `holomap`.
    path : str or Path
        Ends in ``.html``.

    Returns
    -------
    int
        Number of moments in it.

    Raises
    ------
    FormatError
        Another suffix.
    SpecError
        As for `holomap`.
    """
    target = Path(path)
    if target.suffix != ".html":
        raise FormatError(str(path), "must end in .html", got=repr(target.suffix))
    movie = holomap(source, kind, most=most)
    title = f"{target.stem}: {kind.replace('_', ' ')}"
    with replacing(target) as partial:
        pane = hv.renderer("bokeh").get_widget(movie, "individual")
        pane.layout.save(str(partial), embed=True, resources=INLINE, title=title, progress=False)
    return len(movie)


def _of_sampler(sampler: MapSampler, kind: str, most: int) -> dict[float, Any]:
    view, plots = Viewpoint(sampler), {}
    for state in sampler.film.states(most):
        view.look(state.t)
        plots[_seconds(state)] = MAP_KINDS[kind].draw(view)
    return plots


def _of_states(states: list[MapState], kind: str, most: int) -> dict[float, Any]:
    if not states:
        raise SpecError("holomap.source", "must have at least one state", got="none")
    if not MAP_KINDS[kind].is_of_state:
        raise SpecError(
            "holomap.source", f"must be a MapSampler for {kind!r}", got="states",
            remedy="Write for example plots.holomap(plots.sampler_of(session), 'AD').",
        )  # fmt: skip
    every = max(1, -(-len(states) // most))
    return {_seconds(state): MAP_KINDS[kind].draw(_Still(state)) for state in states[::every]}


def _seconds(state: MapState) -> float:
    return round(state.t / 1000.0, 6)


class _Still:
    """A viewpoint at one state."""

    def __init__(self, state: MapState) -> None:
        self.state = state
