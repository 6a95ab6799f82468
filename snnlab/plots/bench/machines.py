"""Two or more machines, or whatever else differs, beside each other: first what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import holoviews as hv
import numpy as np
import xarray as xr

from snnlab.errors import SpecError
from snnlab.plots.backend import load, options
from snnlab.plots.bench.lines import ok_repeats
from snnlab.plots.bench.resource_plot import HEIGHT, MARKERS
from snnlab.plots.palette import colours

__all__ = ["beside", "confounder_table"]


class _Difference(Protocol):
    @property
    def group(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def a(self) -> str: ...
    @property
    def b(self) -> str: ...


class _Comparison(Protocol):
    @property
    def differences(self) -> Sequence[_Difference]: ...
    @property
    def may_say_regression(self) -> bool: ...


def confounder_table(comparison: _Comparison, names: tuple[str, str] = ("a", "b")) -> hv.Table:
    """Return what differs between two records as a table.

    Parameters
    ----------
    comparison : Comparison
        As `snnlab.bench.confounders.confounders` returns it.
    names : tuple of str
        How the two are called.
    """
    load()
    rows = [(d.group, d.name, d.a, d.b) for d in comparison.differences]
    rows = rows or [("nothing differs", "", "", "")]
    only_version = comparison.may_say_regression or not comparison.differences
    title = "what differs" if only_version else "what differs: not comparable as versions"
    return hv.Table(rows, ["what", "name", *_two(names)]).opts(
        title=title, width=620, height=40 + 26 * (len(rows) + 1), backend="bokeh"
    )


def _two(names: tuple[str, str]) -> tuple[str, str]:
    return (
        names if len(set(names) | {"what", "name"}) == 4 else (f"{names[0]} (a)", f"{names[1]} (b)")
    )


def beside(
    data: xr.Dataset, values: xr.DataArray, comparison: _Comparison, names: Sequence[str],
    quantity: hv.Dimension,
) -> hv.Layout:  # fmt: skip
    """Return the table of what differs, and below it every repeat of two or more records.

    Parameters
    ----------
    data : Dataset
        Two or more records.
    values : (record, repeat) DataArray
        What is compared.
    comparison : Comparison
        Of the first two.
    names : sequence of str
        Of each record; all different.
    quantity : holoviews.Dimension
        With its unit.
    """
    if len(names) != data.sizes["record"] or len(set(names)) != len(names) or len(names) < 2:
        raise SpecError(
            "beside", f"names must be {data.sizes['record']} different texts, 2 or more",
            got=", ".join(names),
        )  # fmt: skip
    load()
    array = ok_repeats(data, values).transpose("record", "repeat").values
    axis = hv.Dimension("record", label="record")
    parts: list[Any] = []
    for k, (name, colour) in enumerate(zip(names, colours(len(names)), strict=True)):
        known = array[k][np.isfinite(array[k])]
        rows = [(name, value) for value in known]
        parts.append(hv.Scatter(rows, axis, quantity).opts(
            color=colour, marker=MARKERS[k % len(MARKERS)], size=9, alpha=0.75, jitter=0.2,
            backend="bokeh",
        ))  # fmt: skip
        if known.size:
            parts.append(hv.Scatter([(name, float(np.median(known)))], axis, quantity).opts(
                color="black", marker="dash", size=40, line_width=3, backend="bokeh"
            ))  # fmt: skip
    title = f"{quantity.label}, dots: repeats, bar: median"
    plot = hv.Overlay(parts).opts(**options(HEIGHT, title=title), show_legend=False, padding=0.1)
    table = confounder_table(comparison, (names[0], names[1]))
    return hv.Layout([table, plot]).cols(1).opts(shared_axes=False, merge_tools=False)
