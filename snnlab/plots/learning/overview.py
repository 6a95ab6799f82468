"""All of a training at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import xarray as xr

from snnlab.learning.response import Response
from snnlab.learning.trials import Trials
from snnlab.plots.backend import load
from snnlab.plots.learning.confusion import confusion_matrix
from snnlab.plots.learning.curves import learning_curves
from snnlab.plots.learning.hidden_rates import hidden_rates
from snnlab.plots.learning.trial import trial_outputs, trial_spikes
from snnlab.plots.learning.weights import weight_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["training_overview"]


def training_overview(
    history: xr.Dataset, weights: NDArray[Any], confusion: xr.DataArray, rates: NDArray[Any],
    trial: Trials, response: Response,
) -> hv.Layout:  # fmt: skip
    """Return curves, input weights, answers, rates, and a trial's spikes and outputs, in pairs.

    Parameters
    ----------
    history : Dataset
        At least one epoch; see `learning_curves`.
    weights : (n_pre, n_post) real
        See `weight_matrix`.
    confusion : (label, prediction) DataArray
        See `confusion_matrix`.
    rates : (n_hidden,) real [spikes/s]
        See `hidden_rates`.
    trial, response
        See `trial_spikes`.

    Returns
    -------
    holoviews.Layout
    """
    load()
    parts = [
        learning_curves(history), weight_matrix(weights), confusion_matrix(confusion),
        hidden_rates(rates), trial_spikes(trial, response), trial_outputs(trial, response),
    ]  # fmt: skip
    return hv.Layout(parts).cols(2).opts(shared_axes=False, merge_tools=False)
