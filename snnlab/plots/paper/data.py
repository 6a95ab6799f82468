"""The numbers of a figure, beside it: NetCDF, or one CSV file a panel."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from snnlab.plots.paper.panel import Panel

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["csv_text", "to_dataset"]

_SHORT = ("snnlab", "seed", "device", "t_start", "t_stop", "neurons")
"""What CSV files tell of where they come from; NetCDF tells all."""


def to_dataset(panels: Sequence[Panel], provenance: Mapping[str, str]) -> xr.Dataset:
    """Return all panels in one data set: a dimension a panel, ``raster_time``, ``rates_1``, ....

    Parameters
    ----------
    panels : sequence of Panel
    provenance : mapping of str
        Attributes of the whole.
    """
    import xarray as xr

    variables = {}
    for panel in panels:
        for k, column in enumerate(panel.columns):
            # Names of populations may hold anything; the long name tells them.
            name = str(k) if panel.name == "rates" and k else column.name
            told = {"long_name": column.name, "units": column.unit, "panel": panel.name}
            variables[f"{panel.name}_{name}"] = (panel.name, column.values, told)
    return xr.Dataset(variables, attrs=dict(provenance))


def csv_text(panel: Panel, provenance: Mapping[str, str]) -> str:
    """Return the numbers of a panel as CSV, with a line of where they come from above."""
    facts = "; ".join(f"{name} {provenance[name]}" for name in _SHORT if name in provenance)
    held = io.StringIO()
    held.write(f"# {facts}\n")
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow([f"{column.name} ({column.unit})" for column in panel.columns])
    rows = zip(*(column.values.tolist() for column in panel.columns), strict=True)
    writer.writerows([[_text(value) for value in row] for row in rows])
    return held.getvalue()


def _text(value: float | int) -> str:
    """Twelve digits: more would only show that 0.1 ms is no binary number."""
    return f"{value:.12g}"
