"""How often hidden neurons fire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np

from snnlab.plots.backend import load, options
from snnlab.plots.palette import ON_LIGHT

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["hidden_rates"]


def hidden_rates(rates: NDArray[Any], *, n_bins: int = 30) -> hv.Histogram:
    """Return how many neurons have which rate.

    Parameters
    ----------
    rates : (n_hidden,) real [spikes/s]
        ``classifier.evaluate(trials).rates``.
    n_bins : int

    Returns
    -------
    holoviews.Histogram
    """
    load()
    values = np.asarray(rates, float)
    counts, edges = np.histogram(values, n_bins, (0.0, max(float(values.max(initial=0.0)), 1.0)))
    silent = int((values == 0).sum())
    title = f"hidden neurons by rate, {silent} of {values.size} silent"
    rate = hv.Dimension("rate", unit="spikes/s")
    return hv.Histogram((edges, counts), kdims=[rate], vdims=[hv.Dimension("neurons")]).opts(
        **options(260, title=title), fill_color=ON_LIGHT[0], line_color="white", ylim=(0, None)
    )
