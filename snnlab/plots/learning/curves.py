"""How good classifiers have become, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping

import holoviews as hv
import numpy as np
import xarray as xr

from snnlab.errors import SpecError, unknown_name
from snnlab.plots.backend import load, options
from snnlab.plots.palette import colours

__all__ = ["learning_curves"]

_EPOCH = hv.Dimension("epoch")
_SETS = ("validation", "training")


def learning_curves(
    histories: xr.Dataset | Mapping[str, xr.Dataset], column: str = "accuracy"
) -> hv.Overlay:
    """Return a column of one or several histories over epochs.

    Parameters
    ----------
    histories : Dataset, or mapping of names to Datasets
        ``classifier.history_``.
    column : str
        ``"accuracy"`` or ``"loss"``: of the validation, and of one history also of the training
        set, dashed; or any column by its name.

    Returns
    -------
    holoviews.Overlay
        A Curve for each history and column.

    Raises
    ------
    SpecError
        No history, or no such column.
    """
    load()
    named = {"": histories} if isinstance(histories, xr.Dataset) else dict(histories)
    if not named:
        raise SpecError("learning_curves", "must get a history", got="none")
    is_alone = len(named) == 1
    curves = []
    for (name, history), colour in zip(named.items(), colours(len(named)), strict=True):
        for key in _columns(history, column, is_alone=is_alone):
            label = key.split("_", 1)[0] if is_alone else name
            curves.append(_curve(history, key, label, colour))
    title = f"{column.replace('_', ' ')} over epochs"
    return hv.Overlay(curves).opts(**options(260, title=title), legend_position="right")


def _columns(history: xr.Dataset, column: str, *, is_alone: bool) -> list[str]:
    if column in history:
        return [column]
    there = [f"{part}_{column}" for part in _SETS]
    found = [name for name in there if name in history]
    if not found:
        raise unknown_name("column of the history", column, map(str, history.data_vars))
    return found if is_alone else found[:1]


def _curve(history: xr.Dataset, key: str, label: str, colour: str) -> hv.Curve:
    is_share = key.endswith("accuracy")
    values = np.asarray(history[key]) * (100.0 if is_share else 1.0)
    dash = "dashed" if key.startswith("training") else "solid"
    axis = hv.Dimension(_quantity(key), unit=_unit(history, key, is_share=is_share))
    return hv.Curve((np.asarray(history.epoch), values), _EPOCH, axis, label=label).opts(
        color=colour, line_dash=dash, framewise=True, backend="bokeh"
    )


def _quantity(key: str) -> str:
    """What a column is, whatever set it is of: one axis for both."""
    part, _, rest = key.partition("_")
    return rest if part in _SETS else key.replace("_", " ")


def _unit(history: xr.Dataset, key: str, *, is_share: bool) -> str | None:
    if is_share:
        return "%"
    unit: str = history[key].attrs.get("units", "1")
    return None if unit == "1" else unit
