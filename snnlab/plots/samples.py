"""What traces are drawn from: one recorded state variable of a few neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import unknown_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.frames.frame import Frame
    from snnlab.model.network import Network
    from snnlab.model.recorders import StateRecorder

__all__ = ["Trace", "find_recorder", "find_variable", "trace_in_dataset"]


@dataclass(frozen=True)
class Trace:
    """One state variable over time.

    Parameters
    ----------
    times : (n,) float64 [ms]
        Ascending.
    values : (n, n_neurons) floating [unit]
    neurons : tuple of int
        Global ids.
    population, variable, unit : str
        For the labels.
    """

    times: NDArray[np.float64]
    values: NDArray[np.floating]
    neurons: tuple[int, ...]
    population: str
    variable: str
    unit: str

    @classmethod
    def of_frames(
        cls, frames: Sequence[Frame], network: Network, recorder: StateRecorder, variable: str
    ) -> Trace:
        """Return what `recorder` sampled of `variable` in frames that follow each other."""
        first = network.first_id(recorder.population)
        neurons = tuple(first + k for k in recorder.neurons)
        unit = network.population(recorder.population).model.states[variable].unit
        parts = [f.samples[recorder.name] for f in frames if recorder.name in f.samples]
        column = recorder.variables.index(variable)
        values = [part.values[:, column] for part in parts] or [np.empty((0, len(neurons)))]
        steps = [part.steps for part in parts] or [np.empty(0, np.int64)]
        times: NDArray[np.float64] = np.concatenate(steps).astype(np.float64) * network.dt
        joined = np.concatenate(values)
        return cls(times, joined, neurons, recorder.population, variable, unit)

    @property
    def interval(self) -> tuple[float, float]:
        """First and last time [ms]; (0, 1) without samples."""
        if not self.times.size:
            return 0.0, 1.0
        return float(self.times[0]), max(float(self.times[-1]), float(self.times[0]) + 1e-9)

    def window(self, t_start: float | None, t_stop: float | None) -> Trace:
        """Return the samples in ``t_start <= t <= t_stop`` [ms]; None leaves an end as it is."""
        start = -np.inf if t_start is None else t_start
        stop = np.inf if t_stop is None else t_stop
        inside = (self.times >= start) & (self.times <= stop)
        return replace(self, times=self.times[inside], values=self.values[inside])


def find_recorder(recorders: Sequence[StateRecorder], name: str | None) -> StateRecorder:
    """Return the recorder of this name, or the first one.

    Raises
    ------
    SpecError
        No such recorder, or none at all.
    """
    for recorder in recorders:
        if name is None or recorder.name == name:
            return recorder
    raise unknown_name(
        "recorder",
        name or "the first one",
        (r.name for r in recorders),
        context="Only what a StateRecorder of the network samples can be drawn as a trace.",
    )


def find_variable(variables: Sequence[str], name: str | None) -> str:
    """Return the variable `name`, or the first one; SpecError with the nearest names otherwise."""
    if name is None:
        return variables[0]
    if name not in variables:
        raise unknown_name("recorded variable", name, variables)
    return name


def trace_in_dataset(dataset: Any, recorder: str | None, variable: str | None) -> Trace:
    """Return one recorded variable of a data set.

    Parameters
    ----------
    dataset : xarray.Dataset
        What `Session.dataset` returns, or a file of it.
    recorder, variable : str, optional
        Names; default: the first ones.
    """
    sampled = [str(name) for name in dataset.dims if str(name).endswith("_time")]
    names = [name.removesuffix("_time") for name in sampled]
    if not names or (recorder is not None and recorder not in names):
        raise unknown_name("recorder", recorder or "the first one", names)
    label = recorder or names[0]
    dims = f"{label}_time", f"{label}_neuron"
    variables = [str(n).removeprefix(f"{label}_") for n, v in dataset.items() if v.dims == dims]
    chosen = find_variable(variables, variable)
    values = dataset[f"{label}_{chosen}"]
    return Trace(
        times=dataset[dims[0]].values,
        values=values.values,
        neurons=tuple(int(k) for k in dataset[dims[1]].values),
        population=label,
        variable=chosen,
        unit=str(values.attrs.get("units", "1")),
    )
