"""What traces are drawn from: one recorded state variable of a few neurons or synapses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import unknown_name
from snnlab.model.recorders import StateRecorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.frames.frame import Frame
    from snnlab.model.network import Network
    from snnlab.model.recorders import Recorder

__all__ = ["MOST_LINES", "Trace", "find_recorder", "find_variable", "trace_in_dataset"]

MOST_LINES = 50
"""Lines of a plot; of more neurons or synapses, so many are drawn, evenly spread."""


@dataclass(frozen=True)
class Trace:
    """One state variable over time.

    Parameters
    ----------
    times : (n,) float64 [ms]
        Ascending.
    values : (n, n_lines) floating [unit]
    lines : tuple of str
        Which neuron or synapse each line is of, in words.
    origin, variable, unit : str
        For the labels; `origin` is a population or a projection.
    n_recorded : int
        Neurons or synapses that were recorded; of many, a few are drawn.
    """

    times: NDArray[np.float64]
    values: NDArray[np.floating]
    lines: tuple[str, ...]
    origin: str
    variable: str
    unit: str
    n_recorded: int

    @classmethod
    def of_frames(
        cls, frames: Sequence[Frame], network: Network, recorder: Recorder, variable: str
    ) -> Trace:
        """Return what `recorder` sampled of `variable` in frames that follow each other."""
        parts = [f.samples[recorder.name] for f in frames if recorder.name in f.samples]
        ids = parts[-1].synapses if parts else None
        if isinstance(recorder, StateRecorder):
            origin, first = recorder.population, network.first_id(recorder.population)
            chosen = _spread(len(recorder.neurons))
            n, lines = len(recorder.neurons), [_neuron(first + recorder.neurons[k]) for k in chosen]
        else:
            origin, n = recorder.projection, ids.n if ids else 1
            chosen = _spread(n)
            # A plot that follows the run begins before it is known which synapses there are.
            lines = [_synapse(ids.pre[k], ids.post[k]) for k in chosen] if ids else ["synapses"]
        column = recorder.variables.index(variable)
        values = [part.values[:, column, chosen] for part in parts] or [np.empty((0, len(chosen)))]
        steps = [part.steps for part in parts] or [np.empty(0, np.int64)]
        times: NDArray[np.float64] = np.concatenate(steps).astype(np.float64) * network.dt
        unit = network.recorded_states_of(recorder)[variable].unit
        return cls(times, np.concatenate(values), tuple(lines), origin, variable, unit, n)

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


def _spread(n: int) -> NDArray[np.int64]:
    """All of `n` if these are a few, else a few of them, evenly spread."""
    return np.unique(np.linspace(0, n - 1, min(n, MOST_LINES)).astype(np.int64))


def _neuron(global_id: int) -> str:
    return f"neuron {global_id}"


def _synapse(pre: int, post: int) -> str:
    return f"{pre} -> {post}"


def find_recorder(recorders: Sequence[Recorder], name: str | None) -> Recorder:
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
        context="Only what a StateRecorder or SynapseRecorder samples can be drawn as a trace.",
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
    is_of_neurons = f"{label}_neuron" in dataset.dims
    dims = f"{label}_time", f"{label}_neuron" if is_of_neurons else f"{label}_synapse"
    variables = [str(n).removeprefix(f"{label}_") for n, v in dataset.items() if v.dims == dims]
    name = find_variable(variables, variable)
    values = dataset[f"{label}_{name}"]
    chosen = _spread(dataset.sizes[dims[1]])
    if is_of_neurons:
        lines = [_neuron(k) for k in dataset[dims[1]].values[chosen]]
    else:
        ends = (dataset[f"{label}_{end}"].values[chosen] for end in ("source", "target"))
        lines = [_synapse(pre, post) for pre, post in zip(*ends, strict=True)]
    return Trace(
        times=dataset[dims[0]].values,
        values=values[:, chosen].values,
        lines=tuple(lines),
        origin=label,
        variable=name,
        unit=str(values.attrs.get("units", "1")),
        n_recorded=dataset.sizes[dims[1]],
    )
