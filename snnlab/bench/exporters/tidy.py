"""One row per number: all that records hold, as a table that any tool reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from snnlab.bench.schema import LABELLED, RECORD, VARIABLES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PLACES", "tidy"]

PLACES = ("variable", "units", "repeat", *LABELLED, "value", "text")
"""Columns after the coordinates of a record."""


def tidy(data: xr.Dataset) -> pd.DataFrame:
    """Return records as a table with a row for each number and each text that was recorded.

    Parameters
    ----------
    data : Dataset
        As `store.load` gives it; what `derive` adds is not exported.

    Returns
    -------
    pandas.DataFrame
        Coordinates of the record, then `PLACES`: numbers are in `value`, texts in `text`. The same
        records give the same table, whatever the order in which their stores were merged.
    """
    import pandas as pd

    names = sorted(str(name) for name, v in data.coords.items() if v.dims == (RECORD,))
    parts = [_rows(data, name) for name in VARIABLES if name in data]
    parts = [part for part in parts if len(part["place"])]
    if not parts:
        return pd.DataFrame({name: [] for name in (*names, *PLACES)})
    rows = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    order = np.argsort(rows["place"], kind="stable")
    place = rows.pop("place")[order]
    columns = {name: data[name].values[place] for name in names}
    return pd.DataFrame(columns | {key: rows[key][order] for key in PLACES})


def _rows(data: xr.Dataset, name: str) -> dict[str, Any]:
    """What is there of one variable: column -> array."""
    v = data[name].transpose(RECORD, ...)
    values = v.values
    is_text = values.dtype.kind == "O"
    found = np.nonzero(values != "" if is_text else ~np.isnan(values))
    n = len(found[0])
    own = dict(zip(map(str, v.dims), found, strict=True))
    columns: dict[str, Any] = {"place": found[0]}
    columns["variable"] = np.full(n, name, dtype=object)
    columns["units"] = np.full(n, VARIABLES[name].units, dtype=object)
    columns["repeat"] = own.get("repeat", np.full(n, -1)).astype(np.int64)
    for dim in LABELLED:
        labels = data[dim].values[own[dim]] if dim in own else np.full(n, "", dtype=object)
        columns[dim] = labels.astype(object)
    columns["value"] = np.full(n, np.nan) if is_text else values[found]
    columns["text"] = values[found] if is_text else np.full(n, "", dtype=object)
    return columns
