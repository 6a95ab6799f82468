"""Two or more branches of a run over one another: what they share, and where they part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.difference import first_difference, shared
from snnlab.analysis.rates import population_rate
from snnlab.errors import SpecError, unknown_name
from snnlab.plots.activity import Activity, Group
from snnlab.plots.backend import NEURON, RATE, load, options, time_from
from snnlab.plots.palette import colours
from snnlab.plots.source import activity_of

__all__ = ["MOST_POINTS", "branch_raster", "branch_rates"]

MOST_POINTS = 10_000
"""Spikes up to which those of all neurons are drawn; beyond it, those of some."""

SHARED = "#9a9a9a"


def branch_rates(
    *sources: Any,
    population: str | None = None,
    t_start: float | None = None,
    t_stop: float | None = None,
    bin_ms: float = 5.0,
) -> hv.Overlay:
    """Return the rate of a population in several branches of a run, over one another.

    Parameters
    ----------
    *sources : Session
        Two or more; a branch that begins later is drawn from there.
    population : str, optional
        Default: all neurons together.
    t_start, t_stop : float [ms], optional
        Interval; default: everything that is there.
    bin_ms : float [ms]
        Time over which spikes are counted.

    Returns
    -------
    holoviews.Overlay
        A Curve for each branch, in spikes/s; a dashed line where the first two part.

    Raises
    ------
    SpecError
        Fewer than two branches, or no such population.
    """
    load()
    runs = _cut(sources, t_start, t_stop)
    whole = min(r.t_start for r in runs), max(r.t_stop for r in runs)
    curves = [
        hv.Curve(_rate(run, population, bin_ms), time_from(*whole), RATE, label=name).opts(
            color=colour, interpolation="steps-mid", framewise=True, backend="bokeh"
        )
        for run, name, colour in zip(runs, _names(sources), colours(len(runs)), strict=True)
    ]
    title = f"rate of {population or 'all neurons'}, bins of {bin_ms:g} ms, {_parting(runs)}"
    return hv.Overlay([*curves, *_line(runs)]).opts(
        **options(220, title=title, ylim=(0, None)), legend_position="right"
    )


def branch_raster(
    first: Any,
    second: Any,
    t_start: float | None = None,
    t_stop: float | None = None,
    *,
    most_points: int = MOST_POINTS,
) -> hv.Overlay:
    """Return the spikes of two branches of a run: those of both, and those of one alone.

    Parameters
    ----------
    first, second : Session
        Two branches with the same neurons.
    t_start, t_stop : float [ms], optional
        Interval; default: what both have recorded.
    most_points : int
        Beyond so many spikes, every second, third, ... neuron is drawn; the title says which.

    Returns
    -------
    holoviews.Overlay

    Raises
    ------
    SpecError
        Their populations differ.
    """
    load()
    a, b = _cut((first, second), t_start, t_stop)
    if a.groups != b.groups:
        raise SpecError(
            "branch_raster", "must be given two branches with the same populations",
            got=" and ".join(", ".join(f"{g.name} ({g.size})" for g in r.groups) for r in (a, b)),
            remedy="plots.branch_rates draws them over one another all the same.",
        )  # fmt: skip
    start, stop = max(a.frame.t_start, b.frame.t_start), min(a.frame.t_stop, b.frame.t_stop)
    a, b = (run.window(start * run.frame.dt, stop * run.frame.dt) for run in (a, b))
    both = shared(_spikes(a), _spikes(b))
    every = max(1, -(-(a.frame.n_spikes + b.frame.n_spikes) // most_points))
    names, palette = _names((first, second)), colours(2)
    parts = [(a, both.first, "both", SHARED), (a, ~both.first, f"{names[0]} only", palette[0]),
             (b, ~both.second, f"{names[1]} only", palette[1])]  # fmt: skip
    time = time_from(a.t_start, a.t_stop)
    layers = [
        hv.Points(_points(run, which, every), [time, NEURON], label=label).opts(
            color=colour, size=2, framewise=True, backend="bokeh"
        )
        for run, which, label, colour in parts
    ]
    drawn = "every spike drawn" if every == 1 else f"spikes of 1 in {every} neurons drawn"
    return hv.Overlay([*layers, *_line((a, b))]).opts(
        **options(380, title=f"{drawn}, {_parting((a, b))}", ylim=(0, a.n_neurons)),
        legend_position="right",
    )


def _cut(sources: Sequence[Any], t_start: float | None, t_stop: float | None) -> list[Activity]:
    if len(sources) < 2:
        raise SpecError("branches", "must be two or more", got=str(len(sources)))
    return [activity_of(source).window(t_start, t_stop) for source in sources]


def _names(sources: Sequence[Any]) -> list[str]:
    """Names of the sessions, told apart where they are the same."""
    names = [str(getattr(source, "name", f"run {k}")) for k, source in enumerate(sources, 1)]
    return [f"{n} ({k})" if names.count(n) > 1 else n for k, n in enumerate(names, 1)]


def _spikes(run: Activity) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return run.frame.step, run.frame.neuron


def _points(run: Activity, which: NDArray[np.bool_], every: int) -> tuple[Any, Any]:
    chosen = which & (run.frame.neuron % every == 0)
    return run.frame.times[chosen], run.frame.neuron[chosen]


def _parts_at(runs: Sequence[Activity]) -> float | None:
    """Time [ms] of the first spike that only one of the first two has, where both have recorded."""
    a, b = runs[:2]
    start, stop = max(a.t_start, b.t_start), min(a.t_stop, b.t_stop)
    if stop <= start:
        return None
    step = first_difference(*(_spikes(run.window(start, stop)) for run in (a, b)))
    return None if step is None else (step + 1) * a.frame.dt


def _parting(runs: Sequence[Activity]) -> str:
    at = _parts_at(runs)
    return "no difference" if at is None else f"first difference at {at:g} ms"


def _line(runs: Sequence[Activity]) -> list[Any]:
    at = _parts_at(runs)
    if at is None:
        return []
    return [hv.VLine(at).opts(color="#444444", line_width=1, line_dash="dashed", backend="bokeh")]


def _rate(run: Activity, population: str | None, bin_ms: float) -> Any:
    group = Group("", 0, run.n_neurons)
    if population is not None:
        known = {g.name: g for g in run.groups}
        if population not in known:
            raise unknown_name("population", population, known)
        group = known[population]
    times, _ = run.of(group)
    return population_rate(
        times, group.size, t_start=run.t_start, t_stop=run.t_stop, bin_width=bin_ms
    )
