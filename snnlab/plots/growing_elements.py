"""Calcium, synaptic elements and synapses over time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import holoviews as hv
import numpy as np

from snnlab.errors import SpecError
from snnlab.plots.backend import load, options
from snnlab.plots.palette import colours

__all__ = ["element_growth"]

_MEANS = {"Ca": "calcium, mean of neurons", "z": "synaptic elements, mean of neurons"}
_SUMS = {"connected": "synapses", "vacant": "vacant elements"}


def element_growth(tables: Iterable[Any], variable: str = "Ca") -> hv.Overlay:
    """Return calcium, elements or synapses of populations over time.

    Parameters
    ----------
    tables : iterable of xarray.Dataset
        What `Session.synaptic_elements` returned at several times, of one or more populations.
    variable : str
        ``"Ca"`` or ``"z"``: means of the neurons; ``"connected"`` or ``"vacant"``: numbers of all
        neurons together.

    Returns
    -------
    holoviews.Overlay
        A Curve for each population, of calcium; else for each population and kind of element.

    Raises
    ------
    SpecError
        No tables, or another variable.

    Examples
    --------
    >>> import snnlab
    >>> tables = []
    >>> with snnlab.open("homeostatic", N=20, dt=0.5) as session:
    ...     for _ in range(3):
    ...         _ = session.run("50 ms").wait()
    ...         tables.append(session.synaptic_elements("exc"))
    >>> [curve.label for curve in element_growth(tables, "z")]
    ['exc: Den_ex', 'exc: Den_in', 'exc: Axon_ex']
    """
    found = list(tables)
    if not found or variable not in (*_MEANS, *_SUMS):
        raise SpecError(
            "element_growth", "needs tables, and Ca, z, connected or vacant",
            got=f"{len(found)} tables, {variable!r}",
            remedy="Collect session.synaptic_elements(population) while the session runs.",
        )  # fmt: skip
    load()
    lines = _lines(found, variable)
    time = hv.Dimension("time", unit="s")
    value = hv.Dimension(variable, label=_MEANS.get(variable) or _SUMS[variable])
    curves = [
        hv.Curve((times, values), time, value, label=label).opts(
            color=colour, line_width=2, framewise=True, axiswise=True, backend="bokeh"
        )
        for (label, (times, values)), colour in zip(lines.items(), colours(len(lines)), strict=True)
    ]
    title = f"{_MEANS.get(variable) or _SUMS[variable]}, over time"
    return hv.Overlay(curves).opts(
        **options(260, title=title, ylim=(0, None), axiswise=True), legend_position="right"
    )


def _lines(
    tables: Sequence[Any], variable: str
) -> dict[str, tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]]:
    """Label -> times [s] and values."""
    points: dict[str, list[tuple[float, float]]] = {}
    for table in sorted(tables, key=lambda table: float(table.attrs["time"])):
        population, seconds = table.attrs["population"], float(table.attrs["time"]) / 1000.0
        values = table[variable]
        reduced = values.mean("neuron") if variable in _MEANS else values.sum("neuron")
        if variable == "Ca":
            points.setdefault(population, []).append((seconds, float(reduced)))
            continue
        for kind in table["element"].values:
            label = f"{population}: {kind}"
            points.setdefault(label, []).append((seconds, float(reduced.sel(element=kind))))
    return {
        label: (np.array([t for t, _ in line]), np.array([v for _, v in line]))
        for label, line in points.items()
    }
