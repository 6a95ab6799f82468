"""Where stored data come from: a session, a dataset, or what plots are made of already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from snnlab.errors import SpecError, StateError
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from snnlab.plots.activity import Activity, Group
from snnlab.plots.samples import Trace, find_recorder, find_variable, trace_in_dataset

__all__ = ["activity_of", "trace_of"]


def activity_of(source: Any) -> Activity:
    """Return the spikes of a session, a dataset or an `Activity`.

    Raises
    ------
    SpecError
        Something else.
    StateError
        A session that does not record.
    """
    if isinstance(source, Activity):
        return source
    if _is_dataset(source):
        return _activity_in_dataset(source)
    network, frames = _recorded(source)
    return Activity.of_frames(frames, network)


def trace_of(source: Any, recorder: str | None = None, variable: str | None = None) -> Trace:
    """Return one recorded variable of a session, a dataset or a `Trace`.

    Parameters
    ----------
    source : Session, Dataset or Trace
    recorder : str, optional
        Name of the recorder; default: the first one.
    variable : str, optional
        Name of the variable; default: the recorder's first.

    Raises
    ------
    SpecError
        Something else, or no such recorder or variable.
    StateError
        A session that does not record.
    """
    if isinstance(source, Trace):
        return source
    if _is_dataset(source):
        return trace_in_dataset(source, recorder, variable)
    network, frames = _recorded(source)
    found = find_recorder(network.recorders, recorder)
    return Trace.of_frames(frames, network, found, find_variable(found.variables, variable))


def _is_dataset(source: Any) -> bool:
    """Whether it is a data set of snnlab, without importing xarray to find out."""
    return getattr(source, "attrs", {}).get("snnlab") == "dataset"


def _recorded(source: Any) -> tuple[Network, Sequence[Frame]]:
    """The network and the frames of a session."""
    if not hasattr(source, "recording") or not hasattr(source, "network"):
        raise SpecError(
            "source", "must be a Session or its dataset()", got=type(source).__name__,
            remedy="Write for example plots.raster(session).",
        )  # fmt: skip
    if source.recording is None:
        raise StateError(
            "Session.recording", "needs a session that records", got="record=False",
            remedy="Open the session with record=True.",
        )  # fmt: skip
    section = source.recording.sections[-1]
    return section.network, section.frames


def _activity_in_dataset(dataset: Any) -> Activity:
    dt = float(dataset.dt)
    columns = (dataset.population.values, dataset.first_id.values, dataset["size"].values)
    groups = tuple(Group(str(n), int(f), int(s)) for n, f, s in zip(*columns, strict=True))
    frame = Frame(
        t_start=round(float(dataset.t_start) / dt),
        t_stop=max(1, round(float(dataset.t_stop) / dt)),
        dt=dt,
        step=dataset.step.values.astype(np.int64),
        neuron=dataset.neuron.values.astype(np.int64),
        counts=dataset["count"].values.astype(np.int64),
    )
    return Activity(frame, groups)
