"""Which classes are taken for which."""

from __future__ import annotations

import holoviews as hv
import numpy as np
import xarray as xr

from snnlab.plots.backend import load, options

__all__ = ["confusion_matrix"]


def confusion_matrix(confusion: xr.DataArray) -> hv.HeatMap:
    """Return the matrix as colours and numbers; a row is what was right.

    Parameters
    ----------
    confusion : (label, prediction) DataArray
        ``classifier.evaluate(trials).confusion``.

    Returns
    -------
    holoviews.HeatMap
        Part of each class's trials [%].
    """
    load()
    counts = np.asarray(confusion, float)
    share = 100.0 * counts / np.maximum(counts.sum(1, keepdims=True), 1.0)
    labels, answers = map(list, (confusion.label.values, confusion.prediction.values))
    cells = [
        (answers[k], labels[i], share[i, k], int(counts[i, k]))
        for i in reversed(range(len(labels))) for k in range(len(answers))
    ]  # fmt: skip
    dimensions = [hv.Dimension("answer"), hv.Dimension("right class")]
    values = [hv.Dimension("share", label="part of the class", unit="%"), hv.Dimension("trials")]
    right = 100.0 * np.trace(counts) / max(counts.sum(), 1.0)
    more = options(320, title=f"answers by right class, {right:.1f} % right", tools=["hover"])
    return hv.HeatMap(cells, dimensions, values).opts(
        **more, cmap="Blues", clim=(0, 100), colorbar=True, xrotation=45 * (len(answers) > 12)
    )
