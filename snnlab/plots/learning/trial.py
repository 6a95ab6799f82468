"""One trial: the spikes that go in, those of hidden neurons, and what the outputs make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np

from snnlab.learning.response import Response
from snnlab.learning.trials import Trials
from snnlab.plots.backend import load, options, time_from
from snnlab.plots.palette import ON_LIGHT, colours

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MOST_POINTS", "trial_outputs", "trial_spikes"]

MOST_POINTS = 10_000
"""Spikes up to which each one is drawn; more points make a browser slow."""


def trial_spikes(trial: Trials, response: Response) -> hv.Overlay:
    """Return the spikes of a trial: those of inputs below, those of hidden neurons above them.

    Parameters
    ----------
    trial : Trials
        One trial.
    response : Response
        ``classifier.response(trials, k)``.

    Returns
    -------
    holoviews.Overlay
        Two Points; hidden neurons are numbered on after the inputs.
    """
    load()
    n_drawn = trial.step.size + response.step.size
    every = -(-n_drawn // MOST_POINTS) or 1
    time = time_from(0.0, trial.n_steps * trial.dt)
    place = hv.Dimension("place", label="inputs, then hidden neurons")
    groups: tuple[tuple[str, NDArray[Any], NDArray[Any]], ...] = (
        ("inputs", trial.step, trial.channel),
        ("hidden", response.step, response.neuron + trial.n_channels),
    )
    layers = [
        hv.Points((step[::every] * trial.dt, at[::every]), [time, place], label=name).opts(
            color=colour, size=2, framewise=True, backend="bokeh"
        )
        for (name, step, at), colour in zip(groups, (ON_LIGHT[6], ON_LIGHT[0]), strict=True)
    ]
    title = f"{_name(trial)}: {trial.step.size} spikes in, {response.step.size} hidden"
    title += f", one in {every} drawn" if every > 1 else ""
    n_places = trial.n_channels + response.n_hidden
    return hv.Overlay(layers).opts(
        **options(300, title=title), ylim=(-0.5, n_places - 0.5), legend_position="right"
    )


def trial_outputs(trial: Trials, response: Response) -> hv.Overlay:
    """Return the outputs over the time of a trial, the right class as a thick line.

    Parameters
    ----------
    trial, response : see `trial_spikes`

    Returns
    -------
    holoviews.Overlay
        A Curve for each class.
    """
    load()
    time = time_from(0.0, trial.n_steps * trial.dt)
    at: NDArray[Any] = np.arange(trial.n_steps) * trial.dt
    n_outputs = response.outputs.shape[1]
    names = trial.classes or tuple(map(str, range(n_outputs)))
    right = -1 if trial.labels is None else int(trial.labels[0])
    curves = [
        hv.Curve((at, response.outputs[:, k]), time, hv.Dimension("output"), label=names[k]).opts(
            color=colour, line_width=4 if k == right else 1.5,
            line_dash="solid" if k < len(ON_LIGHT) else "dashed", framewise=True, backend="bokeh",
        )
        for k, colour in enumerate(colours(n_outputs))
    ]  # fmt: skip
    return hv.Overlay(curves).opts(
        **options(300, title=f"{_name(trial)}: taken for {names[response.prediction]}"),
        legend_position="right",
    )


def _name(trial: Trials) -> str:
    return "a trial" if trial.labels is None else f"a trial of {trial.classes[trial.labels[0]]}"
