"""Columns of a run, in memory or still on disk, as a data set with names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from snnlab.frames.synapse_ids import SynapseIds
from snnlab.record.layout import Layout, Recorded

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["FORMAT", "Columns", "EventColumns", "SampleColumns", "label", "names_of_causes",
           "words_at"]  # fmt: skip

FORMAT = 1
"""Version of the layout, in the attribute `format`."""

_Variable = tuple[tuple[str, ...], Any, dict[str, str]]


class SampleColumns(NamedTuple):
    """What one recorder sampled.

    Parameters
    ----------
    steps : (n_samples,) int64
    values : sequence of (n_samples, n) real
        Of each variable; n neurons, or synapses.
    synapses : SynapseIds, optional
        Which synapses they are.
    """

    steps: NDArray[np.int64]
    values: Sequence[Any]
    synapses: SynapseIds | None = None


class EventColumns(NamedTuple):
    """Synapses that were formed and removed; arrays, or anything that xarray takes for one.

    Parameters
    ----------
    time : (n_events,) float64 [ms]
    rewiring, projection : (n_events,) str
        Names.
    is_formed : (n_events,) bool
    pre, post : (n_events,) int64
        Global ids.
    """

    time: Any
    rewiring: Any
    projection: Any
    is_formed: Any
    pre: Any
    post: Any


class Columns(NamedTuple):
    """The numbers of a run; arrays, or anything that xarray takes for one.

    Parameters
    ----------
    t_start, t_stop : int [steps]
    step, neuron : (n_spikes,) int64
    counts : (n_populations,) int64
    samples : mapping
        Recorder name -> what it sampled.
    time : (n_spikes,) float64 [ms], optional
        Default: computed from `step`.
    events : EventColumns, optional
        Default: of a network in which nothing makes such events.
    """

    t_start: int
    t_stop: int
    step: Any
    neuron: Any
    counts: NDArray[np.int64]
    samples: Mapping[str, SampleColumns]
    time: Any = None
    events: EventColumns | None = None


def label(
    layout: Layout, columns: Columns, *, provenance: Mapping[str, str] | None = None
) -> xr.Dataset:
    """Return columns as one labelled data set.

    Parameters
    ----------
    layout : Layout
    columns : Columns
    provenance : mapping, optional
        Attributes that say where the data come from.

    Returns
    -------
    xarray.Dataset
        Along `spike`: `step`, `neuron` (global id) and the coordinate `time` [ms]. Along
        `population`: its name, `size`, `first_id` and `count`, the number of spikes. For each
        recorder ``R``, along ``R_time`` and ``R_neuron``: its variables, named ``R_V_m``. Of
        synapses, along ``R_time`` and ``R_synapse`` (the place in `Session.synapses`), with
        ``R_source`` and ``R_target`` (global ids): ``R_weight``. Where the network has rewirings,
        along `event`: the coordinates `event_time` [ms], `event_rewiring` and `event_projection`
        (names), and `event_pre`, `event_post` (global ids) and `event_formed`: whether the synapse
        was formed or removed then. The scalars `t_start`, `t_stop` and `dt` [ms] tell silence from
        missing data.
    """
    import xarray as xr

    variables = _spikes(columns) | _populations(layout, columns)
    coordinates = _interval(layout, columns) | _spike_times(layout, columns)
    names = np.array(layout.populations, dtype=object)
    coordinates |= {"population": (("population",), names, _words("population"))}
    for name, recorder in layout.labels.items():
        sampled = columns.samples[recorder.name]
        axes = _synapse_axes(name, sampled) if recorder.projection else _axis(name, recorder)
        coordinates |= _sample_times(name, sampled.steps * layout.dt) | axes
        variables |= _sampled(name, recorder, sampled.values, next(iter(axes)))
    if columns.events is not None:
        coordinates |= _event_axis(columns.events)
        variables |= _events(columns.events)
    title = {"snnlab": "dataset", "format": FORMAT, "title": layout.name, "seed": layout.seed}
    return xr.Dataset(variables, coordinates, attrs={**title, **(provenance or {})})


def _words(long_name: str, units: str = "") -> dict[str, str]:
    return {"long_name": long_name} | ({"units": units} if units else {})


def _spikes(columns: Columns) -> dict[str, _Variable]:
    found = _words("time step in which the spike was found", "1")
    return {
        "step": (("spike",), columns.step, found),
        "neuron": (("spike",), columns.neuron, _words("global id of the neuron that fired", "1")),
    }


def _spike_times(layout: Layout, columns: Columns) -> dict[str, _Variable]:
    times = columns.time if columns.time is not None else (columns.step + 1) * layout.dt
    return {"time": (("spike",), times, _words("spike time", "ms"))}


def _interval(layout: Layout, columns: Columns) -> dict[str, _Variable]:
    first, last = columns.t_start * layout.dt, columns.t_stop * layout.dt
    return {
        "t_start": ((), first, _words("beginning of the recording", "ms")),
        "t_stop": ((), last, _words("end of the recording", "ms")),
        "dt": ((), layout.dt, _words("time step", "ms")),
    }


def _populations(layout: Layout, columns: Columns) -> dict[str, _Variable]:
    sizes = np.array(layout.sizes, np.int64)
    first = _words("global id of the first neuron", "1")
    return {
        "size": (("population",), sizes, _words("number of neurons", "1")),
        "first_id": (("population",), layout.first_ids, first),
        "count": (("population",), columns.counts, _words("number of spikes", "1")),
    }


def _event_axis(events: EventColumns) -> dict[str, _Variable]:
    of_rewiring = _words("name of the rewiring; empty: a lesion removed the synapse")
    of_projection = _words("name of the projection")
    time = _words("time at which the synapse was formed or removed", "ms")
    return {
        "event_time": (("event",), events.time, time),
        "event_rewiring": (("event",), events.rewiring, of_rewiring),
        "event_projection": (("event",), events.projection, of_projection),
    }


def _events(events: EventColumns) -> dict[str, _Variable]:
    formed = _words("whether the synapse was formed rather than removed", "1")
    return {
        "event_pre": (("event",), events.pre, _words("global id of the source neuron", "1")),
        "event_post": (("event",), events.post, _words("global id of the target neuron", "1")),
        "event_formed": (("event",), events.is_formed, formed),
    }


def names_of_causes(layout: Layout) -> list[str]:
    """Return the names of all rewirings, and last the empty one of lesions."""
    return [*(rewiring.name for rewiring in layout.rewirings), ""]


def words_at(words: Sequence[str], places: NDArray[np.integer]) -> NDArray[Any]:
    """Return one of a few words for each event.

    They are shared, not copied. Of no events the array has a type of its own, since xarray takes
    an empty array of objects for one of numbers.
    """
    found: NDArray[Any] = np.array(words, dtype=object)[places]
    return found if found.size else found.astype(str)


def _sampled(
    name: str, recorder: Recorded, values: Sequence[Any], axis: str
) -> dict[str, _Variable]:
    return {
        f"{name}_{variable.name}": (
            (f"{name}_time", axis), column, _words(variable.doc, variable.unit)
        )
        for variable, column in zip(recorder.variables, values, strict=True)
    }  # fmt: skip


def _sample_times(name: str, times: NDArray[Any]) -> dict[str, _Variable]:
    return {f"{name}_time": ((f"{name}_time",), times, _words("time of the sample", "ms"))}


def _axis(name: str, recorder: Recorded) -> dict[str, _Variable]:
    """The neurons that are sampled."""
    neuron = f"{name}_neuron"
    return {neuron: ((neuron,), recorder.ids, _words("global id of the neuron", "1"))}


def _synapse_axes(name: str, sampled: SampleColumns) -> dict[str, _Variable]:
    """The synapses that are sampled, first by their number, then by their neurons."""
    synapse, nothing = f"{name}_synapse", np.empty(0, np.int64)
    ids = sampled.synapses or SynapseIds(nothing, nothing, nothing)
    return {
        synapse: ((synapse,), ids.number, _words("place among the projection's synapses", "1")),
        f"{name}_source": ((synapse,), ids.pre, _words("global id of the source neuron", "1")),
        f"{name}_target": ((synapse,), ids.post, _words("global id of the target neuron", "1")),
    }
