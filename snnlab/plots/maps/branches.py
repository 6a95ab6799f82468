"""The maps of two or more branches of a run over one another, while they develop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import holoviews as hv
from holoviews.streams import Pipe

from snnlab.errors import SpecError, unknown_name
from snnlab.plots.backend import load, options
from snnlab.plots.maps.look import GRID_STEPS, sheet_axes, square
from snnlab.plots.maps.preferred_locations import mesh_edges
from snnlab.plots.maps.quality import MEASURES
from snnlab.plots.maps.sampler import MapSampler
from snnlab.plots.maps.state import MapState
from snnlab.plots.palette import colours

__all__ = ["BRANCH_KINDS", "BranchView", "branch_maps", "branch_quality"]


def branch_maps(*samplers: MapSampler, most: int = 30) -> hv.HoloMap:
    """Return the meshes of several branches over one another, with the time as its key.

    Each node is where the afferents of a target are centred; lines join targets that are
    neighbours, as in `map_mesh`. Before a branch was followed only the others are seen.

    Parameters
    ----------
    *samplers : MapSampler
        Two or more, of sheets of one size; ``plots.sampler_of(session)`` is what the page reads.
    most : int
        Moments that are shown, evenly over all that have been kept of the one that came farthest.

    Returns
    -------
    holoviews.HoloMap
        Keyed by time [s]. Of a branch that has not kept a moment, the last one before it is drawn.

    Raises
    ------
    SpecError
        Fewer than two branches, sheets of different sizes, or nothing kept.
    """
    load()
    _check(samplers)
    found: dict[float, hv.Overlay] = {}
    for state in _moments(samplers, most):
        states = [
            each.film.at(state.t) if each.film.times[0] <= state.t else None for each in samplers
        ]
        found[round(state.t / 1000.0, 6)] = _meshes(samplers, states)
    return hv.HoloMap(found, hv.Dimension("time", unit="s"))


def branch_quality(
    *samplers: MapSampler, measure: str = "sigma_aff", weighted: bool = True
) -> hv.Overlay:
    """Return how well ordered the maps of several branches were, over one another.

    Parameters
    ----------
    *samplers : MapSampler
    measure : str
        ``"sigma_aff"`` or ``"AD"``; see `map_quality`.
    weighted : bool
        Whether synapses count by their weights.

    Returns
    -------
    holoviews.Overlay
        A Curve for each branch.

    Raises
    ------
    SpecError
        Fewer than two branches, or no such measure.
    """
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    load()
    _check(samplers)
    column = f"weighted_{measure}" if weighted else measure
    time, value = hv.Dimension("time", unit="s"), hv.Dimension(measure, unit=GRID_STEPS)
    curves = [
        hv.Curve(
            (each.history.column("t") / 1000.0, each.history.column(column)), time, value,
            label=each.session.name,
        ).opts(color=colour, line_width=2, line_dash=dash, framewise=True, backend="bokeh")
        for each, colour, dash in zip(
            samplers, colours(len(samplers)), _dashes(len(samplers)), strict=True
        )
    ]  # fmt: skip
    title = f"{measure}: {MEASURES[measure]}, of {'weights' if weighted else 'synapses'}"
    return hv.Overlay(curves).opts(**options(260, title=title), legend_position="right")


BRANCH_KINDS: dict[str, Callable[..., hv.Overlay]] = {
    "sigma_aff": lambda *samplers: branch_quality(*samplers, measure="sigma_aff"),
    "AD": lambda *samplers: branch_quality(*samplers, measure="AD"),
    "map_mesh": lambda *samplers: _meshes(samplers, [each.state for each in samplers]),
}
"""Name -> sort of live plot of several branches."""


class BranchView:
    """A plot of several branches over one another, as they are each time it is refreshed.

    Parameters
    ----------
    kind : str
        A name in `BRANCH_KINDS`.
    *samplers : MapSampler
        Two or more, of sheets of one size.

    Attributes
    ----------
    plot : holoviews.DynamicMap

    Raises
    ------
    SpecError
        No such kind, fewer than two branches, or sheets of different sizes.
    """

    def __init__(self, kind: str, *samplers: MapSampler) -> None:
        if kind not in BRANCH_KINDS:
            raise unknown_name("live plot of branches", kind, BRANCH_KINDS)
        _check(samplers)
        load()
        self._kind, self._samplers = BRANCH_KINDS[kind], samplers
        self._drawn = self._version
        self._pipe = Pipe(data=self._drawn)
        self.plot = hv.DynamicMap(self._draw, streams=[self._pipe])

    def refresh(self) -> bool:
        """Draw what is new; returns whether there was anything."""
        if self._version == self._drawn:
            return False
        self._drawn = self._version
        self._pipe.send(self._drawn)
        return True

    @property
    def _version(self) -> tuple[int, ...]:
        return tuple(each.version for each in self._samplers)

    def _draw(self, data: tuple[int, ...]) -> hv.Overlay:
        return self._kind(*self._samplers).opts(toolbar=None, backend="bokeh")


def _check(samplers: tuple[MapSampler, ...]) -> None:
    if len(samplers) < 2:
        raise SpecError("branches", "must be two or more", got=str(len(samplers)))
    shapes = {each.state.sheet.shape for each in samplers}
    if len(shapes) > 1:
        raise SpecError("branches", "must have sheets of one size",
                        got=" and ".join(map(str, sorted(shapes))))  # fmt: skip


def _moments(samplers: tuple[MapSampler, ...], most: int) -> list[MapState]:
    """States of the branch that has been followed longest."""
    longest = max(samplers, key=lambda each: each.film.times[-1] if len(each.film) else -1.0)
    states = longest.film.states(most)
    if not states or not all(len(each.film) for each in samplers):
        raise SpecError("branches", "must have been followed", got="nothing kept",
                        remedy="Write sampler.run(...) first, or open their pages.")  # fmt: skip
    return states


def _meshes(samplers: Sequence[MapSampler], states: Sequence[MapState | None]) -> hv.Overlay:
    """The meshes of those that have a state, each in the colour of its branch."""
    each = zip(states, colours(len(samplers)), samplers, strict=True)
    layers = [
        _mesh(state, colour, sampler.session.name)
        for state, colour, sampler in each
        if state is not None
    ]
    last = max((state for state in states if state is not None), key=lambda state: state.t)
    sheet, margin = last.sheet, 1.5
    limits: dict[str, Any] = {
        "xlim": (-margin, sheet.columns - 1 + margin),
        "ylim": (-margin, sheet.rows - 1 + margin),
    }
    look = square(sheet.columns + 2, sheet.rows + 2, title=last.moment, **limits)
    return hv.Overlay(layers).opts(**look, legend_position="top")


def _mesh(state: MapState, colour: str, name: str) -> hv.Segments:
    edges = mesh_edges(state)
    return hv.Segments(edges, [*sheet_axes("preferred"), "x1", "y1"], label=name).opts(
        color=colour, line_width=1.5, alpha=0.8, framewise=True, backend="bokeh"
    )


def _dashes(n: int) -> list[str]:
    """Told apart without colour, too."""
    return [("solid", "dashed", "dotted", "dashdot")[k % 4] for k in range(n)]
