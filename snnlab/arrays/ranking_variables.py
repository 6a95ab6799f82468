"""Numbers of neurons that rules which rank may read: states, and traces as they are at a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.model.network import Network, Population, Projection
from snnlab.model.synapse import Trace

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["variables_at"]


def variables_at(
    network: Network, projection: Projection, end: str, names: Sequence[str],
    arrays: Mapping[str, NDArray[Any]], step: int, dtype: np.dtype[np.floating],
) -> NDArray[np.floating]:  # fmt: skip
    """Return variables of the sources or targets of a projection.

    Parameters
    ----------
    network : Network
    projection : Projection
    end : str
        ``"pre"`` or ``"post"``.
    names : sequence of str
        See `snnlab.model.ranking_checks.variables_of`.
    arrays : mapping
        The state, as `snnlab.arrays.carry.export` returns it.
    step : int
        Traces are those of spikes before this step, relaxed to it.
    dtype : dtype
        Of the state.

    Returns
    -------
    (n_neurons, n_names) real
        With one column of zeros at least.
    """
    population = network.population(getattr(projection, end))
    values = np.zeros((population.size, max(len(names), 1)), dtype)
    for k, name in enumerate(names):
        values[:, k] = _variable(network, projection, population, end, name, arrays, step)
    return values


def _variable(
    network: Network, projection: Projection, population: Population, end: str, name: str,
    arrays: Mapping[str, NDArray[Any]], step: int,
) -> NDArray[np.floating]:  # fmt: skip
    states = list(population.model.states)
    if name in states:
        found: NDArray[np.floating] = arrays[f"state/{population.name}"][states.index(name)]
        return found
    traces: Mapping[str, Trace] = getattr(projection.model, f"{end}_traces")
    tau = network.synapse_parameters_of(projection)[traces[name].tau]
    last, values = arrays[f"{end}_step/{projection.name}"], arrays[f"{end}/{projection.name}"]
    if end == "post":  # the histories of targets end with the newest spike
        last, values = last[:, -1], values[:, -1]
    return _relaxed(
        values[:, list(traces).index(name)], traces[name].rest, last, tau, network, step
    )


def _relaxed(
    values: NDArray[np.floating], rest: float, last: NDArray[np.int64], tau: float,
    network: Network, step: int,
) -> NDArray[np.floating]:  # fmt: skip
    """Traces that had these values after the spikes of steps `last`; long ago if there was none."""
    elapsed = (step - last) * network.dt
    left = np.exp(-elapsed / tau) if tau > 0.0 else np.where(elapsed > 0.0, 0.0, 1.0)
    relaxed: NDArray[np.floating] = rest + (values.astype(np.float64) - rest) * left
    return relaxed
